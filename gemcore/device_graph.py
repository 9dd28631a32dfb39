"""Graphs to graphs and graphs to hashes on a CUDA device: the bits of ``_core``'s functions."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gemcore import cuda
from gemcore.device_cells import DeviceCells

# As in ``csrc/graph/perturb.h``: sampled ops, those of the input and of the output.
PerturbRules = tuple[Sequence[int], int, int]


def sample(
    spec: tuple[int, int, bool, int, int, int],
    num_cells: int,
    seed: int,
    start: int,
    op_names: tuple[str, ...],
) -> DeviceCells:
    """``_core.sample`` on the CUDA device that torch works on now."""
    module = cuda.require_cuda("sample")
    device = cuda.current_device()
    cells = DeviceCells.empty(num_cells, spec[0], op_names, device)
    with cuda.launching(device) as stream:
        module.sample(spec, seed, start, cells.native(), stream)
    return cells


def prune(cells: DeviceCells, output_op: int) -> DeviceCells:
    """``_core.prune``."""
    module = cuda.require_cuda("prune")
    pruned = DeviceCells.empty(len(cells), cells.num_nodes, cells.op_names, cells.device)
    with cuda.launching(cells.device) as stream:
        module.prune(cells.native(), output_op, pruned.native(), stream)
    return pruned


def perturb(
    cells: DeviceCells,
    rules: PerturbRules,
    edits: tuple[NDArray[np.int32], NDArray[np.uint8]],
    seed: int,
    start: int,
) -> DeviceCells:
    """``_core.perturb``; ``edits`` are the number of edits of each cell and whether it is
    renumbered."""
    module = cuda.require_cuda("perturb")
    num_edits, renumber = (torch.from_numpy(array).to(cells.device) for array in edits)
    perturbed = DeviceCells.empty(len(cells), cells.num_nodes, cells.op_names, cells.device)
    with cuda.launching(cells.device) as stream:
        module.perturb(
            cells.native(),
            rules,
            (num_edits.data_ptr(), renumber.data_ptr(), seed, start),
            perturbed.native(),
            stream,
        )
    return perturbed


def graph_hash(cells: DeviceCells, label_colors: NDArray[np.uint64], n_iter: int) -> Tensor:
    """``_core.graph_hash``: int64 ``[B]``, the bits of its uint64."""
    module = cuda.require_cuda("graph_hash")
    hashes = torch.empty(len(cells), dtype=torch.int64, device=cells.device)
    labels = label_table(tuple(label_colors.tolist()), cells.device)
    with cuda.launching(cells.device) as stream:
        module.graph_hash(cells.native(), labels.data_ptr(), n_iter, hashes.data_ptr(), stream)
    return hashes


@lru_cache(maxsize=64)
def label_table(labels: tuple[Any, ...], device: torch.device) -> Tensor:
    """Labels by op, for all 256 values of an op; kept, for a copy to the device takes longer than
    many a kernel."""
    table = np.zeros(256, dtype=np.uint64)
    table[: len(labels)] = labels
    return torch.from_numpy(table.view(np.int64)).to(device)
