"""A folder of shards is written by one process at a time."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from gemcore.atomic_files import TEMPORARY, remove_leftovers

LOCK = "pairs.lock"  # What counts is that the system locks it, and it is free after a kill.
WRITER = ".writer"  # Who holds the lock. Named as temporary files are, and removed like them.


@contextmanager
def writing_alone(folder: Path) -> Iterator[None]:
    """Within it no other process or thread writes the folder; what kills left is removed.

    Raises:
        RuntimeError: If the folder is being written, which names the process.
    """
    lock = FileLock(folder / LOCK)
    _acquire(lock, folder)
    writer = folder / f"{WRITER}.{os.getpid()}.{threading.get_ident()}"
    try:
        remove_leftovers(folder)
        writer.touch()
        yield
    finally:
        with suppress(OSError):  # The lock's file before the lock: the next one makes its own.
            writer.unlink(missing_ok=True)
            (folder / LOCK).unlink(missing_ok=True)
        lock.release()


def is_ours(name: str) -> bool:
    """Whether a file is of a writer that works or was killed, not of the folder's content."""
    return name == LOCK or TEMPORARY.fullmatch(name) is not None


def _acquire(lock: FileLock, folder: Path) -> None:
    while True:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            writer = next(folder.glob(f"{WRITER}.*"), None)
            who = "another process" if writer is None else f"process {writer.name.split('.')[2]}"
            raise RuntimeError(
                f"[pairs] {str(folder)!r} is being written by {who}: wait for its end, or choose "
                "another folder"
            ) from None
        if (folder / LOCK).exists():
            return
        lock.release()  # Its holder removed the file while we opened it.
