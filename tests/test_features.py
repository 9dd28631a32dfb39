"""Exact features against counts by networkx, path by path."""

import networkx as nx
import numpy as np
import pytest

from gemcore import Cell, CellBatch, SearchSpace, feature_names, graph_features, prune

SPACES = [
    SearchSpace.preset("small"),
    SearchSpace.preset("nasbench101"),
    SearchSpace(num_nodes=1),
    SearchSpace(num_nodes=2, edge_prob=0.5),
    SearchSpace(num_nodes=8, ops=("conv3x3",), edge_prob=0.3),
]


def counts_by_definition(cell: Cell, ops: list[str]) -> list[float]:
    graph = cell.to_networkx()
    paths = [[0]]
    for path in paths:  # Grows while it is walked: all paths from the input.
        paths += [[*path, node] for node in graph.successors(path[-1])]
    found = []
    for op in ops:
        nodes = [node for node in graph if cell.ops[node] == op]
        on_path = max(sum(node in nodes for node in path) for path in paths)
        found += [len(nodes), on_path, sum(graph.in_degree(node) for node in nodes)]
    leaves = sum(graph.out_degree(node) == 0 for node in graph)
    length = nx.dag_longest_path_length(graph)
    return [*found, length, graph.number_of_edges(), leaves, graph.out_degree(0)]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: f"N={space.num_nodes}")
def test_counts_are_those_of_the_definition(space: SearchSpace) -> None:
    cells = prune(space.sample(60, seed=1))
    expected = [counts_by_definition(cell, list(space.ops)) for cell in cells]
    np.testing.assert_allclose(np.expm1(graph_features(cells)), expected, atol=1e-12)
    assert graph_features(cells).shape[1] == len(feature_names(space.op_names))


def test_numbering_and_width_change_nothing() -> None:
    cells = prune(SearchSpace.preset("small").sample(40))
    wide = graph_features(cells.widen(70))
    np.testing.assert_array_equal(wide, graph_features(cells))
    halves = [graph_features(cells[:15]), graph_features(cells[15:])]
    np.testing.assert_array_equal(np.concatenate(halves), graph_features(cells))


def test_empty_batch() -> None:
    names = ("input", "conv1x1")
    assert graph_features(CellBatch.from_cells([], names)).shape == (0, len(feature_names(names)))


def test_only_batches_are_taken() -> None:
    with pytest.raises(TypeError, match="cells must be of type CellBatch, got list"):
        graph_features([])  # type: ignore[arg-type]
