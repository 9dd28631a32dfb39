"""Exact features against their definitions, path by path with networkx."""

import os
import signal
import threading
import time
from collections.abc import Sequence
from itertools import combinations, pairwise
from math import log1p
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemcore import (
    Cell,
    CellBatch,
    SearchSpace,
    canonicalize,
    feature_names,
    get_num_threads,
    graph_features,
    perturb,
    prune,
    set_num_threads,
    set_simd_level,
    simd_levels,
)

NASBENCH101 = SearchSpace.preset("nasbench101")
SPACES = [
    SearchSpace.preset("small"),
    NASBENCH101,
    SearchSpace(num_nodes=1),
    SearchSpace(num_nodes=2, edge_prob=0.5),
    SearchSpace(num_nodes=2, edge_prob=0.5, has_output=True),
    SearchSpace(num_nodes=8, ops=("conv3x3",), edge_prob=0.3),
    SearchSpace(num_nodes=7, ops=("conv1x1", "conv3x3", "identity", "maxpool3x3"), edge_prob=0.5),
    SearchSpace(num_nodes=9, ops=SearchSpace.preset("nasbench101").ops, edge_prob=0.7),
]


class Definition:
    """The features of one cell, from an enumeration of its paths."""

    def __init__(self, cell: Cell) -> None:
        graph: nx.DiGraph[int] = cell.to_networkx()
        is_output = {v for v in graph if cell.ops[v] == "output"}
        reached = {0} | nx.descendants(graph, 0)
        if is_output:
            useful = is_output.union(*(nx.ancestors(graph, v) for v in is_output))
            reached = {0} | (reached & useful)
        self.graph = nx.DiGraph(graph.subgraph(reached))
        self.op = {v: cell.ops[v] for v in self.graph}
        outputs = {v for v in self.graph if self.op[v] == "output"}
        leaves = {v for v in self.graph if self.graph.out_degree(v) == 0}
        self.ends = outputs or leaves
        read = {u for v in outputs for u in self.graph.predecessors(v)}
        self.read = read if outputs else leaves
        self.paths = list(self.paths_from(0))

    def paths_from(self, node: int, *, to: int | None = None) -> list[list[int]]:
        """All paths from a node to an end, or to one node."""
        ends = self.ends if to is None else {to}
        found, paths = [], [[node]]
        for path in paths:  # Grows while it is walked.
            found += [path] if path[-1] in ends else []
            paths += [[*path, v] for v in self.graph.successors(path[-1])]
        return found

    def of_nodes(self, nodes: set[int]) -> list[float]:
        after = nodes & set(self.graph.successors(0))
        return [len(nodes), len(after), len(nodes & self.read)]

    def of_op(self, op: str) -> list[float]:
        nodes = {v for v in self.graph if self.op[v] == op}
        before = [len(path) for v in nodes for path in self.paths_from(0, to=v)]
        behind = [len(path) for v in nodes for path in self.paths_from(v)]
        on_path = [len(nodes & set(path)) for path in self.paths]
        longest = max(map(len, self.paths))
        return [
            *self.of_nodes(nodes),
            sum(self.graph.in_degree(v) for v in nodes),
            sum(self.graph.out_degree(v) for v in nodes),
            *(min(before, default=0), max(before, default=0)),
            *(min(behind, default=0), max(behind, default=0)),
            *(max(on_path), min(on_path)),
            max(len(nodes & set(path)) for path in self.paths if len(path) == longest),
            float(np.mean(on_path)),
            float(np.mean([number > 0 for number in on_path])),
        ]

    def of_subset(self, subset: Sequence[str]) -> list[float]:
        allowed = {v for v in self.graph if self.op[v] in (*subset, "input", "output")}
        lengths = [len(path) for path in self.paths if allowed.issuperset(path)]
        found: list[float] = [len(lengths), min(lengths, default=0), max(lengths, default=0)]
        if len(subset) > 1:
            nodes = {v for v in self.graph if self.op[v] in subset}
            found += self.of_nodes(nodes)
            found.append(self.graph.subgraph(nodes).number_of_edges())
            found.append(max(len(nodes & set(path)) for path in self.paths))
        return found

    def edges(self, a: str, b: str) -> int:
        return sum(self.op[u] == a and self.op[v] == b for u, v in self.graph.edges)

    def of_cell(self) -> list[float]:
        lengths = [len(path) for path in self.paths]
        inputs = [self.graph.in_degree(v) for v in self.graph]
        outputs = [self.graph.out_degree(v) for v in self.graph]
        depth = {v: max(map(len, self.paths_from(0, to=v))) for v in self.graph}
        return [
            *(len(self.graph), self.graph.number_of_edges(), len(lengths)),
            *(min(lengths), max(lengths), float(np.mean(lengths))),
            *(0 in self.read, self.graph.out_degree(0), len(self.read)),
            *(float(np.mean(inputs)), max(inputs), max(outputs)),
            *(float(np.var(inputs)), float(np.var(outputs))),
            max(list(depth.values()).count(length) for length in depth.values()),
            sum(number > 1 for number in inputs),
            sum(number > 1 for number in outputs),
        ]

    def width(self, node: int) -> float:
        """Channels of a node's output, as a share of the cell's."""
        outputs = {v for v in self.graph if self.op[v] == "output"}
        if node == 0 or node in outputs or not outputs:
            return 1
        readers = set(self.graph.successors(node))
        if readers & outputs:
            read = {u for u in self.graph if u and set(self.graph.successors(u)) & outputs}
            return 1 / len(read)
        return max(self.width(v) for v in readers)

    def walks(self, *, by_width: bool, forward: bool = False) -> list[tuple[float, set[int]]]:
        """Probability of each walk, and the nodes that it meets."""
        found = []
        for path in self.paths:
            chance = 1.0 if forward else 1 / len(self.ends)
            for u in path if forward else []:
                chance /= self.graph.out_degree(u) + (u in self.ends)
            for u, v in [] if forward else pairwise(path):
                read = list(self.graph.predecessors(v))
                total = sum(self.width(w) if by_width else 1 for w in read)
                chance *= (self.width(u) if by_width else 1) / total
            found.append((chance, set(path)))
        assert sum(chance for chance, _ in found) == pytest.approx(1)
        return found

    def of_walks(self, subset: Sequence[str]) -> list[float]:
        nodes = {v for v in self.graph if self.op[v] in subset}
        found = []
        for by_width in (False, True):
            met = [(p, len(nodes & seen)) for p, seen in self.walks(by_width=by_width)]
            mean = sum(p * number for p, number in met)
            variance = sum(p * (number - mean) ** 2 for p, number in met)
            found += [mean, variance**0.5 if variance > 1e-9 else 0.0]
        ahead = self.walks(by_width=False, forward=True)
        return [*found, sum(p * len(nodes & seen) for p, seen in ahead)]

    def features(self, op_names: Sequence[str]) -> list[float]:
        """All but those of cost."""
        ops = [op for op in op_names if op not in ("input", "output")]
        sizes = range(1, len(ops)) if len(ops) <= 4 else (1, len(ops) - 1)
        subsets = [list(some) for size in sizes for some in combinations(ops, size)]
        if len(ops) > 4:  # All but the first, all but the second, ...
            subsets[len(ops) :] = reversed(subsets[len(ops) :])
        numbers = [x for op in ops for x in self.of_op(op)]
        numbers += [x for subset in subsets for x in self.of_subset(subset)]
        numbers += [self.edges(a, b) for a in ops for b in ops] if len(ops) <= 16 else []
        numbers += self.of_cell()
        numbers += [x for subset in [*subsets, ops] for x in self.of_walks(subset)]
        return [log1p(x) for x in numbers]


def tolerance(name: str) -> float:
    """A spread is the root of a difference: near 0 half of the digits are lost."""
    return 2e-6 if "spread" in name else 2e-7


def assert_as_defined(cells: CellBatch) -> None:
    expected = [Definition(cell).features(cells.op_names) for cell in cells]
    found = graph_features(cells)
    names = feature_names(cells.op_names)
    assert found.dtype == np.float32
    assert found.shape == (len(cells), len(names))
    num_costs = 2 * (names[-1] == "params")
    for i, row in enumerate(expected):
        for name, wanted, got in zip(names[: len(names) - num_costs], row, found[i], strict=False):
            assert got == pytest.approx(wanted, rel=2e-7, abs=tolerance(name)), f"cell {i}: {name}"
    assert len(expected[0]) == len(names) - num_costs


@pytest.mark.parametrize("space", SPACES, ids=lambda space: f"N={space.num_nodes}")
def test_features_are_those_of_the_definition(space: SearchSpace) -> None:
    assert_as_defined(space.sample(60, seed=1))


def test_cells_above_the_limit_of_small_numbers() -> None:
    for num_nodes in (12, 13, 14):
        assert_as_defined(SearchSpace(num_nodes=num_nodes, edge_prob=0.5).sample(5, seed=2))
    full = SearchSpace(num_nodes=12, edge_prob=1.0).sample(3)
    assert_as_defined(full)


@st.composite
def any_cells(draw: st.DrawFn) -> CellBatch:
    num_nodes = draw(st.integers(1, 7))
    names = draw(st.sampled_from([("a",), ("input", "a", "b"), ("input", "a", "output")]))
    pairs = list(combinations(range(num_nodes), 2))
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    ops = draw(st.lists(st.sampled_from(names), min_size=num_nodes, max_size=num_nodes))
    return CellBatch.from_cells([Cell(tuple(ops), tuple(edges))], names)


@given(any_cells())
@settings(max_examples=150, deadline=None)
def test_any_labels_at_any_node(cells: CellBatch) -> None:
    assert_as_defined(cells)


@pytest.mark.parametrize("num_ops", [5, 17])
def test_many_operations(num_ops: int) -> None:
    names = ("input", *(f"op{i}" for i in range(num_ops)))
    rng = np.random.default_rng(0)
    adjacency = np.triu(rng.random((6, 7, 7)) < 0.5, 1)
    ops = rng.integers(1, num_ops + 1, (6, 7))
    ops[:, 0] = 0
    assert_as_defined(CellBatch.from_dense(adjacency, ops, op_names=names))


def test_255_operations_and_256_nodes() -> None:
    names = tuple(map(str, range(255)))
    ops = np.arange(256)[None] % 255
    chain = np.eye(256, k=1)[None]
    cells = CellBatch.from_dense(chain, ops, op_names=names)
    of = dict(zip(feature_names(names), np.expm1(graph_features(cells)[0]), strict=True))
    assert of["longest path"] == pytest.approx(256)
    assert of["0 nodes"] == pytest.approx(2)
    assert of["254 longest from the input"] == pytest.approx(255)


def test_paths_of_the_largest_cell() -> None:
    """The complete DAG has 2^(N - 2) paths, and half of them pass any one inner node."""
    for num_nodes in (30, 256):
        space = SearchSpace(num_nodes=num_nodes, ops=("conv1x1",), edge_prob=1.0)
        found = graph_features(space.sample(1))[0]
        of = dict(zip(feature_names(space.op_names), found, strict=True))
        assert of["paths"] == pytest.approx(log1p(2.0 ** (num_nodes - 2)))
        assert of["edges"] == pytest.approx(log1p(num_nodes * (num_nodes - 1) / 2))
        assert of["mean path"] == pytest.approx(log1p(2 + (num_nodes - 2) / 2))


@pytest.mark.parametrize("space", SPACES, ids=lambda space: f"N={space.num_nodes}")
def test_numbering_changes_nothing(space: SearchSpace) -> None:
    cells = space.sample(50, seed=3)
    expected = graph_features(cells)
    np.testing.assert_array_equal(graph_features(perturb(cells, 0, renumber=True)), expected)
    np.testing.assert_array_equal(graph_features(canonicalize(cells)), expected)


def test_nodes_that_pruning_drops_do_not_count() -> None:
    for space in SPACES:
        cells = space.sample(50, seed=4)
        pruned = prune(cells, to_output=space.has_output)
        np.testing.assert_array_equal(graph_features(cells), graph_features(pruned))


def test_width_parts_and_threads_change_nothing() -> None:
    for space in (NASBENCH101, SearchSpace.preset("paper")):
        cells = space.sample(3000)
        expected = graph_features(cells)
        np.testing.assert_array_equal(graph_features(cells.widen(70)), expected)
        parts = [graph_features(cells[i : i + 7]) for i in range(0, 49, 7)]
        np.testing.assert_array_equal(np.concatenate(parts), expected[:49])
        before = get_num_threads()
        set_num_threads(1)
        np.testing.assert_array_equal(graph_features(cells), expected)
        set_num_threads(before)


def slow_cells(num_cells: int) -> CellBatch:
    """The largest cells there are: a third of a millisecond each."""
    return SearchSpace(num_nodes=256, edge_prob=1.0).sample(1)[np.zeros(num_cells, dtype=np.int64)]


def test_the_gil_is_released() -> None:
    cells = slow_cells(2000)
    thread = threading.Thread(target=graph_features, args=(cells,))
    count = 0
    thread.start()
    while thread.is_alive():
        count += 1
    assert count > 1000  # With the GIL held, the loop would have run once or twice.


def test_ctrl_c_ends_a_long_call() -> None:
    cells = slow_cells(40_000)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    begin = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        graph_features(cells)
    assert time.monotonic() - begin < 2


def test_every_level_of_vector_instructions_gives_the_same_bits(level_as_before: None) -> None:
    for space in SPACES:
        cells = space.sample(77, seed=5)
        found = []
        for level in simd_levels():
            set_simd_level(level)
            found.append(graph_features(cells).tobytes())
        assert len(set(found)) == 1


def test_an_operation_that_is_not_registered_has_no_cost() -> None:
    assert feature_names(("input", "conv1x1"))[-1] == "params"
    assert feature_names(("input", "conv1x1", "mystery"))[-1] == "conv1x1+mystery on a walk forward"


def test_cost_of_a_cell_without_an_output() -> None:
    cell = Cell(("input", "conv1x1", "conv3x3"), ((0, 1), (0, 2), (1, 2)))
    macs, params = np.expm1(graph_features(CellBatch.from_cells([cell]))[0, -2:].astype(float))
    # 1x1 reads 16 channels, 3x3 reads 32; 32x32 positions; norms have 2 * 16 parameters.
    assert macs == pytest.approx((16 * 16 + 9 * 32 * 16) * 1024, rel=1e-5)
    assert params == pytest.approx(16 * 16 + 9 * 32 * 16 + 2 * 32, rel=1e-5)


def test_empty_batch() -> None:
    names = ("input", "conv1x1")
    assert graph_features(CellBatch.from_cells([], names)).shape == (0, len(feature_names(names)))


def test_only_batches_are_taken() -> None:
    wrong: Any = []
    with pytest.raises(TypeError, match="cells must be of type CellBatch, got list"):
        graph_features(wrong)
