"""What was learned from unlabelled cells, kept for the next time in the user's cache folder."""

import hashlib
import json
import logging
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

logger = logging.getLogger("gemcore")

T = TypeVar("T")


def cache_folder() -> Path:
    """Where things are kept: ``$GEMCORE_CACHE``, or ``gemcore`` in ``$XDG_CACHE_HOME`` or
    ``~/.cache``.
    """
    if given := os.environ.get("GEMCORE_CACHE"):
        return Path(given).expanduser()
    # The XDG specification: a path that is not absolute is to be ignored.
    home = Path(os.environ.get("XDG_CACHE_HOME") or "")
    return (home if home.is_absolute() else Path("~/.cache").expanduser()) / "gemcore"


def entry_folder(kind: str, facts: Mapping[str, Any]) -> Path:
    """The folder of what these facts decide; they must be JSON-safe."""
    text = json.dumps(facts, sort_keys=True, allow_nan=False)
    return cache_folder() / f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def remembered(
    kind: str,
    facts: Mapping[str, Any],
    *,
    learn: Callable[[], T],
    save: Callable[[T, Path], None],
    load: Callable[[Path], T],
) -> T:
    """What ``learn`` gives, from the cache if it was learned before.

    Processes that learn the same at once don't disturb each other: the first to end is kept. An
    entry that can't be read is learned again, and one that can't be written is done without, each
    with a warning.

    Args:
        kind: What it is; the entry's name begins with it.
        facts: All that it depends on, a version of its format among it; JSON-safe.
        learn: Makes it.
        save: Writes it to a folder.
        load: Reads what ``save`` wrote, or raises OSError or ValueError.
    """
    folder = entry_folder(kind, facts)
    if folder.exists():
        try:
            return load(folder)
        except (OSError, ValueError) as error:
            logger.warning(f"The cache's {folder.name} is of no use and learned anew: {error}")
    learned = learn()
    try:
        _keep(folder, lambda beside: save(learned, beside))
    except OSError as error:
        logger.warning(f"{kind} can't be kept in {folder.parent} for the next time: {error}")
    return learned


def _keep(folder: Path, write: Callable[[Path], None]) -> None:
    """Puts a whole folder in place, which may hold a damaged one."""
    own = f"{os.getpid()}.{threading.get_ident()}"
    beside, old = (folder.with_name(f".{folder.name}.{own}.{part}") for part in ("new", "old"))
    try:
        beside.mkdir(parents=True)
        write(beside)
        if folder.exists():
            os.replace(folder, old)
        os.replace(beside, folder)
    except OSError:
        if not folder.exists():  # Else another process was faster: its entry is as good.
            raise
    finally:
        for leftover in (beside, old):
            shutil.rmtree(leftover, ignore_errors=True)
