import time

import pytest
import torch

import gemcore
from harness.jobs import run_jobs


def slower_first(context: int, job: int) -> int:
    time.sleep(0.3 * (job == 0))
    return context + job


def count_threads(context: None, job: int) -> tuple[int, int]:
    return torch.get_num_threads(), gemcore.get_num_threads()


def fails(context: None, job: int) -> None:
    raise ValueError(f"job must not be {job}")


def ten() -> int:
    return 10


def nothing() -> None:
    return None


@pytest.mark.parametrize("num_processes", [1, 2, 5])
def test_every_job_is_done_once(num_processes: int) -> None:
    found = list(run_jobs(slower_first, range(4), ten, num_processes=num_processes))
    assert sorted(found) == [(job, 10 + job) for job in range(4)]


def test_no_job_opens_nothing() -> None:
    assert list(run_jobs(fails, [], ten, num_processes=2)) == []


@pytest.mark.parametrize("num_processes", [1, 2])
def test_jobs_have_one_thread_and_leave_the_setting(num_processes: int) -> None:
    before = torch.get_num_threads(), gemcore.get_num_threads()
    for _, threads in run_jobs(count_threads, range(2), nothing, num_processes=num_processes):
        assert threads == (1, 1)
    assert (torch.get_num_threads(), gemcore.get_num_threads()) == before


@pytest.mark.parametrize("num_processes", [1, 2])
def test_an_error_is_passed_on(num_processes: int) -> None:
    with pytest.raises(ValueError, match="job must not be"):
        list(run_jobs(fails, range(3), nothing, num_processes=num_processes))
