"""The folder of a run: one process in it at a time, and nothing of another run.

``config.toml``         what is searched and how, for people; written first, it claims the folder
``run.lock``            locked while a process works here; it says nothing by being there
``trials.db``           each trial as soon as it ends, and how far the run is (Optuna, SQLite)
``encoder/``            the trained encoder
``predictor/``          the predictor as of the last fit
``result.json``         all numbers, written when the run ends or pauses
``model.safetensors``   weights of the winner's trained network
``model.py``            that network as a program of its own; ``classes.json``, ``README.md``
``cell.png, cell.svg``  picture of the winner
``summary.txt``         what the run printed in the end
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import tomli_w
from filelock import FileLock, Timeout

from gemcore.atomic_files import recover_folder, remove_leftovers, write_folder, write_text
from gemcore.encoder import Encoder
from gemcore.plain_config import to_plain
from gemcore.searching.config_difference import describe_difference
from gemcore.searching.model_files import MODEL_FILES
from gemcore.searching.record import SearchRecord
from gemcore.searching.result_files import (
    COMPLETE,
    ENCODER,
    PICTURES,
    RESULT,
    STORE,
    SUMMARY,
    WEIGHTS,
    read_kept,
    read_status_of,
    write_numbers,
    write_record,
)
from gemcore.searching.setting import SearchSetting
from gemcore.trials.optuna_store import OptunaStore
from gemcore.trials.store import TrialStore, copy_store

CONFIG, LOCK, PREDICTOR = "config.toml", "run.lock", "predictor"
PATIENCE = 1.0  # Seconds to wait for the lock, which ``gemcore status`` tries for a moment.


class RunFolder:
    """A folder that holds one run, locked against other processes until it is closed.

    Args:
        directory: The folder; made if need be.
        setting: Of the run that begins or goes on here.

    Raises:
        ValueError: If it holds another run, or files that this run would overwrite.
        RuntimeError: If it cannot be written, or another process works in it.
    """

    def __init__(self, directory: str | Path, setting: SearchSetting) -> None:
        self.directory = Path(directory)
        self.setting = setting
        self._refuse_foreign_files()
        with self.writing():
            self.directory.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.directory / LOCK, timeout=PATIENCE)
            try:
                self._lock.acquire()
            except Timeout:
                raise RuntimeError(
                    f"[run folder] {str(self.directory)!r} is in use by another process: wait for "
                    "its end, or choose another folder"
                ) from None
        try:
            self._claim()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Lets other processes in."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def is_complete(self) -> bool:
        """Whether the run came to its end."""
        return read_status_of(self.directory) == COMPLETE

    def open_store(self) -> TrialStore:
        """What the run kept so far; of a store that is gone, what ``result.json`` says of it.

        Raises:
            ValueError: If ``trials.db`` is damaged or not of a run; it is named.
            RuntimeError: If it cannot be written.
        """
        path = self.directory / STORE
        if path.exists():
            if not os.access(path, os.W_OK):
                raise RuntimeError(f"[run folder] {path} cannot be written: it is read-only")
            return OptunaStore(path)
        store = OptunaStore.create(path)
        copy_store(read_kept(self.directory), store)
        return store

    def write(self, record: SearchRecord) -> None:
        """Writes everything that is known, ``result.json`` last."""
        if record.encoder is not None and not (self.directory / ENCODER).exists():
            self.write_encoder(record.encoder)
        with self.writing():
            write_record(self.directory, record)

    def write_numbers(self, record: SearchRecord, facts: dict[str, Any]) -> None:
        """Replaces ``result.json`` in the middle of a run, whose store holds these facts."""
        with self.writing():
            write_numbers(self.directory, record, facts)

    def write_encoder(self, encoder: Encoder) -> None:
        """Writes the encoder, which is worth keeping as soon as it is trained."""
        with self.writing():
            write_folder(self.directory / ENCODER, encoder.save)

    def read_encoder(self) -> Encoder | None:
        """The encoder, if it was trained to its end.

        Raises:
            ValueError: If it is damaged; the file is named.
        """
        path = self.directory / ENCODER
        encoder = Encoder.load(path) if path.exists() else None
        return None if encoder is None or encoder.report.ended == "interrupted" else encoder

    def _refuse_foreign_files(self) -> None:
        if (self.directory / CONFIG).exists():
            return
        ours = (RESULT, STORE, WEIGHTS, ENCODER, PREDICTOR, SUMMARY, *PICTURES, *MODEL_FILES)
        taken = [name for name in ours if os.path.lexists(self.directory / name)]
        if taken:
            raise ValueError(
                f"out must be a new folder or one of a run, got {str(self.directory)!r}, which "
                f"has no {CONFIG} and holds {', '.join(taken)}"
            )

    def _claim(self) -> None:
        """Compares the run that lies here, or marks the folder; ends what a kill cut short."""
        path = self.directory / CONFIG
        if path.exists():
            difference = describe_difference(path, self.setting.to_dict())
            if difference:
                raise ValueError(
                    f"out must be a new folder or one of the same run, got "
                    f"{str(self.directory)!r}, whose run differs (there -> now):\n{difference}"
                )
        with self.writing():
            remove_leftovers(self.directory)
            for name in (ENCODER, PREDICTOR):
                recover_folder(self.directory / name)
            if not path.exists():
                head = {"run_id": self.setting.run_id, "gemcore": version("gemcore")}
                # TOML has no null: what is None is left out.
                write_text(path, tomli_w.dumps(to_plain(head | self.setting.to_dict())))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Within it, what the system refuses becomes a RuntimeError that names the folder."""
        try:
            yield
        except OSError as error:
            raise RuntimeError(
                f"[run folder] {str(self.directory)!r} cannot be written: {error}"
            ) from error
