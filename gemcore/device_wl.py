"""Weisfeiler-Lehman similarity on a CUDA device: the bits of ``_core``'s functions."""

from typing import Any

import torch
from torch import Tensor

from gemcore import cuda
from gemcore.cell_batch import CellBatch
from gemcore.device_cells import DeviceCells, check_same_device
from gemcore.device_graph import label_table
from gemcore.wl_settings import WlSettings


def wl_pairs(
    cells_a: DeviceCells | CellBatch,
    cells_b: DeviceCells | CellBatch,
    settings: WlSettings,
    counts: bool,
) -> Tensor:
    """``_core.wl_pairs``, or with ``counts`` ``_core.wl_pairs_int``.

    Raises:
        TypeError: If one of the batches is not on a device.
        ValueError: If they are on different devices or differ in length.
    """
    module = cuda.require_cuda("wl_pairs")
    device = check_same_device(cells_a=cells_a, cells_b=cells_b)
    assert isinstance(cells_a, DeviceCells)
    assert isinstance(cells_b, DeviceCells)
    if len(cells_a) != len(cells_b):
        raise ValueError(
            f"cells_b must have as many cells as cells_a, {len(cells_a)}, got {len(cells_b)}"
        )
    number: dict[Any, int] = {}
    tables = []
    for cells in (cells_a, cells_b):
        labels = tuple(number.setdefault(name, len(number)) for name in cells.op_names)
        tables.append(label_table(labels, device))
    dtype = torch.int64 if counts else torch.float64
    values = torch.empty(len(cells_a), dtype=dtype, device=device)
    with cuda.launching(device) as stream:
        (module.wl_pairs_int if counts else module.wl_pairs)(
            (cells_a.native(), tables[0].data_ptr()),
            (cells_b.native(), tables[1].data_ptr()),
            settings.native(),
            values.data_ptr(),
            stream,
        )
    return values
