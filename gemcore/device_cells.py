"""Many cells in packed form in the memory of a GPU."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gemcore import cuda
from gemcore.arguments import check_type, describe
from gemcore.cell_batch import CellBatch
from gemcore.packing import ABSENT, check_op_names, pack, words_for
from gemcore.topology import MAX_NODES

DTYPES = {"adjacency": torch.int64, "ops": torch.uint8, "sizes": torch.int16}


@dataclass(frozen=True, eq=False)
class DeviceCells:
    """A :class:`gemcore.CellBatch` as torch tensors on a CUDA device.

    What takes it gives tensors or ``DeviceCells`` on the same device, and enqueues its work on the
    caller's current stream.

    Args:
        adjacency: int64 ``[B, N, W]``, ``W = ceil(N / 64)``: bit v of row u is set iff u -> v;
            always u < v < ``sizes[b]``. The words are a CellBatch's uint64, of which torch knows
            little more than the name.
        ops: uint8 ``[B, N]``: indices into ``op_names``; 255 from ``sizes[b]`` on.
        sizes: int16 ``[B]``: number of nodes of each cell, 1 .. N.
        op_names: What the indices mean: at most 255 different hashable labels.

    The tensors are not copied: leave them alone.

    Raises:
        TypeError: If something is no tensor or has another dtype.
        ValueError: If shapes or devices disagree, a tensor is not contiguous or not on a CUDA
            device, or a cell breaks the rules above.
    """

    adjacency: Tensor
    ops: Tensor
    sizes: Tensor
    op_names: tuple[Any, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "op_names", check_op_names(self.op_names))
        for name, dtype in DTYPES.items():
            _check_tensor(name, getattr(self, name), dtype, self.ops.device)
        self._check_shapes()
        self._check_cells()

    @classmethod
    def from_native(
        cls, adjacency: Tensor, ops: Tensor, sizes: Tensor, op_names: tuple[Any, ...]
    ) -> "DeviceCells":
        """Cells over tensors that are known to be right."""
        cells = cls.__new__(cls)
        fields = {"adjacency": adjacency, "ops": ops, "sizes": sizes, "op_names": op_names}
        for name, value in fields.items():
            object.__setattr__(cells, name, value)
        return cells

    @classmethod
    def from_cells(cls, cells: CellBatch) -> "DeviceCells":
        """A copy of a batch on the CUDA device that torch works on now.

        Raises:
            TypeError: If ``cells`` is not a CellBatch.
            RuntimeError: If CUDA can't be used, saying why.
        """
        check_type("cells", cells, CellBatch)
        cuda.require_cuda("DeviceCells")
        device = cuda.current_device()
        adjacency, ops, sizes = (
            # Copied first: a batch's arrays are read-only, which torch can't express.
            torch.from_numpy(array.copy()).to(device)
            for array in (cells.adjacency.view(np.int64), cells.ops, cells.sizes.view(np.int16))
        )
        return cls.from_native(adjacency, ops, sizes, cells.op_names)

    @classmethod
    def empty(
        cls, num_cells: int, num_nodes: int, op_names: Sequence[Hashable], device: torch.device
    ) -> "DeviceCells":
        """Room for a kernel to write cells to."""
        shapes = (num_cells, num_nodes, words_for(num_nodes)), (num_cells, num_nodes), (num_cells,)
        adjacency, ops, sizes = (
            torch.empty(shape, dtype=dtype, device=device)
            for shape, dtype in zip(shapes, DTYPES.values(), strict=True)
        )
        return cls.from_native(adjacency, ops, sizes, tuple(op_names))

    def cpu(self) -> CellBatch:
        """A copy in host memory."""
        adjacency, ops, sizes = (
            tensor.cpu().numpy() for tensor in (self.adjacency, self.ops, self.sizes)
        )
        return CellBatch.from_native(
            adjacency.view(np.uint64), ops, sizes.view(np.uint16), self.op_names
        )

    @property
    def num_nodes(self) -> int:
        """N, the most nodes a cell may have."""
        return self.ops.shape[1]

    @property
    def device(self) -> torch.device:
        """Where the cells are."""
        return self.ops.device

    def native(self) -> tuple[int, int, int, int, int]:
        """What ``_cuda`` takes: pointers, number of cells, N."""
        pointers = self.adjacency.data_ptr(), self.ops.data_ptr(), self.sizes.data_ptr()
        return (*pointers, len(self), self.num_nodes)

    def __len__(self) -> int:
        return len(self.sizes)

    def __repr__(self) -> str:
        return f"DeviceCells({len(self)} cells of at most {self.num_nodes} nodes on {self.device})"

    def _check_shapes(self) -> None:
        ops = list(self.ops.shape)
        if len(ops) != 2 or not 1 <= ops[1] <= MAX_NODES:
            raise ValueError(f"ops must have shape [B, 1 .. {MAX_NODES}], got {ops}")
        num_cells, num_nodes = ops
        shapes = {"adjacency": [num_cells, num_nodes, words_for(num_nodes)], "sizes": [num_cells]}
        for name, shape in shapes.items():
            got = list(getattr(self, name).shape)
            if got != shape:
                raise ValueError(f"{name} must have shape {shape}, got {got}")

    def _check_cells(self) -> None:
        """The rules of packed cells, on the device: kernels would read astray without them."""
        num_nodes, num_ops = self.num_nodes, len(self.op_names)
        sizes = self.sizes.to(torch.int64)
        if not bool(((sizes >= 1) & (sizes <= num_nodes)).all()):
            raise ValueError(f"sizes must be in 1 .. {num_nodes}, got others")
        absent = torch.arange(num_nodes, device=self.device) >= sizes[:, None]
        fits = torch.where(absent, self.ops == ABSENT, self.ops < num_ops)
        if not bool(fits.all()):
            raise ValueError(
                f"ops must be in 0 .. {num_ops - 1}, and 255 from sizes[b] on, got others"
            )
        node = np.arange(num_nodes)
        above = _bit_rows(node[:, None] < node).to(self.device)
        below_size = _bit_rows(node < np.arange(num_nodes + 1)[:, None]).to(self.device)
        allowed = above & below_size[sizes][:, None, :]
        if bool((self.adjacency & ~allowed).any()):
            raise ValueError("adjacency must have edges u -> v with u < v < sizes[b], got others")


def _bit_rows(rows: Any) -> Tensor:
    """Bool ``[R, N]`` as packed rows, int64 ``[R, W]``."""
    num_rows, num_nodes = rows.shape
    square = np.zeros((1, max(rows.shape), max(rows.shape)), dtype=np.uint8)
    square[0, :num_rows, :num_nodes] = rows
    return torch.from_numpy(pack(square)[0, :num_rows, : words_for(num_nodes)].view(np.int64))


def _check_tensor(name: str, tensor: Any, dtype: torch.dtype, device: torch.device) -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name} must be a tensor, got {describe(tensor)}")
    if tensor.dtype != dtype:
        raise TypeError(f"{name} must be of {dtype}, got {tensor.dtype}")
    if tensor.device.type != cuda.DEVICE_TYPE:
        raise ValueError(f"{name} must be on a CUDA device, got {tensor.device}")
    if tensor.device != device:
        raise ValueError(f"{name} must be on {device} like ops, got {tensor.device}")
    if not tensor.is_contiguous():
        raise ValueError(f"{name} must be contiguous, got strides {tensor.stride()}")


def check_same_device(**cells: object) -> torch.device:
    """The one device that all cells are on; what is in host memory is named."""
    devices = {}
    for name, batch in cells.items():
        if not isinstance(batch, DeviceCells):
            raise TypeError(
                f"{name} must be of type DeviceCells like the other, got {describe(batch)}"
            )
        devices[name] = batch.device
    first_name, first = next(iter(devices.items()))
    for name, device in devices.items():
        if device != first:
            raise ValueError(f"{name} must be on {first} like {first_name}, got {device}")
    return first
