"""Cells that were evaluated more than once: means over their runs, and which is the best."""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

from gemcore.cell import Cell
from gemcore.trials.trial import Trial


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The complete trial of the highest score, the first of equal ones."""
    return next(iter(best_trials(trials, 1)), None)


def best_trials(trials: Sequence[Trial], number: int) -> list[Trial]:
    """The complete trials of the highest scores, best first, the first of equal ones first."""
    complete = [trial for trial in trials if trial.score is not None]
    return sorted(complete, key=lambda trial: -(trial.score or 0.0))[:number]


def choose_best(
    trials: Sequence[Trial], reruns: Sequence[Trial], *, number: int, times: int
) -> Trial | None:
    """The trial of the highest score or, where the best were run again, of the best mean score.

    The means decide once all runs have ended. A cell of which a run failed is not chosen, unless
    each of them has such a run: then the first runs decide.

    Args:
        trials: The first run of each cell.
        reruns: Further runs of the ``number`` best of them.
        number: How many cells are run again.
        times: How often each of them.
    """
    rivals = best_trials(trials, number)
    if not rivals or len(reruns) < len(rivals) * times:
        return best_of(trials)
    runs = runs_of(reruns)
    sound = [trial for trial in rivals if all(run.is_complete for run in runs[trial.cell])]
    return best_of(average_all(sound, reruns)) or best_of(trials)


def runs_of(reruns: Sequence[Trial]) -> dict[Cell, list[Trial]]:
    """The further runs of each cell; no runs of a cell that has none."""
    found: dict[Cell, list[Trial]] = defaultdict(list)
    for run in reruns:
        found[run.cell].append(run)
    return found


def average_all(trials: Sequence[Trial], reruns: Sequence[Trial]) -> list[Trial]:
    """The trials, in place of each that was run again the mean of its runs."""
    runs = runs_of(reruns)
    return [average(trial, runs[trial.cell]) for trial in trials]


def average(first: Trial, reruns: Sequence[Trial]) -> Trial:
    """A trial whose metrics and score are means over its complete runs, the first one included.

    The value of each run stands beside, as ``accuracy_run0``, ``accuracy_run1`` and so on for each
    metric that all runs have. The seconds are those of all runs.

    Example:
        >>> cell = Cell(("input", "conv1x1"), ((0, 1),))
        >>> first = Trial(3, cell, "complete", 0.75, 9, 9, 0.75, {"accuracy": 0.75}, 1.0, seed=0)
        >>> again = Trial(0, cell, "complete", 0.25, 9, 9, 0.25, {"accuracy": 0.25}, 2.0, seed=7)
        >>> mean = average(first, [again])
        >>> mean.index, mean.score, mean.metrics, mean.seconds
        (3, 0.5, {'accuracy': 0.5, 'accuracy_run0': 0.75, 'accuracy_run1': 0.25}, 3.0)
    """
    complete = [run for run in reruns if run.is_complete]
    if not first.is_complete or not complete:
        return first
    runs = [first, *complete]
    names = [name for name in first.metrics if all(name in run.metrics for run in runs)]
    means = {name: _mean([run.metrics[name] for run in runs]) for name in names}
    single = {f"{name}_run{i}": run.metrics[name] for name in names for i, run in enumerate(runs)}
    return dataclasses.replace(
        first,
        accuracy=means["accuracy"],
        score=_mean([run.score or 0.0 for run in runs]),
        metrics=means | single,
        seconds=first.seconds + sum(run.seconds for run in reruns),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
