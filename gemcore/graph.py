"""Graphs to graphs and graphs to hashes: pruning, canonical order, random edits."""

from collections.abc import Hashable, Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from gemcore import _core, device_graph
from gemcore.arguments import check_int, check_seed, check_type
from gemcore.cell_batch import CellBatch
from gemcore.device_cells import DeviceCells
from gemcore.ops import INPUT, OUTPUT
from gemcore.packing import label_colors, read_array, read_integers

MAX_HASH_ROUNDS = 16


@overload
def prune(cells: CellBatch, *, to_output: bool = False) -> CellBatch: ...
@overload
def prune(cells: DeviceCells, *, to_output: bool = False) -> DeviceCells: ...
def prune(cells: CellBatch | DeviceCells, *, to_output: bool = False) -> CellBatch | DeviceCells:
    """Cells without the nodes that no data reaches.

    The paper drops nodes without inputs (section 3.2); done until nothing changes, the nodes that
    node 0, the cell's input, reaches are left, in their order.

    Args:
        cells: Any batch, in host memory or on a GPU.
        to_output: In a cell that has a node of operation ``"output"``, also drop nodes from which
            none is reached (NAS-Bench-101's rule). A cell whose output is not reached keeps its
            input alone.

    Returns:
        As many cells, in a batch of the same width and kind.

    Raises:
        TypeError: If ``cells`` is not a CellBatch.

    Example:
        >>> from gemcore import Cell
        >>> cell = Cell(("input", "conv1x1", "conv1x1"), ((0, 2),))  # Node 1 reads nothing.
        >>> prune(CellBatch.from_cells([cell]))[0]
        Cell(ops=('input', 'conv1x1'), edges=((0, 1),))
    """
    check_type("cells", cells, (CellBatch, DeviceCells))
    output_op = _code(cells, OUTPUT) if to_output else -1
    if isinstance(cells, DeviceCells):
        return device_graph.prune(cells, output_op)
    pruned = _core.prune(cells.adjacency, cells.ops, cells.sizes, output_op)
    return CellBatch.from_native(*pruned, cells.op_names)


def canonicalize(cells: CellBatch) -> CellBatch:
    """Cells renumbered so that isomorphic ones become equal.

    Nodes are ordered by the longest path that leads to them, then by their Weisfeiler-Lehman color,
    of two rounds and then of as many as split a class, and ties are broken by individualization and
    refinement. A node of operation ``"input"`` without inputs comes first, one of operation
    ``"output"`` without outputs last.

    Args:
        cells: Any batch. Dead nodes are kept: prune first where they don't matter.

    Returns:
        As many cells. ``is_canonical`` is False for a cell so symmetric that the search for its
        form was cut off: its isomorphic twins may then differ.

    Raises:
        TypeError: If ``cells`` is not a CellBatch.

    Source:
        McKay & Piperno, "Practical graph isomorphism, II", 2014.

    Example:
        >>> from gemcore import Cell
        >>> one = Cell(("input", "conv1x1", "sepconv3x3"), ((0, 1), (0, 2)))
        >>> other = Cell(("input", "sepconv3x3", "conv1x1"), ((0, 1), (0, 2)))
        >>> forms = canonicalize(CellBatch.from_cells([one, other]))
        >>> forms[0] == forms[1]
        True
    """
    check_type("cells", cells, CellBatch)
    adjacency, ops, sizes, is_proven = _core.canonicalize(
        cells.adjacency,
        cells.ops,
        cells.sizes,
        label_colors(cells.op_names),
        _code(cells, INPUT),
        _code(cells, OUTPUT),
    )
    return CellBatch.from_native(adjacency, ops, sizes, cells.op_names, is_proven)


@overload
def graph_hash(cells: CellBatch, n_iter: int = 3) -> NDArray[np.uint64]: ...
@overload
def graph_hash(cells: DeviceCells, n_iter: int = 3) -> Tensor: ...
def graph_hash(cells: CellBatch | DeviceCells, n_iter: int = 3) -> NDArray[np.uint64] | Tensor:
    """A 64-bit hash of each cell that does not depend on the numbering of its nodes.

    It is made of in/out Weisfeiler-Lehman colors, which depend on the names of the operations, not
    on their numbers in the batch. Cells that the colors can't tell apart collide; over the space
    of NAS-Bench-101 two rounds are exact.

    Args:
        cells: Any batch, in host memory or on a GPU.
        n_iter: Rounds of refinement, 0 .. 16.

    Returns:
        uint64 ``[B]``; of cells on a GPU an int64 tensor there, of the same bits.

    Raises:
        TypeError: If ``cells`` is not a CellBatch.
        ValueError: If ``n_iter`` is out of range.

    Source:
        Shervashidze et al., "Weisfeiler-Lehman Graph Kernels", JMLR 12, 2011.

    Example:
        >>> from gemcore import Cell
        >>> one = Cell(("input", "conv1x1", "sepconv3x3"), ((0, 1), (0, 2)))
        >>> other = Cell(("input", "sepconv3x3", "conv1x1"), ((0, 1), (0, 2)))
        >>> hashes = graph_hash(CellBatch.from_cells([one, other]))
        >>> bool(hashes[0] == hashes[1])
        True
    """
    check_type("cells", cells, (CellBatch, DeviceCells))
    n_iter = check_int("n_iter", n_iter, 0, MAX_HASH_ROUNDS)
    colors = label_colors(cells.op_names)
    if isinstance(cells, DeviceCells):
        return device_graph.graph_hash(cells, colors, n_iter)
    return _core.graph_hash(cells.adjacency, cells.ops, cells.sizes, colors, n_iter)


@overload
def perturb(
    cells: CellBatch,
    num_edits: int | ArrayLike,
    seed: int = 0,
    *,
    start: int = 0,
    renumber: bool | ArrayLike = False,
) -> CellBatch: ...
@overload
def perturb(
    cells: DeviceCells,
    num_edits: int | ArrayLike,
    seed: int = 0,
    *,
    start: int = 0,
    renumber: bool | ArrayLike = False,
) -> DeviceCells: ...
def perturb(
    cells: CellBatch | DeviceCells,
    num_edits: int | ArrayLike,
    seed: int = 0,
    *,
    start: int = 0,
    renumber: bool | ArrayLike = False,
) -> CellBatch | DeviceCells:
    """Cells after random edits, of which half remove an edge and half add one.

    With k edits, up to min(k, 8) nodes also draw their operation anew, among the batch's names but
    the reserved ones. Cell i depends on (``seed``, ``start`` + i) alone.

    Args:
        cells: Any batch, in host memory or on a GPU.
        num_edits: k >= 0, one number or one for each cell, in host memory.
        seed: 0 .. 2^64 - 1.
        start: Index of the first cell in the random stream.
        renumber: Whether nodes also get a random topological numbering (``"input"`` at node 0 and
            ``"output"`` at the last node stay): one bool or one for each cell.

    Returns:
        As many cells, each with as many nodes as before, where the given ones are.

    Raises:
        TypeError: If ``cells`` is not a CellBatch or a number is not an integer.
        ValueError: If a number is negative or an array has another length than the batch.

    Example:
        >>> from gemcore import Cell
        >>> chain = CellBatch.from_cells([Cell(("input", "conv1x1"), ((0, 1),))])
        >>> perturb(chain, 0, seed=1) == chain
        True
    """
    check_type("cells", cells, (CellBatch, DeviceCells))
    edits = _edits_of_each(num_edits, len(cells)), _flags_of_each(renumber, len(cells))
    seed, start = check_seed(seed), check_int("start", start, 0, 2**64 - 1)
    rules = perturb_rules(cells.op_names)
    if isinstance(cells, DeviceCells):
        return device_graph.perturb(cells, rules, edits, seed, start)
    sampled, input_op, output_op = rules
    arrays = _core.PerturbArrays(np.array(sampled, dtype=np.uint8), *edits)
    edited = _core.perturb(
        cells.adjacency, cells.ops, cells.sizes, arrays, (input_op, output_op), seed, start
    )
    return CellBatch.from_native(*edited, cells.op_names)


def perturb_rules(op_names: Sequence[Hashable]) -> device_graph.PerturbRules:
    """What may be edited: the ops that are sampled, those of the input and of the output, or -1."""
    names = tuple(op_names)
    sampled = [i for i, name in enumerate(names) if name not in (INPUT, OUTPUT)]
    input_op, output_op = (names.index(name) if name in names else -1 for name in (INPUT, OUTPUT))
    return sampled, input_op, output_op


def _code(cells: CellBatch | DeviceCells, name: str) -> int:
    return cells.op_names.index(name) if name in cells.op_names else -1


def _edits_of_each(num_edits: int | ArrayLike, num_cells: int) -> NDArray[np.int32]:
    edits = read_integers("num_edits", num_edits)
    if edits.ndim != 0 and edits.shape != (num_cells,):
        raise ValueError(f"num_edits must have shape [{num_cells}], got {list(edits.shape)}")
    if edits.size and not (edits.min() >= 0 and edits.max() < 2**31):
        raise ValueError(f"num_edits must be >= 0, got {edits.min()}")
    each = np.empty(num_cells, dtype=np.int32)
    each[:] = edits
    return each


def _flags_of_each(renumber: bool | ArrayLike, num_cells: int) -> NDArray[np.uint8]:
    flags = read_array("renumber", renumber)
    if flags.dtype != np.bool_ and flags.size:
        raise TypeError(f"renumber must be bool, got {flags.dtype}")
    if flags.ndim != 0 and flags.shape != (num_cells,):
        raise ValueError(f"renumber must have shape [{num_cells}], got {list(flags.shape)}")
    each = np.empty(num_cells, dtype=np.uint8)
    each[:] = flags
    return each
