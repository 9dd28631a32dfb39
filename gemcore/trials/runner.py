"""Who evaluates cells: the protocol, and the runner that does it in this process."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, Self

from gemcore.cell import Cell
from gemcore.tasks import ProxyTask, evaluate_cell
from gemcore.trials.failure import describe_failure
from gemcore.trials.outcome import COMPLETE, FAILED, Outcome
from gemcore.trials.reported import read_metrics
from gemcore.trials.settings import TrialSettings

OnOutcome = Callable[[Outcome], object]
MayStart = Callable[[], bool]
Evaluate = Callable[[Cell, int], Any]  # (cell, index) -> accuracy or metrics


class TrialRunner(Protocol):
    """Evaluates cells, one after the other or side by side."""

    def run(
        self,
        cells: Iterable[Cell],
        indices: Iterable[int],
        *,
        on_outcome: OnOutcome | None = None,
        may_start: MayStart | None = None,
    ) -> list[Outcome]:
        """Evaluates the cells; what fails is recorded and the others go on.

        Args:
            cells: What to evaluate.
            indices: Number of each one's trial.
            on_outcome: Called with each outcome as it comes, so that nothing that was finished
                is lost when a KeyboardInterrupt ends the run.
            may_start: Asked before each evaluation; once False, no further one is started.

        Returns:
            Outcomes in the order of ``cells``, of those that were started.
        """

    def close(self) -> None:
        """Frees processes and files; may be called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None:
        """Closes the runner."""


class InProcessRunner:
    """Evaluates cells one after the other in this process.

    Args:
        evaluate: Maps a cell and the number of its trial to an accuracy or to metrics.
    """

    def __init__(self, evaluate: Evaluate) -> None:
        self.evaluate = evaluate

    def run(
        self,
        cells: Iterable[Cell],
        indices: Iterable[int],
        *,
        on_outcome: OnOutcome | None = None,
        may_start: MayStart | None = None,
    ) -> list[Outcome]:
        """See :class:`TrialRunner`."""
        outcomes = []
        for cell, index in zip(cells, indices, strict=True):
            if may_start is not None and not may_start():
                break
            outcomes.append(evaluate_safely(self.evaluate, cell, index))
            if on_outcome is not None:
                on_outcome(outcomes[-1])
        return outcomes

    def close(self) -> None:
        """There is nothing to free."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def evaluate_safely(evaluate: Evaluate, cell: Cell, index: int) -> Outcome:
    """The outcome of one evaluation; an exception becomes a failed trial with its reason.

    KeyboardInterrupt and SystemExit are no fault of a candidate and go through.
    """
    began = time.perf_counter()
    metrics: Mapping[str, float] = {}
    try:
        metrics, status = read_metrics(evaluate(cell, index)), COMPLETE
    except Exception as error:  # A candidate's or a user's: it must not end the search.
        status = FAILED + describe_failure(error)
    return Outcome(index, status, dict(metrics), time.perf_counter() - began)


def proxy_evaluate(task: ProxyTask, settings: TrialSettings) -> Evaluate:
    """Evaluation by training on a task."""

    def evaluate(cell: Cell, index: int) -> dict[str, float]:
        return evaluate_cell(
            cell,
            task,
            skeleton=settings.skeleton,
            training=settings.training,
            seed=settings.seed,
            backend=settings.backend,
        )

    return evaluate
