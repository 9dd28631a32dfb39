"""Every level of vector instructions gives what portable code gives, to the bit."""

import networkx as nx
import numpy as np
import pytest

from gemcore import CellBatch, perturb, set_simd_level, simd_levels, wl_pairs
from gemcore.wl_settings import DIRECTIONS, LABELS

WIDE = simd_levels()[1:]
pytestmark = [
    pytest.mark.usefixtures("level_as_before"),
    pytest.mark.skipif(not WIDE, reason="this CPU has no vector instructions to test"),
]


def random_cells(num_cells: int, num_nodes: int, density: float, num_ops: int) -> CellBatch:
    rng = np.random.default_rng(num_nodes)
    sizes = np.maximum(rng.integers(num_nodes - 3, num_nodes, num_cells, endpoint=True), 1)
    present = np.arange(num_nodes) < sizes[:, None]
    adjacency = np.triu(rng.random((num_cells, num_nodes, num_nodes)) < density, 1)
    adjacency &= present[:, :, None] & present[:, None, :]
    ops = rng.integers(0, num_ops, (num_cells, num_nodes))
    return CellBatch.from_dense(adjacency, ops, sizes, op_names=range(num_ops))


def check_all(x: CellBatch, y: CellBatch, n_iter: int) -> None:
    for direction in DIRECTIONS:
        for labels in LABELS:
            values = {}
            for level in simd_levels():
                set_simd_level(level)
                values[level] = wl_pairs(x, y, n_iter=n_iter, direction=direction, labels=labels)
            for level in WIDE:
                where = f"{level}, {direction}, {labels}, {n_iter} rounds"
                np.testing.assert_array_equal(values[level], values["scalar"], where)


@pytest.mark.parametrize("num_nodes", [1, 2, 7, 16, 17, 31, 32, 33, 64, 65, 128, 129, 256])
@pytest.mark.parametrize("num_ops", [1, 2, 3, 4, 5, 6, 9, 17])
def test_random_cells(num_nodes: int, num_ops: int) -> None:
    for density in (0.1, 0.5, 0.9):
        cells = random_cells(12, num_nodes, density, num_ops)
        near = perturb(cells, 2, seed=1, renumber=True)
        check_all(cells, near, n_iter=3)
        check_all(cells, cells[::-1], n_iter=2)


@pytest.mark.parametrize("n_iter", [0, 1, 2, 5, 16])
def test_any_number_of_rounds(n_iter: int) -> None:
    for num_nodes in (30, 60):
        cells = random_cells(20, num_nodes, 0.1, 2)
        check_all(cells, perturb(cells, 1, seed=1), n_iter)


@pytest.mark.parametrize("num_nodes", [6, 12, 30, 48, 96])
def test_graphs_in_which_all_nodes_look_alike(num_nodes: int) -> None:
    graphs = [
        nx.cycle_graph(num_nodes),
        nx.disjoint_union(nx.cycle_graph(num_nodes // 2), nx.cycle_graph(num_nodes // 2)),
        nx.complete_graph(num_nodes),
        nx.empty_graph(num_nodes),
        nx.complete_bipartite_graph(num_nodes // 2, num_nodes // 2),
        nx.path_graph(num_nodes),
        nx.star_graph(num_nodes - 1),
    ]
    dense = np.stack([np.triu(nx.to_numpy_array(graph), 1) for graph in graphs])
    cells = CellBatch.from_dense(dense, np.zeros(dense.shape[:2], int), op_names=("node",))
    first, second = np.divmod(np.arange(len(graphs) ** 2), len(graphs))
    check_all(cells[first], cells[second], n_iter=4)


def test_few_and_many_equal_nodes_in_turn() -> None:
    """How a pair is compared follows the pairs before it; what comes out does not."""
    sparse = random_cells(40, 30, 0.05, 1)
    dense = random_cells(40, 30, 0.5, 5)
    mixed = CellBatch.concatenate([sparse, dense, sparse, dense])
    check_all(mixed, perturb(mixed, 3, seed=2), n_iter=3)


def test_sizes_on_both_sides_of_32() -> None:
    cells = random_cells(30, 34, 0.3, 3)
    small = random_cells(30, 20, 0.3, 3)
    check_all(cells, small, n_iter=3)
    check_all(small, cells, n_iter=3)


def test_batches_that_number_labels_differently() -> None:
    names = tuple("abcd")
    cells = random_cells(20, 30, 0.4, 4)
    swapped = np.where(cells.ops == 255, 255, 3 - cells.ops).astype(np.uint8)
    renamed = CellBatch(cells.adjacency, swapped, cells.sizes, names[::-1])
    cells = CellBatch(cells.adjacency, cells.ops, cells.sizes, names)
    check_all(cells, renamed[::-1], n_iter=2)
    for level in simd_levels():
        set_simd_level(level)
        np.testing.assert_array_equal(wl_pairs(cells, renamed), np.ones(len(cells)))
