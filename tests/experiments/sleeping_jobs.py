"""Processes with long jobs: prints their numbers and waits; a test kills it."""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))
from harness.jobs import run_jobs


def tell(context: None, job: int) -> int:
    if job < 0:
        time.sleep(600)
    return os.getpid()


def nothing() -> None:
    return None


if __name__ == "__main__":
    for _, pid in run_jobs(tell, [1, 2, -1, -2], nothing, num_processes=2):
        print(pid, flush=True)
