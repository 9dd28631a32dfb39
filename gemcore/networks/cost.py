"""Multiply-adds and parameters of networks, without building them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gemcore import _core
from gemcore.arguments import check_type
from gemcore.cell import Cell  # noqa: F401 (doctests)
from gemcore.cell_batch import CellBatch
from gemcore.networks.pricing import Pricing
from gemcore.networks.skeleton import Skeleton
from gemcore.ops import INPUT, OUTPUT, RESERVED, Op, get_op

MAX_INT64 = 2**63 - 1


@dataclass(frozen=True, eq=False)
class NetworkCost:
    """Exact cost of B networks.

    Args:
        macs: Multiply-adds of convolutions and linear layers on one image, int64 ``[B]``.
        params: Trainable parameters, int64 ``[B]``.
    """

    macs: NDArray[np.int64]
    params: NDArray[np.int64]


def network_cost(
    cells: CellBatch, skeleton: Skeleton, *, input_size: Sequence[int], num_classes: int
) -> NetworkCost:
    """Cost of the networks that :func:`gemcore.build_network` would build.

    Multiply-adds are half of what ``torch.utils.flop_counter.FlopCounterMode`` counts, parameters
    include the scale and shift of batch normalization and the classifier's bias. Nodes that
    pruning drops cost nothing. Formulas of operations, a user's own among them, are asked for the
    few numbers of input channels that occur; native code adds up.

    Args:
        cells: With ``input`` at node 0 and nowhere else, registered operations elsewhere, and
            possibly ``output`` at the last node.
        skeleton: Stem, stages and head around the cells.
        input_size: Channels, height and width of an image.
        num_classes: Logits of an image.

    Raises:
        TypeError: If an argument is of another type, or an operation's cost no integer.
        ValueError: If a cell can't become a network, a number is out of range, or a cost is
            negative or may exceed 2^63 - 1.

    Example:
        >>> from gemcore.networks.skeleton import Stage
        >>> chain = CellBatch.from_cells([Cell(("input", "conv1x1"), ((0, 1),))])
        >>> skeleton = Skeleton(stem_width=4, stages=(Stage(width=8),))
        >>> cost = network_cost(chain, skeleton, input_size=(1, 5, 5), num_classes=2)
        >>> cost.macs.tolist()  # Stem 9 * 4 * 25, node 4 * 8 * 25, classifier 8 * 2.
        [1716]
        >>> cost.params.tolist()  # Stem 9 * 4 + 2 * 4, node 4 * 8 + 2 * 8, 8 * 2 + 2.
        [110]
    """
    check_type("cells", cells, CellBatch)
    pricing = Pricing.read(skeleton, input_size, num_classes)
    code = {name: i for i, name in enumerate(cells.op_names)}
    cost_ops = (len(code), code.get(INPUT, -1), code.get(OUTPUT, -1))
    terms, seen = _core.find_cost_terms(cells.adjacency, cells.ops, cells.sizes, cost_ops)
    names = [cells.op_names[i] for i in np.flatnonzero(seen)]
    ops = {code[name]: get_op(name) for name in names if name not in RESERVED}
    prices = _price_terms(terms, ops, pricing, most_terms=cells.num_nodes)
    return NetworkCost(
        *_core.sum_cost_terms(cells.adjacency, cells.ops, cells.sizes, cost_ops, prices)
    )


def _price_terms(
    terms: NDArray[np.uint8], ops: dict[int, Op], pricing: Pricing, most_terms: int
) -> NDArray[np.int64]:
    """Prices of the marked terms, laid out like them; no sum of ``most_terms`` overflows."""
    prices = np.zeros((*terms.shape, 2), dtype=np.int64)
    for op, input_row, num_inner in np.argwhere(terms).tolist():
        in_channels = pricing.in_channels(input_row, num_inner)
        if op in ops:
            price = pricing.price_of_node(ops[op], in_channels)
        else:  # The op of node 0 stands for what is no node of a cell.
            price = pricing.price_of_rest(in_channels)
        if max(price) * most_terms > MAX_INT64:
            raise ValueError(
                f"costs must stay below 2^63, got up to {max(price)} for each of {most_terms} nodes"
            )
        prices[op, input_row, num_inner] = price
    return prices
