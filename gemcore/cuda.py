"""The CUDA module, loaded when it is first asked for, and where its work is enqueued."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

import torch

DEVICE_TYPE = "cuda"  # torch's name of the devices whose memory the kernels read.


def cuda_status() -> str:
    """``"usable"``, or why gemcore's CUDA kernels can't be used here.

    Example:
        >>> isinstance(cuda_status(), str)
        True
    """
    module = _load()
    if module is None:
        return "gemcore was built without CUDA: no CUDA compiler was found"
    if not torch.cuda.is_available():
        return "torch sees no CUDA device (a CPU build of torch, no driver, or no GPU)"
    count, error = module.device_count()
    return "usable" if count else f"no CUDA device: {error}"


@cache
def _load() -> ModuleType | None:
    # Not `from gemcore import _cuda`: an attribute of that name would shadow the submodule.
    try:
        return importlib.import_module("gemcore._cuda")
    except ModuleNotFoundError as error:
        if error.name != "gemcore._cuda":
            raise
        return None


def require_cuda(what: str) -> ModuleType:
    """The CUDA module, or RuntimeError naming what wanted it and why it can't be had."""
    module, status = _load(), cuda_status()
    if module is None or status != "usable":
        raise RuntimeError(f"[{what}] CUDA can't be used: {status}")
    return module


def current_device() -> torch.device:
    """The CUDA device that torch works on now."""
    return torch.device(DEVICE_TYPE, torch.cuda.current_device())


@contextmanager
def launching(device: torch.device) -> Iterator[int]:
    """Makes the device current; gives its current stream as CUDA knows it."""
    with torch.cuda.device(device):
        yield torch.cuda.current_stream(device).cuda_stream
