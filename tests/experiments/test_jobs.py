import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import gemcore
from harness.jobs import run_jobs


def measure(context: int, job: int) -> tuple[int, int, int]:
    """The job's number and threads; the first job is slow, and a negative one fails at last."""
    time.sleep(0.3 * (job == 0))
    if job < 0:
        time.sleep(3)
        raise ValueError(f"job must not be {job}")
    return context + job, torch.get_num_threads(), gemcore.get_num_threads()


def ten() -> int:
    return 10


@pytest.mark.parametrize("num_processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_every_job_is_done_once_on_one_thread_and_an_error_is_passed_on(num_processes: int) -> None:
    before = torch.get_num_threads(), gemcore.get_num_threads()
    found: list[tuple[int, tuple[int, int, int]]] = []
    with pytest.raises(ValueError, match="job must not be -1"):
        found.extend(run_jobs(measure, [0, 1, 2, 3, -1], ten, num_processes=num_processes))
    assert sorted(found) == [(job, (10 + job, 1, 1)) for job in range(4)]
    assert (torch.get_num_threads(), gemcore.get_num_threads()) == before


def test_no_job_opens_nothing() -> None:
    assert list(run_jobs(measure, [], ten, num_processes=2)) == []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
@pytest.mark.slow
def test_children_of_a_killed_run_end_too() -> None:
    script = Path(__file__).with_name("sleeping_jobs.py")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        child = int(run.stdout.readline())
        children = set(
            map(int, Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split())
        )
        assert child in children
        run.kill()
    deadline = time.monotonic() + 60
    while any(map(is_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [pid for pid in children if is_alive(pid)] == []


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
