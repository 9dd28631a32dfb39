"""Graphs in networkx's and GraKeL's forms: read alike, and of GraKeL's values."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from gemcore import Cell, CellBatch, WLKernel, wl_features, wl_gram, wl_pairs

grakel = pytest.importorskip("grakel", reason="GraKeL is not installed")

Pair = tuple[Any, Any]
Neighbors = dict[Any, dict[Any, float]]


def random_graphs(*, directed: bool, seed: int = 0) -> list[tuple[Neighbors, dict[Any, Any]]]:
    """Graphs of 1 .. 20 nodes in dicts of dicts: DAGs, or both ways and with cycles."""
    rng = np.random.default_rng(seed)
    graphs = []
    for size in [1, 2, 3, *rng.integers(1, 21, 25).tolist()]:
        matrix = np.triu(rng.random((size, size)) < rng.choice([0, 0.1, 0.3, 0.9]), 1)
        matrix = matrix if directed else matrix | matrix.T
        order = rng.permutation(size).tolist()  # Numbers are no topological order.
        neighbors = {
            order[u]: {order[int(v)]: 1.0 for v in matrix[u].nonzero()[0]} for u in range(size)
        }
        graphs.append((neighbors, {v: "CNO"[rng.integers(3)] for v in range(size)}))
    return graphs


def pairs(edges: Neighbors) -> list[Pair]:
    return [(u, v) for u, row in edges.items() for v in row]


def matrix(edges: Neighbors) -> NDArray[np.float64]:
    dense = np.zeros((len(edges), len(edges)))
    for u, v in pairs(edges):
        dense[u, v] = 0.5 + u
    return dense


FORMS: dict[str, Callable[[Neighbors], Any]] = {
    "dict of dicts": lambda edges: edges,
    "dict of lists": lambda edges: {u: list(row) for u, row in edges.items()},
    "dict of tuples": lambda edges: dict.fromkeys(pairs(edges), 0.5),
    "tuples": lambda edges: pairs(edges) or (),  # GraKeL takes an empty list for a matrix.
    "triples": lambda edges: [(u, v, 2.5) for u, v in pairs(edges)] or (),
    "set": lambda edges: set(pairs(edges)),
    "matrix": matrix,
    "bool matrix": lambda edges: matrix(edges) > 0,
    "lists": lambda edges: matrix(edges).tolist(),
    "sparse matrix": lambda edges: sparse.csr_matrix(matrix(edges)),
}
every_form = pytest.mark.parametrize("form", FORMS)
every_direction = pytest.mark.parametrize("direction", ["undirected", "out"])


def grakel_kernel(n_iter: int, normalize: bool) -> Any:
    return grakel.WeisfeilerLehman(
        n_iter=n_iter, normalize=normalize, base_graph_kernel=grakel.VertexHistogram
    )


def grakel_gram(graphs: list[Any], n_iter: int, normalize: bool) -> NDArray[np.float64]:
    return np.asarray(grakel_kernel(n_iter, normalize).fit_transform(graphs))


@every_form
@every_direction
def test_equals_grakel_in_every_form(form: str, direction: str) -> None:
    graphs = random_graphs(directed=direction == "out")
    data = [[FORMS[form](edges), labels] for edges, labels in graphs]
    for n_iter in (1, 4):
        raw = wl_gram(data, n_iter=n_iter, direction=direction, normalize=False)
        np.testing.assert_array_equal(raw, grakel_gram(data, n_iter, normalize=False))
        ours = wl_gram(data, n_iter=n_iter, direction=direction)
        np.testing.assert_array_max_ulp(ours, grakel_gram(data, n_iter, normalize=True), maxulp=1)
        kernel = WLKernel(n_iter=n_iter, direction=direction)
        np.testing.assert_array_equal(kernel.fit_transform(data), ours)


@every_direction
@pytest.mark.parametrize("graph_format", ["dictionary", "adjacency", "all"])
def test_equals_grakel_on_its_own_objects(direction: str, graph_format: str) -> None:
    graphs = random_graphs(directed=direction == "out")
    objects = [grakel.Graph(*graph, graph_format=graph_format) for graph in graphs]
    raw = wl_gram(objects, direction=direction, normalize=False)
    np.testing.assert_array_equal(raw, grakel_gram([*map(list, graphs)], 3, normalize=False))
    assert [graph._format for graph in objects] == [graph_format] * len(objects)


@every_direction
def test_networkx_graphs_are_the_same_as_grakels_forms(direction: str) -> None:
    graphs = random_graphs(directed=direction == "out")
    kind = nx.DiGraph if direction == "out" else nx.Graph
    networkx = []
    for edges, labels in graphs:
        graph = kind()
        graph.add_nodes_from((node, {"op": label}) for node, label in labels.items())
        graph.add_edges_from(pairs(edges), weight=3)
        networkx.append(graph)
    expected = grakel_gram([*map(list, graphs)], 3, normalize=False)
    mixed = [networkx[0], *map(list, graphs[1:5]), *networkx[5:]]
    for data in (networkx, mixed, iter(networkx)):
        raw = wl_gram(data, direction=direction, normalize=False)
        np.testing.assert_array_equal(raw, expected)
    out_of_networkx = [[g.edges, dict(g.nodes(data="op"))] for g in networkx]
    np.testing.assert_array_equal(
        wl_gram(out_of_networkx, direction=direction, normalize=False), expected
    )


def test_an_undirected_edge_may_be_named_once_or_both_ways() -> None:
    graphs = random_graphs(directed=False)
    once = [[[(u, v) for u, v in pairs(edges) if u > v], labels] for edges, labels in graphs]
    both = wl_gram([*map(list, graphs)], direction="undirected")
    np.testing.assert_array_equal(wl_gram(once, direction="undirected"), both)


def test_labels_of_mixed_kinds() -> None:
    kinds = {"C": "C", "N": ("N", 1), "O": frozenset({8})}
    for more in ({"C": 6}, {"N": None}, {"O": 1.5}):
        graphs = random_graphs(directed=False)
        renamed = [
            [edges, {node: (kinds | more)[label] for node, label in labels.items()}]
            for edges, labels in graphs
        ]  # GraKeL sorts labels, and so refuses these.
        raw = wl_gram(renamed, direction="undirected", normalize=False)
        np.testing.assert_array_equal(raw, grakel_gram([*map(list, graphs)], 3, normalize=False))


def test_nodes_of_any_name() -> None:
    graph = [{"a": {("b", 2): 1}, ("b", 2): {None: 1}, None: {}}, {"a": 1, ("b", 2): 1, None: 2}]
    plain = [[(0, 1), (1, 2)], {0: 1, 1: 1, 2: 2}]
    assert wl_pairs([graph], [plain]) == 1
    tuples_as_nodes = [{(0, 0): [(0, 1)], (0, 1): []}, {(0, 0): 1, (0, 1): 1}]
    assert wl_pairs([tuples_as_nodes], [[[(0, 1)], {0: 1, 1: 1}]]) == 1


def test_what_is_an_edge_and_what_is_a_node_is_as_in_grakel() -> None:
    base = [{0: {1: 1.0}, 1: {0: 1.0}}, {0: "a", 1: "a"}]
    cases: list[Any] = [
        [{0: {1: 0.0}, 1: {0: -1.0}}, {0: "a", 1: "a"}],  # In a dictionary any weight is an edge,
        [np.array([[0, -1], [1, 0]]), {0: "a", 1: "a"}],  # in a matrix those above zero alone.
        [{0: {1: 1.0}, 1: {0: 1.0}}, {1: "a", 2: "b", 0: "a"}],  # Labels name isolated nodes.
        [{}, {0: "a"}],
        [set(), {0: "a", 1: "a"}],
        [{0: [1, 1]}, {0: "a", 1: "a"}],
        [[(0, 1), (1, 0)], {0: "a", 1: "a"}, {(0, 1): "double", (1, 0): "double"}],
    ]
    for case in cases:
        acyclic = isinstance(case[0], np.ndarray) or case[0] == {0: [1, 1]}
        data = [[case[0], case[1]], [{0: {1: 1.0}}, {0: "a", 1: "a"}]] if acyclic else [case, base]
        raw = wl_gram(data, direction="out" if acyclic else "undirected", normalize=False)
        np.testing.assert_array_equal(raw, grakel_gram(data, 3, normalize=False))


class Bond(NamedTuple):
    start: int
    end: int


def test_forms_that_grakel_lacks() -> None:
    labels = {0: "a", 1: "b", 2: "a"}
    expected = wl_gram([[[(0, 1), (1, 2)], labels]], normalize=False)
    chain = np.eye(3, k=1)
    for graph in (
        (chain, ["a", "b", "a"]),
        [chain, np.array(["a", "b", "a"])],
        [sparse.csr_array(chain), labels],
        [(edge for edge in [(0, 1), (1, 2)]), labels],
        [nx.DiGraph([(0, 1), (1, 2)]).adj, labels],
        [[Bond(0, 1), Bond(1, 2)], labels],
        Cell(("a", "b", "a"), ((0, 1), (1, 2))),
    ):
        np.testing.assert_array_equal(wl_gram([graph], normalize=False), expected)
    assert wl_pairs([[[], {0: "a"}]], [[np.zeros((1, 1)), ["a"]]]) == 1


def test_a_label_unseen_in_fit_is_as_in_grakel() -> None:
    graphs = [*map(list, random_graphs(directed=False))]
    seen = [[edges, dict.fromkeys(labels, "C")] for edges, labels in graphs[:8]]
    theirs, ours = grakel_kernel(2, True), WLKernel(n_iter=2, direction="undirected")
    for kernel in (theirs, ours):
        kernel.fit(seen)
    np.testing.assert_allclose(ours.transform(graphs), theirs.transform(graphs), rtol=1e-15)


def test_two_sets_of_graphs_and_features() -> None:
    graphs = [*map(list, random_graphs(directed=True))]
    raw = wl_gram(graphs, normalize=False)
    np.testing.assert_array_equal(wl_gram(graphs[:9], graphs[3:], normalize=False), raw[:9, 3:])
    np.testing.assert_array_equal(
        wl_pairs(graphs[:9], graphs[1:10]), wl_gram(graphs)[:9, 1:10].diagonal()
    )
    rows, columns = wl_features(iter(graphs[:9]), graphs[3:]), wl_features(graphs[3:])
    np.testing.assert_array_equal((rows @ columns.T).toarray(), raw[:9, 3:])


@pytest.mark.parametrize("labels", ["degree", "uniform"])
def test_graphs_without_labels(labels: str) -> None:
    named = [*map(list, random_graphs(directed=False))]
    unnamed = [[[edges], [edges, None], [edges, {}]][i % 3] for i, (edges, _) in enumerate(named)]
    objects = [grakel.Graph(edges) for edges, _ in named[1:]]
    options: dict[str, Any] = {"labels": labels, "direction": "undirected"}
    expected = wl_gram(named, **options)
    np.testing.assert_array_equal(wl_gram(unnamed, **options), expected)
    np.testing.assert_array_equal(wl_gram(objects, **options), expected[1:, 1:])
    assert wl_pairs([[np.zeros((3, 3))]], [[{0: [], 1: [], 2: []}]], **options) == 1


def test_large_graphs_in_several_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = [nx.gnp_random_graph(n, 0.05, seed=n, directed=True) for n in (256, 1, 65, 200, 64)]
    data = [[{(v, u) for u, v in g.edges if u < v}, dict.fromkeys(g, "a")] for g in graphs]
    whole = wl_gram(data, direction="out", normalize=False)
    np.testing.assert_array_equal(whole, grakel_gram(data, 3, normalize=False))
    monkeypatch.setattr("gemcore.graph_rows.DENSE_BYTES", 2 * 256**2)
    np.testing.assert_array_equal(wl_gram(data, direction="out", normalize=False), whole)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda e: e[0] != e[1])))
def test_agrees_with_networkx_on_any_edges(edges: list[tuple[int, int]]) -> None:
    labels = dict.fromkeys(range(6), "a")
    graph = nx.DiGraph(edges)
    cell = Cell.from_networkx(nx.Graph(_complete(graph)))
    assert wl_pairs([[edges, labels]], [cell], direction="undirected") == 1
    if nx.is_directed_acyclic_graph(graph):
        assert wl_pairs([[edges, labels]], [Cell(("a",) * 6, tuple(edges))]) == 1
    else:
        with pytest.raises(ValueError, match="graph 0 of cells: edges must not close a cycle"):
            wl_gram([[edges, labels]])


def _complete(graph: "nx.DiGraph[int]") -> "nx.DiGraph[int]":
    graph = graph.copy()
    graph.add_nodes_from(range(6), op="a")
    return graph


def test_reading_leaves_the_graphs_as_they_were() -> None:
    edges: Neighbors = {0: {1: 1.0}}
    wl_gram([[edges, {0: "a", 1: "b"}]])
    assert edges == {0: {1: 1.0}}


def test_no_graphs_are_an_empty_batch() -> None:
    assert wl_gram([]).shape == (0, 0)
    assert wl_pairs([], CellBatch.from_cells([])).shape == (0,)
    with warnings.catch_warnings(), pytest.raises(ValueError, match="X must hold at least one"):
        WLKernel().fit([])
