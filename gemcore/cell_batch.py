"""Many cells in packed form: what flows from sampling to kernel, features and networks."""

import operator
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, overload

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from gemcore import packing
from gemcore.cell import Cell

DEFAULT_OP_NAMES = ("input", "conv1x1", "sepconv3x3")


class CellBatch:
    """B cells of at most N nodes, packed into bits; immutable.

    Args:
        adjacency: uint64 ``[B, N, W]``, ``W = ceil(N / 64)``: bit v of row u is set iff u -> v;
            always u < v < ``sizes[b]``.
        ops: uint8 ``[B, N]``: indices into ``op_names``; 255 from ``sizes[b]`` on.
        sizes: uint16 ``[B]``: number of nodes of each cell, 1 .. N.
        op_names: What the indices mean: at most 255 different hashable labels.

    A batch also has ``is_canonical``, bool ``[B]``: True where :func:`gemcore.canonicalize` has
    proved the form to be canonical.

    Raises:
        TypeError: If an array has another dtype.
        ValueError: If shapes disagree or a cell breaks the rules above.

    Example:
        >>> batch = CellBatch.from_cells([Cell(("input", "conv1x1"), ((0, 1),))] * 3)
        >>> len(batch), batch.num_nodes, batch[0].edges
        (3, 2, ((0, 1),))
        >>> batch.adjacency[0, :, 0].tolist()
        [2, 0]
    """

    adjacency: NDArray[np.uint64]
    ops: NDArray[np.uint8]
    sizes: NDArray[np.uint16]
    op_names: tuple[Any, ...]
    is_canonical: NDArray[np.bool_]

    def __init__(
        self,
        adjacency: NDArray[np.uint64],
        ops: NDArray[np.uint8],
        sizes: NDArray[np.uint16],
        op_names: Sequence[Hashable],
    ) -> None:
        names = packing.check_op_names(op_names)
        packing.check_packed(adjacency, ops, sizes, len(names))
        self._set(adjacency.copy(), ops.copy(), sizes.copy(), names)

    @classmethod
    def from_native(
        cls,
        adjacency: NDArray[np.uint64],
        ops: NDArray[np.uint8],
        sizes: NDArray[np.uint16],
        op_names: tuple[Any, ...],
        is_canonical: NDArray[np.bool_] | None = None,
    ) -> "CellBatch":
        """A batch over arrays that are known to be right and that nobody else writes to."""
        batch = cls.__new__(cls)
        batch._set(adjacency, ops, sizes, op_names, is_canonical)
        return batch

    def _set(
        self,
        adjacency: NDArray[np.uint64],
        ops: NDArray[np.uint8],
        sizes: NDArray[np.uint16],
        op_names: tuple[Any, ...],
        is_canonical: NDArray[np.bool_] | None = None,
    ) -> None:
        if is_canonical is None:
            is_canonical = np.zeros(len(sizes), dtype=np.bool_)
        arrays = {"adjacency": adjacency, "ops": ops, "sizes": sizes, "is_canonical": is_canonical}
        for name, array in arrays.items():
            contiguous = np.ascontiguousarray(array)
            contiguous.flags.writeable = False
            object.__setattr__(self, name, contiguous)
        object.__setattr__(self, "op_names", op_names)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a CellBatch is immutable: {name} can't be set")

    @classmethod
    def from_dense(
        cls,
        adjacency: ArrayLike,
        ops: ArrayLike,
        sizes: ArrayLike | None = None,
        op_names: Sequence[Hashable] = DEFAULT_OP_NAMES,
    ) -> "CellBatch":
        """Packs dense matrices, in any topological numbering and any memory layout.

        Args:
            adjacency: 0/1 of any dtype, ``[B, N, N]``; 1 at [b, u, v] is an edge u -> v.
            ops: Integers, ``[B, N]``: indices into ``op_names``; ignored for absent nodes.
            sizes: Integers, ``[B]``: number of nodes of each cell; default N for all.
            op_names: What the indices mean.

        Raises:
            ValueError: For a cycle, a self loop, an edge of an absent node, an op out of range,
                N out of 1 .. 256, or shapes that disagree.
            TypeError: If ``ops`` or ``sizes`` are not integers.
        """
        names = packing.check_op_names(op_names)
        dense, labels, counts = packing.read_dense(adjacency, ops, sizes, len(names))
        return cls.from_native(packing.pack(dense), labels, counts, names)

    @classmethod
    def from_cells(
        cls, cells: Iterable[Cell], op_names: Sequence[Hashable] | None = None
    ) -> "CellBatch":
        """Packs cells; their labels are numbered as in ``op_names``, or as first seen.

        Raises:
            ValueError: If a label is missing in ``op_names``, or there are more than 255.
        """
        listed = list(cells)
        if op_names is None:
            op_names = tuple(dict.fromkeys(op for cell in listed for op in cell.ops))
        names = packing.check_op_names(op_names)
        code = {name: i for i, name in enumerate(names)}
        num_nodes = max((cell.num_nodes for cell in listed), default=1)
        dense = np.zeros((len(listed), num_nodes, num_nodes), dtype=np.uint8)
        ops = np.full((len(listed), num_nodes), packing.ABSENT, dtype=np.uint8)
        for i, cell in enumerate(listed):
            for op in cell.ops:
                if op not in code:
                    raise ValueError(f"op_names must hold every operation, got none for {op!r}")
            ops[i, : cell.num_nodes] = [code[op] for op in cell.ops]
            if cell.edges:
                dense[i][tuple(np.array(cell.edges).T)] = 1
        sizes = np.array([cell.num_nodes for cell in listed], dtype=np.uint16)
        proven = np.array([cell.is_canonical for cell in listed], dtype=np.bool_)
        return cls.from_native(packing.pack(dense), ops, sizes, names, proven)

    @classmethod
    def from_networkx(cls, graphs: "Iterable[nx.Graph[Any]]") -> "CellBatch":
        """Packs networkx graphs with node attribute ``op``; see :meth:`Cell.from_networkx`."""
        return cls.from_cells(Cell.from_networkx(graph) for graph in graphs)

    @classmethod
    def concatenate(cls, batches: "Sequence[CellBatch]") -> "CellBatch":
        """One batch after the other; operations are merged by name, widths by the widest.

        Raises:
            ValueError: If there is no batch, or more than 255 different operations.
        """
        if not batches:
            raise ValueError("batches must hold at least one batch, got none")
        names = tuple(dict.fromkeys(name for batch in batches for name in batch.op_names))
        num_nodes = max(batch.num_nodes for batch in batches)
        wide = [batch.with_op_names(names).widen(num_nodes) for batch in batches]
        parts = zip(*((b.adjacency, b.ops, b.sizes, b.is_canonical) for b in wide), strict=True)
        adjacency, ops, sizes, proven = (np.concatenate(part) for part in parts)
        return cls.from_native(adjacency, ops, sizes, names, proven)

    @property
    def num_nodes(self) -> int:
        """N, the width of the batch: no cell has more nodes."""
        return int(self.adjacency.shape[1])

    @property
    def num_edges(self) -> NDArray[np.int64]:
        """Number of edges of each cell, int64 ``[B]``."""
        counts: NDArray[np.int64] = np.bitwise_count(self.adjacency).sum((1, 2), dtype=np.int64)
        return counts

    def dense(self) -> NDArray[np.uint8]:
        """Adjacency matrices, uint8 ``[B, N, N]``."""
        return packing.unpack(self.adjacency)

    def widen(self, num_nodes: int) -> "CellBatch":
        """The same cells in a batch of ``num_nodes`` nodes; it may be narrower if all fit."""
        adjacency, ops = packing.resize(self.adjacency, self.ops, self.sizes, num_nodes)
        return self.from_native(adjacency, ops, self.sizes, self.op_names, self.is_canonical)

    def with_op_names(self, op_names: Sequence[Hashable]) -> "CellBatch":
        """The same cells with operations numbered as in ``op_names``.

        Raises:
            ValueError: If a cell has an operation that ``op_names`` lacks.
        """
        names = packing.check_op_names(op_names)
        if names == self.op_names:
            return self
        ops = packing.recode(self.ops, self.op_names, names)
        proven = self.is_canonical  # The canonical order depends on names, not on their numbers.
        return self.from_native(self.adjacency, ops, self.sizes, names, proven)

    def __len__(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[Cell]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice | NDArray[Any] | Sequence[int]) -> "CellBatch": ...
    def __getitem__(self, index: Any) -> "Cell | CellBatch":
        if isinstance(index, slice | list | np.ndarray):
            chosen = packing.check_index(index, len(self))
            arrays = (self.adjacency, self.ops, self.sizes, self.is_canonical)
            # For positions, take is twice as fast as an index.
            by_position = isinstance(chosen, np.ndarray) and chosen.dtype != np.bool_
            adjacency, ops, sizes, proven = (
                array.take(chosen, axis=0) if by_position else array[chosen] for array in arrays
            )
            return self.from_native(adjacency, ops, sizes, self.op_names, proven)
        i = operator.index(index)
        if not -len(self) <= i < len(self):
            raise IndexError(f"index must be in {-len(self)} .. {len(self) - 1}, got {i}")
        size = int(self.sizes[i])
        edges = np.argwhere(packing.unpack(self.adjacency[i, None])[0])
        ops = tuple(self.op_names[op] for op in self.ops[i, :size])
        proven = bool(self.is_canonical[i])
        return Cell(ops, tuple((int(u), int(v)) for u, v in edges), is_canonical=proven)

    def __reduce__(self) -> tuple[Any, ...]:
        arrays = (self.adjacency, self.ops, self.sizes)
        return CellBatch.from_native, (*arrays, self.op_names, self.is_canonical)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CellBatch):
            return NotImplemented
        return self.op_names == other.op_names and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("adjacency", "ops", "sizes")
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"CellBatch({len(self)} cells of at most {self.num_nodes} nodes, ops {self.op_names})"
        )
