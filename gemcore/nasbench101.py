"""The network around a cell of NAS-Bench-101, and what it costs, without building it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gemcore import _core
from gemcore.arguments import check_type
from gemcore.blocks import conv_macs, conv_params
from gemcore.cell_batch import CellBatch
from gemcore.ops import INPUT, OUTPUT, RESERVED, Op, get_op

NUM_CLASSES = 10
STEM_CHANNELS = 128  # Of a 3x3 convolution of an RGB image.
IMAGE_SIZE = 32
NUM_MODULES = 3  # Copies of the cell in a stack.


class Stack(NamedTuple):
    """A run of copies of the cell that share one width."""

    in_channels: int
    channels: int
    size: int  # Height and width.

    def node_price(self, op: Op, channels: int) -> tuple[int, int]:
        """Multiply-adds and parameters of a node of so many channels, of all modules."""
        macs, params = op.price(channels, channels, self.size, self.size)
        return NUM_MODULES * macs, NUM_MODULES * params

    def projection_price(self, channels: int) -> tuple[int, int]:
        """The same of the 1x1 convolutions that bring the cell's input to so many channels."""
        macs = params = 0
        for in_channels in (self.in_channels, *[self.channels] * (NUM_MODULES - 1)):
            macs += conv_macs(in_channels, channels, self.size, self.size, kernel_size=1)
            params += conv_params(in_channels, channels, kernel_size=1)
        return macs, params


STACKS = (Stack(128, 128, 32), Stack(128, 256, 16), Stack(256, 512, 8))


def frame_price() -> tuple[int, int]:
    """Multiply-adds and parameters of stem and classifier."""
    macs = conv_macs(3, STEM_CHANNELS, IMAGE_SIZE, IMAGE_SIZE, kernel_size=3)
    params = conv_params(3, STEM_CHANNELS, kernel_size=3)
    classifier = STACKS[-1].channels * NUM_CLASSES
    return macs + classifier, params + classifier + NUM_CLASSES


def direct_price() -> tuple[int, int]:
    """Multiply-adds and parameters of an edge from the input to the output."""
    prices = [stack.projection_price(stack.channels) for stack in STACKS]
    return sum(macs for macs, _ in prices), sum(params for _, params in prices)


def nasbench101_cost(cells: CellBatch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Multiply-adds and parameters of the networks that NAS-Bench-101 trained.

    Three stacks of three copies of the cell, 128, 256 and 512 channels wide, on images of 32x32
    with three channels and ten classes; the second and the third stack begin with max-pooling. A
    node adds up what it reads, the output concatenates. The channels of a stack are divided among
    the nodes that the output reads, and the first of these get one more until nothing is left
    over; other nodes are as wide as the widest node that reads them. What comes from the cell's
    input passes a 1x1 convolution with batch normalization first. So cost can depend, a little, on
    how nodes are numbered: keep the numbering that a network was trained in.

    Args:
        cells: With ``input`` at node 0 and nowhere else, ``output`` at the last node and nowhere
            else, and registered operations elsewhere. Nodes that pruning drops cost nothing.

    Returns:
        Multiply-adds of convolutions and the classifier on one image, and trainable parameters
        (scale and shift of batch normalization included), int64 ``[B]`` each.

    Raises:
        TypeError: If ``cells`` is not a CellBatch, or an operation's cost no integer.
        ValueError: If a cell is of another form, its output is not reached or reads more than 128
            nodes, an operation is not registered, or a cost is negative.

    Source:
        Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019.

    Example:
        >>> from gemcore import Cell
        >>> cell = Cell(("input", "maxpool3x3", "output"), ((0, 1), (1, 2)))
        >>> macs, params = nasbench101_cost(CellBatch.from_cells([cell]))
        >>> 128 * 128 * 3 + 256 * (128 + 256 * 2) + 512 * (256 + 512 * 2)  # Of nine projections.
        868352
        >>> 27 * 128 + 868352 + 2 * (128 * 4 + 256 * 3 + 512 * 3) + 513 * 10  # Stem, norms, head.
        882570
        >>> params.tolist()
        [882570]
    """
    check_type("cells", cells, CellBatch)
    code = {name: i for i, name in enumerate(cells.op_names)}
    for name in RESERVED:
        if name not in code:
            raise ValueError(f"cells must have {name!r} among op_names, got {cells.op_names}")
    used = np.bincount(cells.ops.ravel(), minlength=len(code))
    ops = {i: get_op(name) for name, i in code.items() if name not in RESERVED and used[i]}
    prices = _price_table(ops, code, cells.num_nodes)
    cost_ops = (len(code), code[INPUT], code[OUTPUT])
    macs, params = _core.nasbench101_cost(cells.adjacency, cells.ops, cells.sizes, cost_ops, prices)
    frame = frame_price()
    return macs + frame[0], params + frame[1]


def _price_table(ops: dict[int, Op], code: dict[str, int], num_nodes: int) -> NDArray[np.int64]:
    """Laid out as ``csrc/cell/nasbench101.h`` says."""
    prices = np.zeros((len(code), num_nodes, len(STACKS), 2, 2), dtype=np.int64)
    prices[code[OUTPUT], 0, 0, 0] = direct_price()
    for num_read in range(1, min(num_nodes - 1, STEM_CHANNELS + 1)):
        for i, stack in enumerate(STACKS):
            for extra in range(2):
                channels = stack.channels // num_read + extra
                prices[code[INPUT], num_read, i, extra] = stack.projection_price(channels)
                for op in ops:
                    prices[op, num_read, i, extra] = stack.node_price(ops[op], channels)
    return prices
