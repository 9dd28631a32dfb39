"""gemcore.Cell: one cell and its other forms."""

import pickle

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemcore import Cell

CHAIN = Cell(("input", "conv1x1", "sepconv3x3"), ((0, 1), (1, 2)))


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    size = draw(st.integers(1, 12))
    pairs = [(u, v) for v in range(size) for u in range(v)]
    edges = draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    ops = draw(st.lists(st.sampled_from(["conv1x1", "sepconv3x3"]), min_size=size, max_size=size))
    return Cell(("input", *ops[1:]), tuple(edges))


@given(cells())
def test_every_form_leads_back(cell: Cell) -> None:
    assert Cell.from_json(cell.to_json()) == cell
    assert Cell.from_networkx(cell.to_networkx()) == cell
    assert Cell.from_dense(cell.to_dense(), cell.ops) == cell
    assert pickle.loads(pickle.dumps(cell)) == cell
    assert eval(repr(cell)) == cell
    assert hash(Cell(cell.ops, tuple(reversed(cell.edges)))) == hash(cell)


@given(cells(), st.randoms(use_true_random=False))
def test_any_topological_numbering_is_renumbered(cell: Cell, random: object) -> None:
    order = list(range(cell.num_nodes))
    random.shuffle(order)  # type: ignore[attr-defined]
    new = {old: number for number, old in enumerate(order)}
    ops = [cell.ops[old] for old in order]
    turned = Cell(tuple(ops), tuple((new[u], new[v]) for u, v in cell.edges))
    assert all(u < v for u, v in turned.edges)
    same_op = nx.algorithms.isomorphism.categorical_node_match("op", None)
    assert nx.is_isomorphic(turned.to_networkx(), cell.to_networkx(), node_match=same_op)


def test_the_order_given_is_kept_where_it_can_be() -> None:
    assert Cell(("a", "b", "c"), ((2, 1),)).ops == ("a", "c", "b")
    assert Cell(("a", "b", "c"), ((0, 2),)).ops == ("a", "b", "c")


def test_undirected_graphs_go_from_low_to_high() -> None:
    graph = nx.Graph([("x", "y"), ("z", "x")])
    nx.set_node_attributes(graph, {"x": 1, "y": 2, "z": 3}, "op")
    assert Cell.from_networkx(graph) == Cell((1, 2, 3), ((0, 1), (0, 2)))


def test_is_immutable() -> None:
    with pytest.raises(AttributeError):
        CHAIN.ops = ()  # type: ignore[misc]


def test_sizes_one_and_256() -> None:
    assert Cell(("input",)).num_nodes == 1
    assert Cell(("input",) * 256, ((0, 255),)).to_dense().sum() == 1


@pytest.mark.parametrize(
    ("ops", "edges", "error", "message"),
    [
        ((), (), ValueError, r"ops must name 1 \.\. 256 nodes, got 0"),
        (("a",) * 257, (), ValueError, r"ops must name 1 \.\. 256 nodes, got 257"),
        ("conv1x1", (), TypeError, "ops must be a sequence of operations, got the string"),
        (([],), (), TypeError, r"ops must be hashable, got \[\] at node 0"),
        (("a", "b"), ((0, 0),), ValueError, r"edges must not be self loops, got \(0, 0\)"),
        (("a", "b"), ((0, 2),), ValueError, r"edges must join nodes 0 \.\. 1, got \(0, 2\)"),
        (("a", "b"), ((0, -1),), ValueError, r"edges must join nodes 0 \.\. 1, got \(0, -1\)"),
        (("a", "b"), ((0, 0.5),), TypeError, r"edges must be pairs of integers, got \(0, 0.5\)"),
        (("a", "b"), (0,), TypeError, "edges must be pairs of integers, got 0"),
    ],
)
def test_bad_cells(ops: object, edges: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Cell(ops, edges)  # type: ignore[arg-type]


def test_cycles_are_named_by_a_node_on_them() -> None:
    # Node 3 only hangs below the cycle 1 -> 2 -> 1.
    with pytest.raises(ValueError, match=r"must not close a cycle, got one through node [12]$"):
        Cell(("a",) * 4, ((0, 1), (1, 2), (2, 1), (2, 3)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "text must be JSON, got '{'"),
        ("[]", r"text must be an object with 'ops' and 'edges', got '\[\]'"),
        ('{"ops": ["input"]}', "text must be an object with 'ops' and 'edges'"),
    ],
)
def test_bad_json(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cell.from_json(text)


def test_only_names_are_written_as_json() -> None:
    with pytest.raises(TypeError, match="ops must be strings to be written as JSON, got 7"):
        Cell((7,)).to_json()


def test_bad_dense() -> None:
    with pytest.raises(ValueError, match=r"adjacency must have shape \[2, 2\], got \[2, 3\]"):
        Cell.from_dense(np.zeros((2, 3)), ("a", "b"))
    with pytest.raises(ValueError, match="adjacency must hold 0 and 1 alone"):
        Cell.from_dense([[0, 2], [0, 0]], ("a", "b"))


def test_bad_networkx() -> None:
    with pytest.raises(TypeError, match="graph must be of type Graph, got list"):
        Cell.from_networkx([])
    with pytest.raises(ValueError, match="graph must not be a multigraph"):
        Cell.from_networkx(nx.MultiDiGraph())
    with pytest.raises(ValueError, match="the attribute 'op' at every node, got none at 5"):
        Cell.from_networkx(nx.DiGraph([(5, 6)]))
