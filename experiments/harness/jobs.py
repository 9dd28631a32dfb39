"""Many measurements, in this process or in several side by side."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from threadpoolctl import threadpool_limits

import gemcore

_at_work: dict[str, Any] = {}  # Of a child process: how to measure, and with what.
_for_good = ExitStack()


def run_jobs(
    measure: Callable[[Any, Any], Any],
    jobs: Sequence[Any],
    open_context: Callable[[], Any],
    *,
    num_processes: int,
) -> Iterator[tuple[Any, Any]]:
    """Pairs of a job and what ``measure(context, job)`` gave, as they are done.

    Every job runs on one thread, so that its bits don't depend on where it ran.

    Args:
        measure: A function of a module.
        jobs: What it is called with.
        open_context: Makes what it is also called with, once a process.
        num_processes: 1 stays in this process.
    """
    num_processes = min(num_processes, len(jobs))
    if num_processes <= 1:
        if jobs:
            with one_thread():
                context = open_context()
                for job in jobs:
                    yield job, measure(context, job)
        return
    # Not forked: a child would inherit locks of torch's threads. Its libraries read this at start.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    executor = ProcessPoolExecutor(
        num_processes,
        multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(measure, open_context),
    )
    try:
        futures = {executor.submit(_measure, job): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], future.result()
        executor.shutdown()
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()
        raise


@contextmanager
def one_thread() -> Iterator[None]:
    """Holds every library to one thread."""
    before = torch.get_num_threads(), gemcore.get_num_threads()
    torch.set_num_threads(1)
    gemcore.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before[0])
        gemcore.set_num_threads(before[1])


def _begin(measure: Callable[[Any, Any], Any], open_context: Callable[[], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends children.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _for_good.enter_context(one_thread())
    _at_work.update(measure=measure, context=open_context())


def _end_with_parent() -> None:
    """A killed parent can't end its children, and they would wait for jobs for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _measure(job: Any) -> Any:
    return _at_work["measure"](_at_work["context"], job)
