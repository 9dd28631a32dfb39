"""What is no graph: every message names the argument, the graph and what is wrong with it."""

from typing import Any

import networkx as nx
import numpy as np
import pytest

from gemcore import Cell, WLKernel, wl_gram

A, AB = {0: "a"}, {0: "a", 1: "b"}


@pytest.mark.parametrize(
    ("graph", "error", "message"),
    [
        ([{0: [1]}, A], ValueError, "node_labels must name every node, got none for 1"),
        ([{0: [], "x": []}, A], ValueError, "node_labels must name every node, got none for 'x'"),
        ([np.zeros((2, 2)), A], ValueError, "node_labels must name every node, got none for 1"),
        ([np.zeros((1, 1)), AB], ValueError, "node_labels must name the 1 nodes alone, got 2"),
        ([{0: [1]}], ValueError, "node_labels must name every node, got none; or choose labels='"),
        ([[(0, 1)], ["a", "b"]], TypeError, r"node_labels must be a dict, got list \['a', 'b'\]"),
        ([np.zeros((2, 2)), 3], TypeError, "node_labels must be a dict or a list, got int 3"),
        ([[], {0: []}], TypeError, r"labels must be hashable, got list \[\] at node 0"),
        ([[([], 1)], AB], TypeError, "edges must join hashable nodes, got others"),
        ([[(0, 0)], A], ValueError, "edges must not be self loops, got one at 0"),
        ([[(0, 1, 2, 3)], AB], TypeError, r"edges must be tuples \(u, v\) or .* got tuple \(0, 1"),
        ([[(0, 1), "ab"], AB], TypeError, r"edges must be tuples \(u, v\) or .* got str 'ab'"),
        ([[(0, 1), 3], AB], TypeError, r"edges must be tuples \(u, v\) or .* got int 3"),
        ([{0: "ab"}, AB], TypeError, "edges must be a dict of dicts or of lists, got str 'ab'"),
        ([{0: [], 1: 3}, AB], TypeError, "edges must be a dict of dicts or of lists, got int 3"),
        (
            [3, A],
            TypeError,
            r"edges must be a dict, an iterable of tuples \(u, v\) or .* got int 3",
        ),
        ([np.zeros((2, 3)), AB], ValueError, r"edges must be a square matrix, got shape \[2, 3\]"),
        ([[[0, 1], [0]], AB], ValueError, "edges must be a square matrix, got rows of unequal"),
        ([np.array([["a"]]), A], TypeError, "edges must be a matrix of numbers, got <U1"),
        ([], ValueError, r"\[edges, node_labels\] must not be empty, got \[\]"),
        ("ab", TypeError, r"must be a Cell, a networkx graph or GraKeL's \[edges, .* got str 'ab'"),
        ([[], {}], ValueError, "node_labels must name every node, got none"),
        ([[], dict.fromkeys(range(257), 0)], ValueError, r"must have 1 \.\. 256 nodes, got 257"),
        (nx.MultiDiGraph([(0, 1)]), ValueError, "must not be a multigraph, got one"),
        (nx.path_graph(2), ValueError, "direction must be 'undirected' for undirected graphs, got"),
        (
            [{0: {1: 1}, 1: {0: 1}}, AB],
            ValueError,
            "edges must not close a cycle, got one through node 0; undirected graphs go with direc",
        ),
    ],
)
def test_messages_name_the_graph(graph: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^graph 1 of other: {message}"):
        wl_gram([Cell(("a",))], [[{}, A], graph])


def test_messages_of_graphs_without_labels() -> None:
    with pytest.raises(TypeError, match="graph 0 of cells: edges must join hashable nodes"):
        wl_gram([[[([], 1)]]], labels="degree")
    with pytest.raises(ValueError, match=r"graph 0 of cells: must have 1 \.\. 256 nodes, got 0"):
        wl_gram([[[]]], labels="uniform")


def test_at_most_255_labels() -> None:
    graphs = [[[], {0: number}] for number in range(256)]
    assert len(WLKernel().fit(graphs[:255]).cells_) == 255
    assert wl_gram(graphs[:255], graphs[1:]).sum() == 254  # Each batch has numbers of its own.
    with pytest.raises(
        ValueError, match=r"graph 255 of cells: labels must be at most 255 diff.* 255"
    ):
        wl_gram(graphs)
