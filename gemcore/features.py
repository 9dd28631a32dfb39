"""Exact features of cells: what their graphs are made of, counted."""

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_type
from gemcore.cell_batch import CellBatch
from gemcore.ops import RESERVED

CHUNK = 16_384  # Cells at once: their dense matrices then take some 15 MB at 30 nodes.


def feature_names(op_names: tuple[str, ...]) -> tuple[str, ...]:
    """What the columns of :func:`graph_features` are, for these operations.

    Example:
        >>> feature_names(("input", "conv1x1"))[:3]
        ('conv1x1 nodes', 'conv1x1 on a path', 'conv1x1 inputs')
    """
    kinds = ("nodes", "on a path", "inputs")
    by_op = [f"{op} {kind}" for op in op_names if op not in RESERVED for kind in kinds]
    return (*by_op, "longest path", "edges", "leaves", "outputs of the input")


def graph_features(cells: CellBatch) -> NDArray[np.float64]:
    """Counts that say much about the accuracy and cost of a cell's network.

    For each operation: how many nodes have it, how many a path has at most, and how many inputs
    these nodes have in all; then the longest path, edges, leaves, and the input's out-degree.

    Args:
        cells: Pruned cells: nodes that no data reaches would count.

    Returns:
        float64 ``[B, F]``, each the logarithm of 1 + the count, columns as
        :func:`feature_names` says.

    Raises:
        TypeError: If ``cells`` is not a CellBatch.

    Example:
        >>> from gemcore import Cell
        >>> cell = Cell(("input", "conv1x1", "conv1x1"), ((0, 1), (1, 2), (0, 2)))
        >>> counts = np.expm1(graph_features(CellBatch.from_cells([cell])))
        >>> counts.round(9).tolist()  # 2 nodes, 2 on a path, 3 inputs; path 2, 3 edges, 1 leaf, 2.
        [[2.0, 2.0, 3.0, 2.0, 3.0, 1.0, 2.0]]
    """
    check_type("cells", cells, CellBatch)
    num_features = len(feature_names(cells.op_names))
    parts = [_count(cells[i : i + CHUNK]) for i in range(0, len(cells), CHUNK)]
    counts = np.concatenate([np.zeros((0, num_features)), *parts])
    features: NDArray[np.float64] = np.log1p(counts)
    return features


def _count(cells: CellBatch) -> NDArray[np.float64]:
    edges = cells.dense()
    present = np.arange(cells.num_nodes) < cells.sizes[:, None]
    num_inputs, num_outputs = edges.sum(axis=1), edges.sum(axis=2)
    columns = []
    for op, name in enumerate(cells.op_names):
        if name not in RESERVED:
            has_op = cells.ops == op
            columns += [has_op.sum(axis=1), _most_on_a_path(edges, has_op)]
            columns.append((num_inputs * has_op).sum(axis=1))
    beyond_input = np.arange(cells.num_nodes) > 0
    columns += [
        _most_on_a_path(edges, present & beyond_input),
        num_inputs.sum(axis=1),
        ((num_outputs == 0) & present).sum(axis=1),
        num_outputs[:, 0],
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _most_on_a_path(edges: NDArray[np.uint8], counted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The most counted nodes on any path, for each graph."""
    most = np.zeros(counted.shape, dtype=np.int64)  # On the paths that end at a node.
    for v in range(counted.shape[1]):
        before = (edges[:, :v, v] * most[:, :v]).max(axis=1, initial=0)
        most[:, v] = before + counted[:, v]
    longest: NDArray[np.int64] = most.max(axis=1)
    return longest
