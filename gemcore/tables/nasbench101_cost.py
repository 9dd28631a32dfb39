"""What the networks of NAS-Bench-101 cost, from their cells alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gemcore.cell_batch import CellBatch
from gemcore.tables.cell_table import TableCost

STEM_WIDTH, NUM_CLASSES, IMAGE_SIZE = 128, 10, 32
MODULES = 3  # In each of the three stacks; between them size halves and width doubles.
STACKS = tuple((STEM_WIDTH << i, (IMAGE_SIZE >> i) ** 2) for i in range(3))  # (width, pixels)
KERNELS = {"conv3x3": 9, "conv1x1": 1}  # Weights of a pair of channels; pooling has none.


def nasbench101_cost(cells: CellBatch) -> TableCost:
    """Cost of the networks in which NAS-Bench-101 trained cells, int64 ``[B]`` each.

    A node that reads the cell's input does so through a 1x1 convolution of its own. Nodes that the
    output reads share its width, the first ones with one channel more where it doesn't divide;
    any other node is as wide as the widest that reads it. Multiply-adds are those of convolutions
    and of the classifier; parameters include scale and shift of batch normalization.

    Args:
        cells: Pruned, with ``"output"`` at the last node of each.

    Source: Ying et al. 2019, section 2, and the network builder published with it.

    Example:
        >>> from gemcore import Cell
        >>> straight = CellBatch.from_cells([Cell(("input", "output"), ((0, 1),))])
        >>> nasbench101_cost(straight).params.tolist()  # Stem 3712, classifier 5130, and:
        [882570]
        >>> widths = ((128, 128), (128, 256), (256, 512))  # One projection a module, its width w:
        >>> 3712 + 5130 + sum(v * w + 2 * w + 2 * (w * w + 2 * w) for v, w in widths)
        882570
    """
    shape = _Shape.of(cells)
    macs = np.full(len(cells), 27 * STEM_WIDTH * IMAGE_SIZE**2, dtype=np.int64)
    params = np.full(len(cells), (27 + 2) * STEM_WIDTH, dtype=np.int64)
    read = STEM_WIDTH
    for width, pixels in STACKS:
        channels = shape.channels(width)
        for count, read_width in ((1, read), (MODULES - 1, width)):
            weights, scales = shape.weights(channels, read_width)
            macs += count * weights * pixels
            params += count * (weights + 2 * scales)
        read = width
    macs += read * NUM_CLASSES
    params += (read + 1) * NUM_CLASSES
    return TableCost(macs, params)


@dataclass(frozen=True, eq=False)
class _Shape:
    """Edges ``[B, N, N]``, number of the output node ``[B]``, weights a channel pair ``[B, N]``."""

    edges: NDArray[np.bool_]
    last: NDArray[np.int64]
    kernels: NDArray[np.int64]

    @classmethod
    def of(cls, cells: CellBatch) -> "_Shape":
        kernels = np.zeros(cells.ops.shape, dtype=np.int64)
        for name, weights in KERNELS.items():
            if name in cells.op_names:
                kernels[cells.ops == cells.op_names.index(name)] = weights
        return cls(cells.dense().astype(np.bool_), cells.sizes.astype(np.int64) - 1, kernels)

    @property
    def to_last(self) -> NDArray[np.bool_]:
        """Whether the output reads a node, ``[B, N]``."""
        return self.edges[np.arange(len(self.last)), :, self.last]

    def channels(self, width: int) -> NDArray[np.int64]:
        """Channels of each inner node where the cell gives ``width``, int64 ``[B, N]``."""
        read = self.to_last
        read[:, 0] = False  # The input comes through a projection of full width.
        number = np.maximum(1, read.sum(axis=1))
        rest = (width % number)[:, None]
        channels = np.where(read, (width // number)[:, None] + (read.cumsum(axis=1) <= rest), 0)
        for node in range(channels.shape[1] - 2, 0, -1):
            inner = self.edges[:, node] & (np.arange(channels.shape[1]) < self.last[:, None])
            widest = np.where(inner, channels, 0).max(axis=1)
            channels[:, node] = np.where(read[:, node], channels[:, node], widest)
        channels[np.arange(len(self.last)), self.last] = width
        return channels

    def weights(
        self, channels: NDArray[np.int64], width: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Weights and outputs of the convolutions of a cell that reads ``width`` channels."""
        projected = np.where(self.edges[:, 0], channels, 0)
        convolved = np.where(self.kernels > 0, channels, 0)
        weights = (self.kernels * channels**2).sum(axis=1) + width * projected.sum(axis=1)
        return weights, projected.sum(axis=1) + convolved.sum(axis=1)
