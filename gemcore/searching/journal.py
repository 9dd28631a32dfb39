"""What a run has done so far, kept step by step so that it can go on after any end."""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from gemcore.cell import Cell
from gemcore.devices import resolve_device
from gemcore.searching.ask_tell import Search
from gemcore.searching.phase_clock import PhaseClock
from gemcore.tasks import ResolvedBackend
from gemcore.trials.outcome import Outcome
from gemcore.trials.store import BASELINE, KNOWN, RERUN, SEARCH, TrialStore
from gemcore.trials.trial import Trial

Known = tuple[Cell, float | Mapping[str, Any]]  # A cell and its accuracy or metrics.


class RunJournal:
    """Writes the steps of a run to its store, and reads them again.

    A round of cells is written before any of them is evaluated, a trial as soon as it ends. What is
    read again is told to a fresh :class:`Search`, which then stands where the run stood.

    Args:
        store: Of this run.
    """

    def __init__(self, store: TrialStore) -> None:
        self.store = store
        self.facts = store.facts()
        self._found = store.trials(SEARCH)
        self._kept = {(SEARCH, trial.index) for trial in self._found}
        self._kept |= {(KNOWN, trial.index) for trial in store.trials(KNOWN)}
        self._num_rounds = sum(name.startswith("round ") for name in self.facts)

    @property
    def has_begun(self) -> bool:
        """Whether anything was written before."""
        return "run" in self.facts

    def begin(self, run_id: str, backend: ResolvedBackend) -> tuple[ResolvedBackend, str | None]:
        """Writes on what the run trains, or reads it again.

        Returns:
            The backend that the run began with, and a remark where torch has another version now.

        Raises:
            ValueError: If the store is another run's.
            RuntimeError: If the run began on a GPU that is not there now.
        """
        if not self.has_begun:
            facts = {"run_id": run_id, "backend": backend.to_dict(), "gemcore": version("gemcore")}
            self.write("run", facts)
            return backend, None
        found = self.facts["run"]
        if found["run_id"] != run_id:
            raise ValueError(f"trials.db must be of run {run_id}, got that of {found['run_id']}")
        began = ResolvedBackend.from_dict(found["backend"])
        resolve_device(began.device)
        remark = None
        if began.torch_version != backend.torch_version:
            remark = (
                f"Begun with torch {began.torch_version} and resumed with {backend.torch_version}: "
                "the last bits of what was trained since may differ."
            )
        return began, remark

    def tell_known(self, search: Search, known: Iterable[Known]) -> None:
        """Tells what is known from the beginning.

        Raises:
            ValueError: If the run began with other knowledge.
        """
        for cell, metrics in known:
            search.tell(cell, metrics)
        digest = hashlib.sha256()
        for trial in search.trials:
            facts = [json.loads(trial.cell.to_json()), trial.metrics]
            digest.update(json.dumps(facts, sort_keys=True).encode())
        now = {"number": len(search.trials), "sha256": digest.hexdigest()}
        if self.facts.get("known", now) != now:
            raise ValueError(
                f"initial must hold the {self.facts['known']['number']} cells that the run began "
                f"with, got {now['number']} that differ"
            )
        self.write("known", now)
        self.keep(search.trials)

    def resume(self, search: Search) -> list[Cell]:
        """Tells a search all that is kept; returns the cells that it asked for in vain."""
        search.clock = PhaseClock(self.facts.get("seconds"))
        pending: list[Cell] = []
        for number in range(self._num_rounds):
            asked = self.facts[f"round {number}"]
            cells = [Cell.from_json(json.dumps(cell)) for cell in asked["cells"]]
            search.resume(cells, asked["drawn"])
            pending += cells
        for trial in self._found:
            search.tell_outcome(trial.cell, outcome_of(trial))
        return [cell for cell in pending if search.find(cell) is None]

    def keep_round(self, search: Search, cells: Iterable[Cell]) -> None:
        """Writes which cells a search asked for."""
        asked = [json.loads(cell.to_json()) for cell in cells]
        self.write(f"round {self._num_rounds}", {"cells": asked, "drawn": search.drawn})
        self._num_rounds += 1

    def keep(self, trials: Iterable[Trial]) -> None:
        """Writes trials of the search that are not kept yet."""
        num_known = self.facts["known"]["number"]
        for trial in trials:
            group = KNOWN if trial.index < num_known else SEARCH
            if (group, trial.index) not in self._kept:
                self.store.add(trial, group)
                self._kept.add((group, trial.index))

    def keep_baseline(self, trial: Trial) -> None:
        """Writes a trial of the random baseline."""
        self.store.add(trial, BASELINE)

    def keep_rerun(self, trial: Trial) -> None:
        """Writes a further run of one of the best cells."""
        self.store.add(trial, RERUN)

    def write(self, name: str, value: Any) -> None:
        """Writes a fact, if it is new."""
        if name not in self.facts or self.facts[name] != value:
            self.store.write(name, value)
            self.facts[name] = value

    def enter(self, phase: str) -> None:
        """Writes that a phase begins."""
        self.write("phase", {"name": phase, "since": time.time(), "process": os.getpid()})

    @contextmanager
    def phase(self, name: str, clock: PhaseClock) -> Iterator[None]:
        """Writes that a phase begins, and in the end what all of them took."""
        self.enter(name)
        with clock.phase(name):
            yield
        self.write("seconds", dict(clock.seconds))


def outcome_of(trial: Trial) -> Outcome:
    """What the trial's evaluation came to, to be told once more."""
    return Outcome(trial.index, trial.status, trial.metrics, trial.seconds)
