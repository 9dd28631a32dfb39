"""What one node of a cell costs, for the columns of cost of :func:`gemcore.graph_features`."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gemcore.nasbench101 import STACKS, direct_price, frame_price
from gemcore.ops import OUTPUT, RESERVED, get_op, registered_ops
from gemcore.packing import ABSENT

CHANNELS = 16  # What a node emits, and what a cell reads, where there is no output.
SIZE = 32  # Height and width there.


class CellPrices(NamedTuple):
    """Tables laid out as ``csrc/graph/features.h`` says, multiply-adds and parameters last."""

    nodes: NDArray[np.float64]
    projections: NDArray[np.float64]
    constant: NDArray[np.float64]  # Of every cell, and of an edge from input to output.
    key_is_num_leaves: bool


def has_prices(op_names: tuple[Any, ...]) -> bool:
    """Whether all operations are registered, so that their cost is known."""
    return all(name in registered_ops() for name in op_names if name not in RESERVED)


def cell_prices(op_names: tuple[Any, ...], num_nodes: int) -> CellPrices:
    """Prices of nodes in cells with and without an output."""
    if OUTPUT in op_names:
        return _by_nasbench101(op_names, num_nodes)
    nodes = np.zeros((ABSENT + 1, num_nodes, 2))
    for code, op in _coded(op_names):
        for num_inputs in range(1, num_nodes):
            nodes[code, num_inputs] = op.price(num_inputs * CHANNELS, CHANNELS, SIZE, SIZE)
    return CellPrices(nodes, np.zeros((num_nodes, 2)), np.zeros((2, 2)), False)


def _by_nasbench101(op_names: tuple[Any, ...], num_nodes: int) -> CellPrices:
    nodes, projections = np.zeros((ABSENT + 1, num_nodes, 2)), np.zeros((num_nodes, 2))
    for num_leaves in range(1, num_nodes):
        for stack in STACKS:
            channels = max(1, round(stack.channels / num_leaves))
            projections[num_leaves] += stack.projection_price(channels)
            for code, op in _coded(op_names):
                nodes[code, num_leaves] += stack.node_price(op, channels)
    constant = np.array([frame_price(), direct_price()], dtype=np.float64)
    return CellPrices(nodes, projections, constant, True)


def _coded(op_names: tuple[Any, ...]) -> list[tuple[int, Any]]:
    return [(i, get_op(name)) for i, name in enumerate(op_names) if name not in RESERVED]
