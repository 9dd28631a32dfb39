"""Exact features of cells: what their graphs are made of, counted."""

from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore import _core
from gemcore.arguments import check_type
from gemcore.cell_batch import CellBatch
from gemcore.cell_prices import cell_prices, has_prices
from gemcore.ops import OUTPUT, RESERVED
from gemcore.packing import check_op_names

MOST_OPS_OF_SUBSETS = 4  # Beyond, their number doubles with each operation.
MOST_OPS_OF_PAIRS = 16

OF_OP = (
    "nodes",
    "after the input",
    "before the output",
    "inputs",
    "outputs",
    "shortest from the input",
    "longest from the input",
    "shortest to the output",
    "longest to the output",
    "most on a path",
    "fewest on a path",
    "most on a longest path",
    "mean on a path",
    "share of paths",
)
OF_SUBSET = ("paths", "shortest path", "longest path")
OF_UNION = ("nodes", "after the input", "before the output", "edges", "most on a path")
OF_CELL = (
    "nodes",
    "edges",
    "paths",
    "shortest path",
    "longest path",
    "mean path",
    "input to output",
    "outputs of the input",
    "inputs of the output",
    "mean inputs",
    "most inputs",
    "most outputs",
    "variance of inputs",
    "variance of outputs",
    "width",
    "nodes of several inputs",
    "nodes of several outputs",
)
OF_WALK = (
    "on a walk",
    "on a walk, spread",
    "on a walk by width",
    "on a walk by width, spread",
    "on a walk forward",
)
OF_COST = ("macs", "params")


def feature_names(op_names: tuple[str, ...]) -> tuple[str, ...]:
    """What the columns of :func:`graph_features` are, for these operations.

    Example:
        >>> names = feature_names(("input", "conv1x1", "conv3x3", "output"))
        >>> names[0], names[28], names[34], names[-1]
        ('conv1x1 nodes', 'only conv1x1: paths', 'conv1x1 -> conv1x1', 'params')
        >>> len(names)  # 14 an op, 3 a subset, 4 pairs, 17, 5 for each of 3 walks, 2 of cost.
        72
    """
    return _names(check_op_names(op_names))


def graph_features(cells: CellBatch) -> NDArray[np.float32]:
    """Numbers that say much about the accuracy and cost of a cell's network.

    A path leads from node 0, the input, to a node of operation ``"output"``, or to a leaf in a
    cell that has none. Lengths are numbers of nodes, both ends included, and 0 where there is no
    such path. Nodes that :func:`gemcore.prune` drops (``to_output=True``) don't count. The columns:

    - For each operation but input and output: its nodes; those that read the input, that the
      output reads (or that are leaves); edges into and out of them; the shortest and the longest
      path from the input to such a node, and from one to the end; how many a path has at most, at
      least, the longest one (at most), and on average over all paths; the share of paths with any.
    - For each subset of the operations, the empty and the full one apart (of more than four
      operations: for each alone, and all but each): number, shortest and longest of the paths of
      these operations alone. For subsets of several: nodes, those that read the input, that the
      output reads, edges from one to another, the most on a path.
    - For each ordered pair of operations, if there are at most 16: edges from one to the other.
    - Nodes; edges; paths; shortest, longest and mean path; 1 if the output reads the input;
      out-degree of the input; how many nodes the output reads (or leaves); mean in-degree; largest
      in- and out-degree; their variances; the most nodes whose longest path from the input is
      equally long; nodes with several inputs, with several outputs.
    - For the same subsets, and for all operations: how many of their nodes a random walk from the
      end back to the input meets, and the standard deviation of that; the same of a walk that takes
      what a node reads in proportion to its channels; and of a walk forward.
    - Multiply-adds and parameters, if every operation is registered. Where there is an operation
      ``"output"``: of NAS-Bench-101's network (:func:`gemcore.nasbench101_cost`, but a stack's
      channels are divided evenly and rounded, so that numbering doesn't matter). Else: of the
      cell's nodes, 16 channels wide as is the cell's input, on 32x32, what they read concatenated.

    All are the logarithm of 1 + the number, which keeps large cells near: a number of paths
    doubles with a node. Single precision holds what the number itself was counted to: up to 2^53
    paths are counted exactly, more are rounded.

    Args:
        cells: Any batch; features don't depend on the numbering of nodes or on the batch's width.

    Returns:
        float32 ``[B, F]``, columns as :func:`feature_names` says.

    Raises:
        TypeError: If ``cells`` is not a CellBatch, or an operation's cost no integer.
        ValueError: If an operation's cost is negative.

    Source:
        Subsets, and counts on paths, after Kadlecova et al., "Surprisingly Strong Performance
        Prediction with Neural Graph Features", ICML 2024.

    Example:
        >>> from gemcore import Cell
        >>> ops = ("input", "conv1x1", "conv3x3", "output")
        >>> cell = Cell(ops, ((0, 1), (1, 2), (1, 3), (2, 3)))
        >>> found = np.expm1(graph_features(CellBatch.from_cells([cell])))[0].round(2)
        >>> of = dict(zip(feature_names(ops), found.tolist()))
        >>> of["paths"], of["shortest path"], of["longest path"], of["mean path"]
        (2.0, 3.0, 4.0, 3.5)
        >>> of["conv3x3 share of paths"], of["only conv1x1: paths"], of["only conv3x3: paths"]
        (0.5, 1.0, 0.0)
        >>> of["conv1x1 outputs"], of["conv1x1 -> conv3x3"], of["inputs of the output"]
        (2.0, 1.0, 2.0)
    """
    check_type("cells", cells, CellBatch)
    names = cells.op_names
    codes = [i for i, name in enumerate(names) if name not in RESERVED]
    output_op = names.index(OUTPUT) if OUTPUT in names else -1
    columns = _core.FeatureColumns(
        np.array(codes, dtype=np.uint8),
        _subsets(len(codes)),
        len(codes) <= MOST_OPS_OF_PAIRS,
        output_op,
    )
    prices = None
    if has_prices(names):
        prices = _core.CellPrices(*cell_prices(names, cells.num_nodes))
    arrays = cells.adjacency, cells.ops, cells.sizes
    counted = _core.graph_features(*arrays, columns, prices)
    walked = _core.walk_features(*arrays, _walk_sets(codes), output_op)
    num_costs = 0 if prices is None else len(OF_COST)
    first, costs = np.split(counted, [counted.shape[1] - num_costs], axis=1)
    return np.concatenate([first, walked, costs], axis=1)


def _names(op_names: tuple[Any, ...]) -> tuple[str, ...]:
    ops = [str(name) for name in op_names if name not in RESERVED]
    found = [f"{op} {column}" for op in ops for column in OF_OP]
    for is_member in _subsets(len(ops)).tolist():
        members = [op for op, is_in in zip(ops, is_member, strict=True) if is_in]
        subset = "+".join(members)
        found += [f"only {subset}: {column}" for column in OF_SUBSET]
        if len(members) > 1:
            found += [f"{subset} {column}" for column in OF_UNION]
    if len(ops) <= MOST_OPS_OF_PAIRS:
        found += [f"{a} -> {b}" for a in ops for b in ops]
    found += OF_CELL
    for is_member in [*_subsets(len(ops)).tolist(), [1] * len(ops)]:
        walked = "+".join(op for op, is_in in zip(ops, is_member, strict=True) if is_in)
        found += [f"{walked} {column}" for column in OF_WALK]
    return (*found, *(OF_COST if has_prices(op_names) else ()))


def _walk_sets(codes: list[int]) -> NDArray[np.uint8]:
    """The subsets of :func:`_subsets`, and all operations, by their codes: ``[S + 1, 256]``."""
    members = np.zeros((len(_subsets(len(codes))) + 1, 256), dtype=np.uint8)
    members[:-1, codes] = _subsets(len(codes))
    members[-1, codes] = 1
    return members


@lru_cache(maxsize=16)
def _subsets(num_ops: int) -> NDArray[np.uint8]:
    """The subsets that have columns, 1 for members: ``[S, num_ops]``, smaller ones first."""
    if num_ops <= MOST_OPS_OF_SUBSETS:
        sizes = range(1, num_ops)
        members = [some for size in sizes for some in combinations(range(num_ops), size)]
        return np.array(
            [[op in some for op in range(num_ops)] for some in members], dtype=np.uint8
        ).reshape(-1, num_ops)
    alone = np.eye(num_ops, dtype=np.uint8)
    return np.concatenate([alone, 1 - alone])
