"""Trials and facts in a SQLite file that Optuna reads and writes: ``trials.db``.

One study holds the run: its user attributes are the facts, its trials the finished trials, so
that Optuna's own tools (its dashboard, its importances) open the file, too.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gemcore.trials.store import GROUPS
from gemcore.trials.trial import Trial

if TYPE_CHECKING:
    from optuna.storages import RDBStorage

STUDY = "gemcore"
FORMAT, VERSION = "gemcore.trials", 1
HEAD = "store"  # The fact that says what the file is.


class OptunaStore:
    """Keeps trials and facts in a SQLite file, each in one transaction.

    Args:
        path: The file, which exists; see :meth:`create`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged, another project's, or of a newer or older layout.
        RuntimeError: If it cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        _check_ours(self.path)
        self._inode = os.stat(self.path).st_ino
        with _reported(self.path, "read"):
            self._storage = _connect(self.path)
            self._study = self._storage.get_study_id_from_name(STUDY)
            head = self._storage.get_study_user_attrs(self._study).get(HEAD)
        if head != {"format": FORMAT, "version": VERSION}:
            self.close()
            raise ValueError(
                f"{self.path} must be a store of layout {VERSION} of {FORMAT}, got {head!r}: "
                "it was written by another version of gemcore"
            )

    @classmethod
    def create(cls, path: str | Path) -> "OptunaStore":
        """A new store; the file is there whole or not at all.

        Raises:
            RuntimeError: If it cannot be written.
        """
        path = Path(path).absolute()
        beside = path.with_name(f".{path.name}.new")
        remove_unfinished(path)
        with _reported(path, "created"):
            beside.touch()
            storage = _connect(beside)
            try:
                from optuna.study import StudyDirection

                with _quiet_optuna():
                    study = storage.create_new_study([StudyDirection.MAXIMIZE], STUDY)
                head = {"format": FORMAT, "version": VERSION}
                storage.set_study_user_attr(study, HEAD, head)
            finally:
                storage.engine.dispose()
            os.replace(beside, path)
        return cls(path)

    def add(self, trial: Trial, group: str) -> None:
        """See :class:`gemcore.trials.store.TrialStore`."""
        from optuna.trial import TrialState, create_trial

        assert group in GROUPS
        shown = {"accuracy": trial.accuracy, "macs": trial.macs, "params": trial.params}
        frozen = create_trial(
            state=TrialState.COMPLETE if trial.is_complete else TrialState.FAIL,
            value=trial.score,
            user_attrs={"group": group, "trial": trial.to_dict(), **shown},
        )
        with self._writing():
            self._storage.create_new_trial(self._study, template_trial=frozen)

    def trials(self, group: str) -> list[Trial]:
        """See :class:`gemcore.trials.store.TrialStore`."""
        with _reported(self.path, "read"):
            stored = self._storage.get_all_trials(self._study, deepcopy=False)
        found = [t.user_attrs for t in stored if t.user_attrs.get("group") == group]
        try:
            trials = [Trial.from_dict(attrs["trial"]) for attrs in found]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self.path} must hold trials, got {error!r} in one") from error
        return sorted(trials, key=lambda trial: trial.index)

    def write(self, name: str, value: Any) -> None:
        """See :class:`gemcore.trials.store.TrialStore`."""
        with self._writing():
            self._storage.set_study_user_attr(self._study, name, value)

    def facts(self) -> dict[str, Any]:
        """See :class:`gemcore.trials.store.TrialStore`."""
        with _reported(self.path, "read"):
            facts = dict(self._storage.get_study_user_attrs(self._study))
        facts.pop(HEAD)
        return facts

    def close(self) -> None:
        """Closes the file; may be called twice."""
        self._storage.engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        # SQLite would go on writing to a file that has no name any more.
        if not self.path.exists() or os.stat(self.path).st_ino != self._inode:
            raise RuntimeError(
                f"[trial store] {self.path} was removed or replaced while the run used it"
            )
        with _reported(self.path, "written"):
            yield


def remove_unfinished(path: str | Path) -> None:
    """Removes what a kill left of :meth:`OptunaStore.create`, or of a store that is gone.

    SQLite would play the journal of the old file back into the new one.
    """
    path = Path(path)
    for name in (f".{path.name}.new", f".{path.name}.new-journal", f"{path.name}-journal"):
        path.with_name(name).unlink(missing_ok=True)


@contextmanager
def _reported(path: Path, verb: str) -> Iterator[None]:
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (StorageInternalError, SQLAlchemyError, KeyError, OSError) as error:
        cause = error.__cause__ or error
        reason = " ".join(str(getattr(cause, "orig", cause)).split())
        raise RuntimeError(f"[trial store] {path} cannot be {verb}: {reason}") from error


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Keeps Optuna from telling on standard error of every study that it makes."""
    from optuna import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _check_ours(path: Path) -> None:
    """Refuses files that Optuna would otherwise add its tables to, before it opens them."""
    if not path.exists():
        raise FileNotFoundError(f"no such file: {path}")
    try:
        with closing(_open_file(path, "ro")) as connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            query = "SELECT study_name FROM studies"
            names = {row[0] for row in connection.execute(query)} if "studies" in tables else set()
    except sqlite3.Error as error:
        raise ValueError(f"{path} must be a trial store, got a damaged file: {error}") from error
    if not tables:
        raise ValueError(f"{path} must be a trial store, got an empty file")
    if STUDY not in names:
        raise ValueError(f"{path} must be a trial store of gemcore, got one of another project")


def _connect(path: Path) -> "RDBStorage":
    from optuna.storages import RDBStorage
    from sqlalchemy.pool import NullPool

    # A path in a URL would be read as one: %, # and ? mean something there.
    options = {"creator": lambda: _open_file(path, "rw"), "poolclass": NullPool}
    return RDBStorage("sqlite://", engine_kwargs=options)


def _open_file(path: Path, mode: str) -> sqlite3.Connection:
    """A connection that makes no file where there is none."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True)
