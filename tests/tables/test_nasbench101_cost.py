"""gemcore.tables.nasbench101_cost: published numbers, and networks counted vertex by vertex."""

import numpy as np
import pytest

from gemcore import Cell, CellBatch, SearchSpace, prune
from gemcore.tables.nasbench101_cost import nasbench101_cost

# The benchmark's own parameters of four of its cells, and multiply-adds published with them.
CNN = "conv3x3", "conv1x1", "maxpool3x3"
C3, C1, MP = CNN
PUBLISHED = [
    (
        (C3, MP, C3, C3, C1),
        ((0, 1), (0, 4), (0, 5), (1, 2), (2, 3), (2, 6), (3, 5), (4, 5), (5, 6)),
        (8_555_530, 1_261_835_264),
    ),
    (
        (C3, C3, MP, C3, C3),
        ((0, 1), (1, 2), (1, 3), (1, 6), (2, 3), (2, 4), (3, 5), (4, 5), (5, 6)),
        (9_746_186, 1_429_607_424),
    ),
    (
        (C1, MP, C3, C1, MP),
        ((0, 1), (0, 3), (0, 5), (1, 2), (1, 6), (2, 4), (3, 4), (4, 5), (5, 6)),
        (4_166_026, 620_106_752),
    ),
    (
        (C1, MP, C3, C3, MP),
        ((0, 1), (1, 2), (1, 3), (2, 5), (2, 6), (3, 4), (4, 5), (4, 6), (5, 6)),
        (2_490_930, 368_703_040),
    ),
]


def widths_by_hand(cell: Cell, read: int, width: int) -> list[int]:
    last = cell.num_nodes - 1
    to_last = [u for u, v in cell.edges if v == last and u > 0]
    widths = [0] * cell.num_nodes
    widths[0], widths[last] = read, width
    for place, node in enumerate(to_last):
        widths[node] = width // len(to_last) + (place < width % len(to_last))
    for node in range(last - 1, 0, -1):
        if node not in to_last:
            widths[node] = max(widths[v] for u, v in cell.edges if u == node and v != last)
    return widths


def cost_by_hand(cell: Cell) -> tuple[int, int]:
    """Multiply-adds and parameters, each convolution counted as it would be built."""
    convolutions = [(9, 3, 128, 32)]  # Kernel, channels in and out, side.
    read = 128
    for width, side in ((128, 32), (256, 16), (512, 8)):
        for _ in range(3):
            widths = widths_by_hand(cell, read, width)
            for u, v in cell.edges:
                if u == 0:
                    convolutions.append((1, read, widths[v], side))
            for node, op in enumerate(cell.ops):
                if op in (C3, C1):
                    kernel = 9 if op == C3 else 1
                    convolutions.append((kernel, widths[node], widths[node], side))
            read = width
    macs = sum(k * i * o * side**2 for k, i, o, side in convolutions) + 5120
    params = sum(k * i * o + 2 * o for k, i, o, _ in convolutions) + 5130
    return macs, params


@pytest.mark.parametrize(("ops", "edges", "wanted"), PUBLISHED)
def test_published(
    ops: tuple[str, ...], edges: tuple[tuple[int, int], ...], wanted: object
) -> None:
    cell = Cell(("input", *ops, "output"), edges)
    cost = nasbench101_cost(CellBatch.from_cells([cell]))
    assert (cost.params[0], cost.macs[0]) == wanted


@pytest.mark.parametrize("number", [0, 1, 2, 300])
def test_equal_to_counting_by_hand(number: int) -> None:
    drawn = prune(SearchSpace.preset("nasbench101").sample(4 * number, seed=5), to_output=True)
    cells = drawn[drawn.sizes > 1][:number]
    cost = nasbench101_cost(cells)
    assert len(cells) == number
    assert cost.macs.dtype == cost.params.dtype == np.int64
    found = list(zip(cost.macs.tolist(), cost.params.tolist(), strict=True))
    assert found == [cost_by_hand(cell) for cell in cells]
