"""How far a run is, read from its folder while it works there or afterwards."""

import textwrap
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from gemcore.atomic_files import read_document
from gemcore.searching.objectives import Objectives
from gemcore.searching.record import count_failures
from gemcore.searching.reruns import average_all, choose_best
from gemcore.searching.result_files import COMPLETE, DOCUMENT, RESULT, RUNNING, STORE, VERSION
from gemcore.searching.run_folder import CONFIG, LOCK
from gemcore.searching.summary import COLUMNS
from gemcore.searching.time_left import spoken, time_left
from gemcore.trials.optuna_store import OptunaStore
from gemcore.trials.store import BASELINE, KNOWN, RERUN, SEARCH
from gemcore.trials.trial import Trial

STOPPED = "stopped"


@dataclass(frozen=True)
class RunStatus:
    """How far a run is.

    Args:
        directory: Its folder.
        task: What it searches on.
        state: ``"running"``, ``"stopped"`` (killed, or the machine went down), ``"interrupted"``,
            ``"failed: why"`` or ``"complete"``.
        phase: What it does or did last; None before the first phase.
        phase_seconds: For how long, if it is running.
        trials: Those that ended.
        num_trials: How many are wanted.
        num_baseline: Random cells for comparison that ended, beside those that the search tried.
        seconds_left: About how long it will take still; None where that is not known.
        objectives: What its Pareto front is made of; None where one score is searched for.
        reruns: Further runs of the best cells that ended.
        num_reevaluated: How many of the best cells are to be run again.
        num_reevaluations: How often each of them.
    """

    directory: Path
    task: str
    state: str
    phase: str | None
    phase_seconds: float | None
    trials: list[Trial]
    num_trials: int
    num_baseline: int
    seconds_left: float | None
    objectives: Objectives | None = None
    reruns: list[Trial] = field(default_factory=list)
    num_reevaluated: int = 0
    num_reevaluations: int = 1

    @property
    def best(self) -> Trial | None:
        """The complete trial of the highest score so far, or of the best mean."""
        return choose_best(
            self.trials, self.reruns, number=self.num_reevaluated, times=self.num_reevaluations
        )

    @property
    def failures(self) -> Counter[str]:
        """How often each reason made a trial fail."""
        return count_failures(self.trials)

    def describe(self) -> str:
        """A few lines of at most 79 columns."""
        rows = [("state", self._state()), ("trials", self._trials())]
        if self.best is not None:
            best = self.best
            rows.append(
                (
                    "best",
                    f"trial {best.index}: accuracy {best.accuracy:.4f}, "
                    + (f"{best.macs / 1e6:.4g} M MACs, " if best.macs else "")
                    + (f"{best.params:,} parameters, " if best.params else "")
                    + f"score {best.score:.4f}",
                )
            )
        if self.objectives is not None and self.best is not None:
            trials = average_all(self.trials, self.reruns)
            number = len(self.objectives.front(trials))
            volume = self.objectives.hypervolume(trials)
            rows.append(
                ("front", f"{number} of {self.objectives} (Pareto), hypervolume {volume:.4f}")
            )
        if self.seconds_left is not None:
            rows.append(("time left", f"about {spoken(self.seconds_left)}"))
        if self.state not in (RUNNING, COMPLETE):
            rows.append(("to go on", "give the same command again"))
        rows += [("failed", f"{n} x {reason}") for reason, n in self.failures.most_common(5)]
        lines = [f"Run of {self.task!r} in {self.directory}"]
        for name, text in rows:
            indent = f"{name:<11}"
            lines.append(
                textwrap.fill(text, COLUMNS, initial_indent=indent, subsequent_indent=" " * 11)
            )
        return "\n".join(lines)

    def _state(self) -> str:
        text = self.state
        if self.phase is not None and self.state != COMPLETE:
            where = "in" if self.state == RUNNING else "last in"
            text += f", {where} phase {self.phase!r}"
        if self.phase_seconds is not None:
            text += f" for {spoken(self.phase_seconds)}"
        return text

    def _trials(self) -> str:
        complete = sum(trial.is_complete for trial in self.trials)
        text = f"{len(self.trials)} of {self.num_trials} ({complete} complete"
        failed = len(self.trials) - complete
        text += f", {failed} failed)" if failed else ")"
        if self.reruns:
            text += f"; {len(self.reruns)} further runs of the best"
        return text + (f"; {self.num_baseline} random ones beside" if self.num_baseline else "")


def read_status(directory: str | Path) -> RunStatus:
    """How far the run in a folder is; changes nothing there.

    Args:
        directory: The folder that was given as ``out``.

    Raises:
        FileNotFoundError: If there is no run.
        ValueError: If a file of it is damaged; it is named.
    """
    directory = Path(directory)
    if not (directory / CONFIG).exists() or not (directory / RESULT).exists():
        raise FileNotFoundError(f"no run in {str(directory)!r}: it has no {CONFIG} and {RESULT}")
    content = read_document(directory / RESULT, kind=DOCUMENT, version=VERSION)
    alive = _is_locked(directory / LOCK)
    state = str(content["status"])
    if alive:
        state = RUNNING
    elif state == RUNNING:
        state = STOPPED
    facts: dict[str, Any] = dict(content.get("facts", {}))
    trials = [Trial.from_dict(plain) for plain in content["trials"]]
    reruns = [Trial.from_dict(plain) for plain in content.get("reruns", ())]
    num_baseline = 0
    if state in (RUNNING, STOPPED):  # The store knows more.
        facts, trials, reruns, num_baseline = _read_store(directory / STORE)
    phase = facts.get("phase", {})
    config = content["setting"]["config"]
    names = config.get("objectives")
    return RunStatus(
        directory=directory,
        task=str(content["setting"]["task"]["name"]),
        state=state,
        phase=phase.get("name"),
        phase_seconds=max(0.0, time.time() - phase["since"]) if alive and phase else None,
        trials=trials,
        num_trials=int(config["num_trials"]),
        num_baseline=num_baseline,
        seconds_left=time_left(facts, trials, config, num_baseline, len(reruns)) if alive else None,
        reruns=reruns,
        num_reevaluated=int(config.get("reevaluate", 0)),
        num_reevaluations=int(config.get("reevaluations", 1)),
        objectives=None if names is None else Objectives.among(names, config["metric"]),
    )


def _read_store(path: Path) -> tuple[dict[str, Any], list[Trial], list[Trial], int]:
    with closing(OptunaStore(path)) as store:
        trials = store.trials(KNOWN) + store.trials(SEARCH)
        return store.facts(), trials, store.trials(RERUN), len(store.trials(BASELINE))


def _is_locked(path: Path) -> bool:
    """Whether a process works in the folder; asking holds the lock for a moment."""
    if not path.exists():
        return False
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:  # No right to open the lock: somebody else's folder, and no word of it.
        return False
    lock.release()
    return False
