"""The CUDA module, loaded when it is first asked for."""

import importlib
from functools import cache
from types import ModuleType

import numpy as np
import torch
from numpy.typing import NDArray

from gemcore.packing import words_for


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


def sample_cuda(
    spec: tuple[int, int, bool, int, int, int], num_cells: int, seed: int, start: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint16]]:
    """``_core.sample`` on the current CUDA device, the same bits; arrays come back to the host."""
    module = require_cuda("sample")
    num_nodes = spec[0]
    # torch has no arithmetic on uint64 and uint16, but here they are only memory.
    shape = (num_cells, num_nodes, words_for(num_nodes))
    adjacency = torch.empty(shape, dtype=torch.int64, device="cuda")
    ops = torch.empty((num_cells, num_nodes), dtype=torch.uint8, device="cuda")
    sizes = torch.empty(num_cells, dtype=torch.int16, device="cuda")
    module.sample(
        spec,
        num_cells,
        seed,
        start,
        (adjacency.data_ptr(), ops.data_ptr(), sizes.data_ptr()),
        torch.cuda.current_stream().cuda_stream,
    )
    return (
        adjacency.cpu().numpy().view(np.uint64),
        ops.cpu().numpy(),
        sizes.cpu().numpy().view(np.uint16),
    )
