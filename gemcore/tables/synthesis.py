"""A table that is made up: for trying things where no trained one is at hand."""

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_int, check_seed
from gemcore.cell_batch import CellBatch
from gemcore.cell_index import CellIndex, canonical_forms
from gemcore.nasbench101 import nasbench101_cost
from gemcore.philox import Stream
from gemcore.space import SearchSpace
from gemcore.tables.cell_table import CellTable

MOST_CELLS = 20_000  # Drawn among a million; new ones become rare.
NOISE = 0.003  # Standard deviation of a run, about that of NAS-Bench-101.
NOISE_WORDS = 12  # The sum of 12 uniform numbers has variance 1.


def synthetic(num_cells: int = 2000, seed: int = 0) -> CellTable:
    r"""A table of random cells of NAS-Bench-101's space with made-up accuracies.

    With :math:`c`, :math:`p` the 3x3 convolutions and poolings of a cell, :math:`d` its longest
    path, :math:`e` its edges, and :math:`s` telling whether the output reads the input,

    .. math:: q = 0.8\,c - 0.5\,p + 0.6\,\min(d, 4) + 0.2\,e + 0.7\,s - 3, \quad
              \mathrm{expected} = 0.9 + 0.05 \frac{q}{1 + |q|}

    ``accuracy`` and ``validation_accuracy`` are that with independent noise of standard deviation
    .003 (sums of uniform numbers of Philox, keyed by seed and row); ``expected_accuracy`` is what
    they would be on average. Costs are those of NAS-Bench-101's networks.

    Args:
        num_cells: Different networks, 1 .. 20,000.
        seed: 0 .. 2^64 - 1. A larger table of the same seed begins with the cells of a smaller.

    Raises:
        ValueError: If a number is out of range.

    Example:
        >>> table = synthetic(num_cells=100, seed=1)
        >>> len(table), table.name, sorted(table.metrics)
        (100, 'synthetic', ['accuracy', 'expected_accuracy', 'validation_accuracy'])
        >>> bool((table.lookup(table.cells) == range(100)).all())
        True
    """
    num_cells = check_int("num_cells", num_cells, 1, MOST_CELLS)
    seed = check_seed(seed)
    cells = _draw_distinct(num_cells, seed)
    expected = _expected_accuracy(cells)
    noise = _noise(num_cells, seed)
    metrics = {
        "accuracy": expected + noise[:, 0],
        "validation_accuracy": expected + noise[:, 1],
        "expected_accuracy": expected,
    }
    macs, params = nasbench101_cost(cells)
    return CellTable(cells, metrics, macs=macs, params=params, name="synthetic")


def _draw_distinct(num_cells: int, seed: int) -> CellBatch:
    """The first different networks of the space's stream that compute anything."""
    space = SearchSpace.preset("nasbench101")
    num_drawn = 2 * num_cells
    while True:
        drawn = canonical_forms(space.sample(num_drawn, seed=seed))
        drawn = drawn[drawn.sizes > 1]
        is_first = CellIndex(drawn).find(drawn) == np.arange(len(drawn))
        if is_first.sum() >= num_cells:
            return drawn[np.flatnonzero(is_first)[:num_cells]]
        num_drawn *= 2


def _expected_accuracy(cells: CellBatch) -> NDArray[np.float64]:
    edges = cells.dense()
    codes = (cells.op_names.index(op) for op in ("conv3x3", "maxpool3x3"))
    conv, pool = ((cells.ops == code).sum(axis=1) for code in codes)
    depth = np.zeros(cells.ops.shape, dtype=np.int64)
    for node in range(1, cells.num_nodes):
        before = np.where(edges[:, :node, node] == 1, depth[:, :node] + 1, 0)
        depth[:, node] = before.max(axis=1)
    skips = edges[np.arange(len(cells)), 0, cells.sizes.astype(np.int64) - 1]
    quality = 0.8 * conv - 0.5 * pool + 0.6 * np.minimum(depth.max(axis=1), 4)
    quality += 0.2 * cells.num_edges + 0.7 * skips - 3
    expected: NDArray[np.float64] = 0.9 + 0.05 * quality / (1 + np.abs(quality))
    return expected


def _noise(num_cells: int, seed: int) -> NDArray[np.float64]:
    """Two independent numbers for each row, float64 ``[B, 2]``: block 6 i of the stream and on."""
    key = np.array([seed, int(Stream.SYNTHETIC_NOISE)], dtype=np.uint64)
    words = np.random.Philox(key=key).random_raw(2 * NOISE_WORDS * num_cells)
    uniform = (words >> np.uint64(11)) * 2.0**-53
    sums = uniform.reshape(num_cells, 2, NOISE_WORDS).sum(axis=2)
    return np.asarray(NOISE * (sums - NOISE_WORDS / 2))
