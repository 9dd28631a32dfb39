"""A program that kills the writing of shards at many moments, always in one folder.

Run by test_resume.py. Each attempt is a forked child that writes the same pairs and is killed at
the next moment; the last one is left alone, as is one in another folder. Prints a line of JSON an
attempt: the moment, whether the child was killed there, and what lay in the folder after it.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import gemcore
from gemcore import PairStream, SearchSpace
from gemcore.pair_shards import write_pair_shards

NUM_PAIRS, SHARD_SIZE, NUM_TIMED = 3000, 400, 12
FEWER = 1000  # What a folder holds before it is extended; its last shard is short.

# What is killed at: a file that is about to be put in its place, or just was, and its how manieth.
MOMENTS = [
    ("manifest.json", 1, "before"),
    ("manifest.json", 1, "after"),
    ("pairs-00000", 1, "before"),
    ("pairs-00000", 1, "after"),
    ("manifest.json", 2, "before"),
    ("manifest.json", 2, "after"),
    ("pairs-00003", 1, "before"),
    ("pairs-00003", 1, "after"),
    ("pairs-00007", 1, "after"),
]
GROWING = [
    ("manifest.json", 1, "after"),
    ("pairs-00002", 1, "before"),
    ("pairs-00002", 1, "after"),
    ("manifest.json", 2, "after"),
]


def kill_at(name: str, number: int, when: str) -> None:
    """Ends this process at a renaming, as SIGKILL does: nothing runs after it."""
    original, calls = os.replace, 0

    def counted(source: Any, target: Any) -> None:
        nonlocal calls
        calls += Path(target).name.startswith(name)
        now = calls == number and Path(target).name.startswith(name)
        if now and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        original(source, target)
        if now:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = counted  # type: ignore[assignment]


def attempt(
    out: Path,
    moment: tuple[str, int, str] | None,
    delay: float | None = None,
    num_pairs: int = NUM_PAIRS,
) -> dict[str, Any]:
    """One run in a child; killed at a moment, after a delay, or not at all."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            gemcore.set_num_threads(1)
            if moment is not None:
                kill_at(*moment)
            stream = PairStream(SearchSpace.preset("paper"), batch_size=64, seed=3)
            write_pair_shards(stream, out, num_pairs=num_pairs, shard_size=SHARD_SIZE)
            status = 0
        finally:
            os._exit(status)
    if delay is not None:
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return {
        "moment": moment,
        "killed": os.WIFSIGNALED(status),
        "status": os.waitstatus_to_exitcode(status),
        "files": sorted(path.name for path in out.iterdir()) if out.exists() else [],
        "seconds": time.monotonic() - began,
    }


def main(folder: Path) -> None:
    """Runs all attempts."""
    whole = attempt(folder / "whole", None)
    print(json.dumps(whole))
    for moment in MOMENTS:
        print(json.dumps(attempt(folder / "killed", moment)))
    print(json.dumps(attempt(folder / "killed", None)))
    print(json.dumps(attempt(folder / "grown", None, num_pairs=FEWER)))
    for growing in (*GROWING, None):
        print(json.dumps(attempt(folder / "grown", growing)))
    # And at moments that nobody chose.
    for number, delay in enumerate(np.random.default_rng().uniform(0, 1, NUM_TIMED)):
        out = folder / f"timed{number % 3}"
        print(json.dumps(attempt(out, None, float(delay) * whole["seconds"])))
    for number in range(3):
        print(json.dumps(attempt(folder / f"timed{number}", None)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
