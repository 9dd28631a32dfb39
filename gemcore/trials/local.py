"""Candidates trained side by side in child processes of this machine."""

import json
import shutil
import tempfile
import time
import weakref
from collections import deque
from collections.abc import Iterable
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Self

from gemcore.arguments import check_int
from gemcore.cell import Cell
from gemcore.tasks import ProxyTask
from gemcore.trials.child import Child
from gemcore.trials.outcome import FAILED, Outcome
from gemcore.trials.payload import write_task
from gemcore.trials.runner import MayStart, OnOutcome
from gemcore.trials.settings import TrialSettings


class LocalRunner:
    """Evaluates cells in up to ``num_workers`` child processes, by training on a task.

    Children start when first needed and stay until :meth:`close`. They are ordinary
    ``python -m`` processes: the caller's script needs no ``if __name__ == "__main__"``, and what
    it registered or defined is unknown to them. A child that dies (the kernel's doing where
    memory runs out) fails its candidate alone. Outcomes don't depend on the number of workers.

    Args:
        task: What to train on.
        settings: How to train.
        num_workers: Candidates trained at a time, >= 1.
    """

    def __init__(self, task: ProxyTask, settings: TrialSettings, *, num_workers: int) -> None:
        self.task = task
        self.settings = settings
        self.num_workers = check_int("num_workers", num_workers, 1)
        self._children: list[Child] = []
        self._folders: list[Path] = []  # One while open: where the task's arrays lie.
        self._start: dict[str, Any] = {}
        # Also where nobody calls close(): when the runner is forgotten or the program ends.
        self._finalizer = weakref.finalize(self, _free, self._children, self._folders)

    def run(
        self,
        cells: Iterable[Cell],
        indices: Iterable[int],
        *,
        on_outcome: OnOutcome | None = None,
        may_start: MayStart | None = None,
    ) -> list[Outcome]:
        """See :class:`gemcore.trials.runner.TrialRunner`.

        Whatever ends it early, KeyboardInterrupt or an error in a callback, kills the children.
        """
        waiting = deque(enumerate(zip(cells, indices, strict=True)))
        busy: dict[Child, _Job] = {}
        outcomes: dict[int, Outcome] = {}
        try:
            while waiting or busy:
                while waiting and len(busy) < self.num_workers:
                    if may_start is not None and not may_start():
                        waiting.clear()
                        break
                    place, (cell, index) = waiting.popleft()
                    job = _Job(place, index)
                    busy[self._ask_idle_child(cell, index, busy)] = job
                if not busy:
                    break
                readable = wait([child.answers.fileno() for child in busy])
                for child in [c for c in busy if c.answers.fileno() in readable]:
                    job = busy.pop(child)
                    outcomes[job.place] = self._receive(child, job)
                    if on_outcome is not None:
                        on_outcome(outcomes[job.place])
        except BaseException:
            self._kill()
            raise
        return [outcomes[place] for place in sorted(outcomes)]

    def close(self) -> None:
        """Ends the children and removes the task's file; :meth:`run` would start anew."""
        _free(self._children, self._folders)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _ask_idle_child(self, cell: Cell, index: int, busy: "dict[Child, _Job]") -> Child:
        """Sends a job to a child that has none, started now if need be."""
        child = next((child for child in self._children if child not in busy), None)
        if child is None:
            child = Child(self._open(), self._start, self.settings.backend.threads)
            self._children.append(child)
        child.send({"index": index, "cell": json.loads(cell.to_json())})
        return child

    def _open(self) -> Path:
        """The folder of this runner, with the task's arrays in it."""
        if not self._folders:
            self._folders.append(Path(tempfile.mkdtemp(prefix="gemcore-")))
            words = write_task(self.task, self._folders[0])
            self._start = {"task": words, "settings": self.settings.to_dict()}
        return self._folders[0]

    def _receive(self, child: Child, job: "_Job") -> Outcome:
        answer = child.receive()
        if answer is not None:
            return Outcome.from_dict(answer)
        self._children.remove(child)
        reason = child.cause_of_death()
        child.kill()
        return Outcome(job.index, FAILED + reason, {}, time.perf_counter() - job.began)

    def _kill(self) -> None:
        while self._children:
            self._children.pop().kill()


class _Job:
    """A cell on its way through a child."""

    def __init__(self, place: int, index: int) -> None:
        self.place = place  # In the answer of run().
        self.index = index
        self.began = time.perf_counter()


def _free(children: list[Child], folders: list[Path]) -> None:
    while children:
        children.pop().close()
    while folders:
        shutil.rmtree(folders.pop(), ignore_errors=True)
