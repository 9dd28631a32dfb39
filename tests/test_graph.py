"""Pruning, canonical order, hash and random edits against networkx and their definitions."""

import itertools
import threading
import time
from collections import Counter

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import gemcore
from gemcore import Cell, CellBatch, SearchSpace, canonicalize, graph_hash, perturb, prune

PAPER = SearchSpace.preset("paper")
SMALL = SearchSpace.preset("small")
SPACES = [
    SMALL,
    PAPER,
    SearchSpace(num_nodes=1),
    SearchSpace(num_nodes=2, edge_prob=0.5),
    SearchSpace(num_nodes=5, ops=("conv3x3",), edge_prob=0.5),
    SearchSpace(num_nodes=70, edge_prob=0.04),
    SearchSpace.preset("nasbench101"),
]


def renumbered(cells: CellBatch, seed: int) -> CellBatch:
    return perturb(cells, 0, seed, renumber=True)


def textbook_prune(cell: Cell, to_output: bool = False) -> Cell:
    graph = cell.to_networkx()
    kept = {0} | nx.descendants(graph, 0)
    if to_output and "output" in cell.ops:
        outputs = {node for node, op in enumerate(cell.ops) if op == "output"}
        useful = outputs | {u for v in outputs for u in nx.ancestors(graph, v)}
        kept = {0} | (kept & useful)
    nodes = sorted(kept)
    new = {node: i for i, node in enumerate(nodes)}
    edges = tuple((new[u], new[v]) for u, v in cell.edges if u in new and v in new)
    return Cell(tuple(cell.ops[node] for node in nodes), edges)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: f"N={space.num_nodes}")
def test_pruning_keeps_what_the_input_reaches(space: SearchSpace) -> None:
    cells = space.sample(200, seed=1)
    for pruned, cell in zip(prune(cells), cells, strict=True):
        assert pruned == textbook_prune(cell)
    assert prune(prune(cells)) == prune(cells)


def test_pruning_to_the_output() -> None:
    cells = SearchSpace.preset("nasbench101").sample(500, seed=1)
    for pruned, cell in zip(prune(cells, to_output=True), cells, strict=True):
        assert pruned == textbook_prune(cell, to_output=True)
    without = SMALL.sample(50)
    assert prune(without, to_output=True) == prune(without)  # No op is called so.
    both = CellBatch.concatenate([cells, without])
    assert list(prune(both, to_output=True)[500:]) == list(prune(without))


def test_share_of_cells_with_dead_nodes() -> None:
    cells = PAPER.sample(20_000)
    assert abs((prune(cells).sizes < 30).mean() - 0.997) < 0.002


@pytest.mark.parametrize("space", SPACES, ids=lambda space: f"N={space.num_nodes}")
def test_isomorphic_cells_get_one_form_and_one_hash(space: SearchSpace) -> None:
    cells = space.sample(300, seed=2)
    form = canonicalize(cells)
    assert form.is_canonical.all()
    assert canonicalize(form) == form
    for seed in range(3):
        turned = renumbered(cells, seed)
        assert canonicalize(turned) == form
        np.testing.assert_array_equal(graph_hash(turned), graph_hash(cells))


def test_the_form_is_isomorphic_to_the_cell() -> None:
    same_op = nx.algorithms.isomorphism.categorical_node_match("op", None)
    cells = SMALL.sample(100, seed=3)
    for form, cell in zip(canonicalize(cells), cells, strict=True):
        assert nx.is_isomorphic(form.to_networkx(), cell.to_networkx(), node_match=same_op)
        assert all(u < v for u, v in form.edges)
        assert form.ops[0] == "input"


def test_equal_forms_mean_isomorphic_against_networkx() -> None:
    # Few nodes and one op: many pairs are isomorphic and many nearly so.
    space = SearchSpace(num_nodes=5, ops=("conv3x3",), edge_prob=0.5)
    cells = space.sample(120, seed=4)
    forms = list(canonicalize(cells))
    graphs = [cell.to_networkx() for cell in cells]
    same_op = nx.algorithms.isomorphism.categorical_node_match("op", None)
    for i, j in itertools.combinations(range(120), 2):
        isomorphic = nx.is_isomorphic(graphs[i], graphs[j], node_match=same_op)
        assert (forms[i] == forms[j]) == isomorphic


def test_form_and_hash_depend_on_names_not_on_their_numbers() -> None:
    cells = SMALL.sample(200, seed=5)
    other = cells.with_op_names(("sepconv3x3", "input", "conv1x1"))
    assert list(canonicalize(other)) == list(canonicalize(cells))
    np.testing.assert_array_equal(graph_hash(other), graph_hash(cells))
    wide = cells.widen(80)
    assert list(canonicalize(wide)) == list(canonicalize(cells))
    np.testing.assert_array_equal(graph_hash(wide), graph_hash(cells))


def two_layers(cycles: list[list[int]]) -> Cell:
    """Six nodes below the input, six below those, joined in cycles."""
    edges = [(0, 1 + i) for i in range(6)]
    for cycle in cycles:
        for i, node in enumerate(cycle):
            edges += [(1 + node, 7 + node), (1 + node, 7 + cycle[(i + 1) % len(cycle)])]
    return Cell(("input",) + ("conv1x1",) * 12, tuple(edges))


def test_cells_that_colors_confuse_share_a_hash_but_not_a_form() -> None:
    cells = CellBatch.from_cells(
        [two_layers([[0, 1, 2, 3, 4, 5]]), two_layers([[0, 1, 2], [3, 4, 5]])]
    )
    one, two = graph_hash(cells, 16)
    assert one == two
    forms = canonicalize(cells)
    assert forms.is_canonical.all()
    assert forms[0] != forms[1]
    for seed in range(5):
        assert canonicalize(renumbered(cells, seed)) == forms


def test_symmetry_without_end_is_admitted() -> None:
    # Points of a 12 x 12 grid below their rows, columns and diagonals: colors tell nothing apart,
    # and most leaves of the search are no images of each other.
    side = 12
    edges = [(0, 1 + i) for i in range(side * side)]
    for row, column in itertools.product(range(side), repeat=2):
        lines = (row, side + column, 2 * side + (row + column) % side)
        edges += [(1 + row * side + column, 1 + side * side + line) for line in lines]
    cell = Cell(("input",) + ("conv1x1",) * (side * side + 3 * side), tuple(edges))
    form = canonicalize(CellBatch.from_cells([cell]))
    assert not form.is_canonical[0]
    assert not form[0].is_canonical
    assert form[0].num_nodes == cell.num_nodes


def nasbench101_graphs(num_nodes: int) -> CellBatch:
    """All unlabelled graphs of NAS-Bench-101 with this many nodes, one of each class."""
    pairs = list(itertools.combinations(range(num_nodes), 2))
    masks = np.arange(2 ** len(pairs), dtype=np.uint32)
    masks = masks[np.bitwise_count(masks) <= 9]
    dense = np.zeros((len(masks), num_nodes, num_nodes), dtype=np.uint8)
    for bit, (u, v) in enumerate(pairs):
        dense[:, u, v] = masks >> bit & 1
    ops = np.full((len(masks), num_nodes), 1)
    ops[:, 0], ops[:, -1] = 0, 2
    cells = CellBatch.from_dense(dense, ops, op_names=("input", "conv", "output"))
    if num_nodes > 1:
        cells = cells[prune(cells, to_output=True).sizes == num_nodes]
        cells = cells[cells.num_edges > 0]
    form = canonicalize(cells).dense().reshape(len(cells), -1)
    _, first = np.unique(form, axis=0, return_index=True)
    return cells[first]


@pytest.mark.parametrize(
    ("num_nodes", "num_classes"), [(2, 1), (3, 6), (4, 84), (5, 2441), (6, 62010), (7, 359082)]
)
def test_classes_of_nasbench101(num_nodes: int, num_classes: int) -> None:
    graphs = nasbench101_graphs(num_nodes)
    inner = np.array(list(itertools.product(range(3), repeat=num_nodes - 2)), dtype=np.uint8)
    hashes = set()
    for labels in inner.reshape(len(inner), num_nodes - 2):
        ops = np.tile(np.r_[3, labels, 4].astype(np.uint8), (len(graphs), 1))
        names = ("conv3x3", "conv1x1", "maxpool3x3", "input", "output")
        cells = CellBatch(graphs.adjacency, ops, graphs.sizes, names)
        hashes.update(graph_hash(cells).tolist())
    assert len(hashes) == num_classes


def test_one_round_is_not_enough_for_nasbench101() -> None:
    graphs = nasbench101_graphs(6)
    hashes = [set(), set()]  # type: ignore[var-annotated]
    for labels in itertools.product(range(3), repeat=4):
        ops = np.tile(np.array([3, *labels, 4], dtype=np.uint8), (len(graphs), 1))
        cells = CellBatch(graphs.adjacency, ops, graphs.sizes, ("a", "b", "c", "in", "out"))
        for rounds, seen in enumerate(hashes, start=1):
            seen.update(graph_hash(cells, rounds).tolist())
    assert len(hashes[0]) < len(hashes[1]) == 62010


@given(st.integers(0, 40), st.integers(0, 2**64 - 1))
def test_edits_change_as_many_edges_as_they_say(num_edits: int, seed: int) -> None:
    cells = PAPER.sample(20, seed=6)
    edited = perturb(cells, num_edits, seed)
    changed = (edited.dense() != cells.dense()).sum(axis=(1, 2))
    assert (changed == num_edits).all()  # 87 of 435 edges are present: there is room for 40.
    gained = edited.num_edges - cells.num_edges
    assert set(np.unique(gained)) <= ({0} if num_edits % 2 == 0 else {-1, 1})
    assert (edited.ops[:, 0] == 0).all()
    assert ((edited.ops != cells.ops).sum(axis=1) <= min(num_edits, 8)).all()


def test_edits_depend_on_seed_and_index_alone() -> None:
    cells = SMALL.sample(1000, seed=1)
    edits = np.arange(1000) % 7
    flags = np.arange(1000) % 2 == 0
    whole = perturb(cells, edits, 3, renumber=flags)
    parts = [
        perturb(cells[a:b], edits[a:b], 3, start=a, renumber=flags[a:b])
        for a, b in ((0, 1), (1, 600), (600, 1000))
    ]
    assert CellBatch.concatenate(parts) == whole
    assert perturb(cells, edits, 4, renumber=flags) != whole


def test_edits_are_uniform_over_edges() -> None:
    cells = SearchSpace(num_nodes=5, edge_prob=0.5).sample(1)
    many = CellBatch.concatenate([cells] * 1)[[0] * 30_000]
    changed = (perturb(many, 2, seed=9).dense() != many.dense()).sum(axis=0)
    present = many.dense()[0] == 1
    absent = np.triu(~present, 1)
    for kind in (present, absent):
        assert stats.chisquare(changed[kind]).pvalue > 1e-4


def test_edits_of_cells_with_nothing_to_edit() -> None:
    single = SearchSpace(num_nodes=1).sample(3)
    assert perturb(single, 5, seed=1, renumber=True) == single
    complete = SearchSpace(num_nodes=4, edge_prob=1.0).sample(200)
    assert (perturb(complete, 2, seed=1).num_edges == 5).all()  # Nothing can be added.


def test_renumbering_reaches_every_order_and_keeps_input_and_output() -> None:
    names = ("input", "a", "b", "c", "output")
    cell = Cell(names, ((0, 4),))
    batch = CellBatch.from_cells([cell])[[0] * 3000]
    orders = Counter(turned.ops for turned in renumbered(batch, 1))
    assert all(order[0] == "input" and order[-1] == "output" for order in orders)
    assert len(orders) == 6
    assert stats.chisquare(list(orders.values())).pvalue > 1e-4


def test_threads_change_nothing() -> None:
    cells = PAPER.sample(3000, seed=8)
    before = gemcore.get_num_threads()
    answers = []
    for num_threads in (1, 2):
        gemcore.set_num_threads(num_threads)
        edited = perturb(cells, 5, 1, renumber=True)
        answers.append((prune(cells), canonicalize(cells), edited, graph_hash(cells).tolist()))
    gemcore.set_num_threads(before)
    assert answers[0] == answers[1]


def test_the_gil_is_released() -> None:
    cells = PAPER.sample(60_000, seed=1)
    done = threading.Event()

    def work() -> None:
        canonicalize(cells)
        done.set()

    before = gemcore.get_num_threads()
    gemcore.set_num_threads(1)
    thread = threading.Thread(target=work)
    thread.start()
    ticks = 0
    while not done.is_set():
        time.sleep(0.001)
        ticks += 1
    thread.join()
    gemcore.set_num_threads(before)
    assert ticks > 5


@pytest.mark.parametrize("function", [prune, canonicalize, graph_hash])
def test_only_batches_are_taken(function: object) -> None:
    with pytest.raises(TypeError, match=r"cells must be of type CellBatch.*, got list"):
        function([])  # type: ignore[operator]


def test_bad_arguments() -> None:
    cells = SMALL.sample(2)
    with pytest.raises(TypeError, match="cells must be of type CellBatch or DeviceCells, got Cell"):
        perturb(cells[0], 1)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match=r"n_iter must be in 0 \.\. 16, got 17"):
        graph_hash(cells, 17)
    with pytest.raises(ValueError, match="num_edits must be >= 0, got -1"):
        perturb(cells, -1)
    with pytest.raises(TypeError, match="num_edits must be integers, got float64"):
        perturb(cells, 0.5)
    with pytest.raises(ValueError, match=r"num_edits must have shape \[2\], got \[3\]"):
        perturb(cells, [1, 2, 3])
    with pytest.raises(TypeError, match="renumber must be bool, got int64"):
        perturb(cells, 1, renumber=1)
    with pytest.raises(ValueError, match=r"renumber must have shape \[2\], got \[1\]"):
        perturb(cells, 1, renumber=[True])
