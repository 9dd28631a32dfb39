"""One thread where more of them would only get in each other's way."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Lets torch use one thread: on matrices as small as these more only get in each other's way,
    badly so on a busy machine, and the bits then don't depend on the number of cores.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one_openmp_thread() -> threadpool_limits:
    """Lets OpenMP use one thread: on a busy machine several wait for each other, spinning."""
    return threadpool_limits(limits=1, user_api="openmp")
