"""The winner's network, trained on all but the test images; trained once, however often asked."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from gemcore.atomic_files import read_tensors, write_tensors
from gemcore.searching.journal import RunJournal
from gemcore.searching.record import FinalNetwork
from gemcore.searching.result_files import WEIGHTS
from gemcore.searching.run_folder import RunFolder
from gemcore.tasks import ProxyTask, train_final
from gemcore.trials import TrialSettings, UserTask
from gemcore.trials.failure import describe_failure
from gemcore.trials.trial import Trial

FACT = "final"


class FinalTraining:
    """Trains and keeps the network of a search's final choice.

    Args:
        task: What to train on; a function trains in its own way, so that nothing is done here.
        trials: How to train.
        journal: Where is kept that it is done.
        folder: Where the weights go; None: nowhere.
        progress: Whether to show a bar.
    """

    def __init__(
        self,
        task: ProxyTask | UserTask,
        trials: TrialSettings,
        journal: RunJournal,
        folder: RunFolder | None,
        *,
        progress: bool,
    ) -> None:
        self.task = task
        self.trials = trials
        self.journal = journal
        self.folder = folder
        self.progress = progress

    def train(self, best: Trial, *, on_failure: Callable[[str], object]) -> FinalNetwork | None:
        """The trained network of the best cell, read again if it was trained before."""
        kept = self._read()
        if kept is not None:
            return kept
        trained = self.train_beside(best, "The final training", on_failure=on_failure)
        if trained is not None and self.folder is not None:
            path = self.folder.directory / WEIGHTS
            with self.folder.writing():
                write_tensors(path, trained.weights)
            self.journal.write(FACT, {"metrics": trained.metrics, "sha256": _digest(path)})
        return trained

    def train_beside(
        self, trial: Trial, name: str, *, on_failure: Callable[[str], object]
    ) -> FinalNetwork | None:
        """The trained network of any cell; nothing is kept of it."""
        if not isinstance(self.task, ProxyTask):
            return None
        try:
            network, metrics = train_final(
                trial.cell,
                self.task,
                skeleton=self.trials.skeleton,
                training=self.trials.training,
                seed=self.trials.seed,
                backend=self.trials.backend,
                progress=self.progress,
            )
        except Exception as error:  # A candidate's: the trials before it must not be lost.
            on_failure(f"{name} failed: {describe_failure(error)}")
            return None
        return FinalNetwork(metrics, dict(network.state_dict()))

    def _read(self) -> FinalNetwork | None:
        facts = self.journal.facts.get(FACT)
        if facts is None or self.folder is None:
            return None
        path = self.folder.directory / WEIGHTS
        if not path.exists() or _digest(path) != facts["sha256"]:  # Not what was written then.
            return None
        return FinalNetwork(dict(facts["metrics"]), read_tensors(path))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
