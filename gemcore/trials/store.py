"""Where a run keeps what it learned: the protocol, and the store that lasts as long as the process.

A store holds *trials*, each in a group, and *facts*: JSON values by name. Each call of ``add`` or
``write`` is kept at once and as a whole, whatever happens to the process afterwards.
"""

import copy
from typing import Any, Protocol

from gemcore.trials.trial import Trial

SEARCH, KNOWN, BASELINE, RERUN = GROUPS = ("search", "known", "baseline", "rerun")
"""Cells that the search asked for, that it was told in the beginning, random ones beside it, and
further runs of its best."""


class TrialStore(Protocol):
    """Keeps trials and facts."""

    def add(self, trial: Trial, group: str) -> None:
        """Keeps a finished trial.

        Raises:
            RuntimeError: If it cannot be written.
        """

    def trials(self, group: str) -> list[Trial]:
        """The trials of a group, by their number."""
        ...

    def write(self, name: str, value: Any) -> None:
        """Keeps a fact in the place of the one of this name.

        Raises:
            RuntimeError: If it cannot be written.
        """

    def facts(self) -> dict[str, Any]:
        """All facts by name."""
        ...

    def close(self) -> None:
        """Frees files; may be called twice."""


class MemoryStore:
    """Keeps trials and facts in memory.

    Example:
        >>> store = MemoryStore()
        >>> store.write("phase", {"name": "encoder"})
        >>> store.facts(), store.trials(SEARCH)
        ({'phase': {'name': 'encoder'}}, [])
    """

    def __init__(self) -> None:
        self._trials: dict[str, dict[int, Trial]] = {group: {} for group in GROUPS}
        self._facts: dict[str, Any] = {}

    def add(self, trial: Trial, group: str) -> None:
        """See :class:`TrialStore`."""
        self._trials[group][trial.index] = trial

    def trials(self, group: str) -> list[Trial]:
        """See :class:`TrialStore`."""
        return [trial for _, trial in sorted(self._trials[group].items())]

    def write(self, name: str, value: Any) -> None:
        """See :class:`TrialStore`."""
        self._facts[name] = copy.deepcopy(value)

    def facts(self) -> dict[str, Any]:
        """See :class:`TrialStore`."""
        return copy.deepcopy(self._facts)

    def close(self) -> None:
        """There is nothing to free."""


def copy_store(source: TrialStore, target: TrialStore) -> None:
    """Adds all that one store holds to another."""
    for group in GROUPS:
        for trial in source.trials(group):
            target.add(trial, group)
    for name, value in source.facts().items():
        target.write(name, value)
