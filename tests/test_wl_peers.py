"""gemcore.wl against GraKeL and networkx, on more than 20,000 random pairs each."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from gemcore import Cell, CellBatch, wl_gram

pytestmark = pytest.mark.usefixtures("every_simd_level")

NUM_CELLS = 80  # 3,240 pairs a case


@dataclass(frozen=True)
class Case:
    """Random cells, all of num_nodes nodes or of 1 .. num_nodes."""

    num_nodes: int
    density: float
    num_ops: int
    n_iter: int
    mixed: bool

    def cells(self) -> list[Cell]:
        rng = np.random.default_rng([self.num_nodes, self.num_ops, self.n_iter])
        cells = []
        for _ in range(NUM_CELLS):
            size = int(rng.integers(1, self.num_nodes + 1)) if self.mixed else self.num_nodes
            edges = np.argwhere(np.triu(rng.random((size, size)) < self.density, 1))
            ops = rng.integers(0, self.num_ops, size).tolist()
            cells.append(Cell(tuple(ops), tuple((int(u), int(v)) for u, v in edges)))
        return cells


CASES = [
    Case(1, 0.5, 2, 1, False),
    Case(2, 0.5, 1, 2, True),
    Case(6, 0.3, 1, 5, False),
    Case(9, 0.6, 3, 2, True),
    Case(16, 0.02, 2, 5, True),
    Case(20, 0.95, 5, 1, False),
    Case(30, 0.05, 1, 5, False),
    Case(30, 0.2, 2, 3, True),
    Case(33, 0.1, 4, 4, False),
    Case(64, 0.02, 3, 3, True),
    Case(64, 0.3, 1, 0, False),
    Case(64, 0.95, 1, 2, True),
]
every_case = pytest.mark.parametrize("case", CASES, ids=str)


def test_there_are_enough_pairs() -> None:
    assert len(CASES) * NUM_CELLS * (NUM_CELLS + 1) // 2 > 20_000


def grakel_gram(graphs: list[Any], n_iter: int, normalize: bool) -> NDArray[np.float64]:
    kernels = pytest.importorskip("grakel.kernels", reason="GraKeL is not installed")
    if n_iter == 0:  # Refused by WeisfeilerLehman; its definition is the base kernel.
        kernel = kernels.VertexHistogram(normalize=normalize)
    else:
        kernel = kernels.WeisfeilerLehman(
            n_iter=n_iter, normalize=normalize, base_graph_kernel=kernels.VertexHistogram
        )
    return np.asarray(kernel.fit_transform(graphs))


@every_case
@pytest.mark.parametrize("direction", ["undirected", "out"])
def test_equals_grakel(case: Case, direction: str) -> None:
    cells = case.cells()
    graphs = []
    for cell in cells:
        both_ways = [(v, u) for u, v in cell.edges] if direction == "undirected" else []
        neighbors: dict[int, dict[int, float]] = {v: {} for v in range(cell.num_nodes)}
        for u, v in [*cell.edges, *both_ways]:
            neighbors[u][v] = 1.0
        graphs.append([neighbors, dict(enumerate(cell.ops))])
    batch = CellBatch.from_cells(cells)
    raw = wl_gram(batch, n_iter=case.n_iter, direction=direction, normalize=False)
    np.testing.assert_array_equal(raw, grakel_gram(graphs, case.n_iter, normalize=False))
    np.testing.assert_array_max_ulp(
        wl_gram(batch, n_iter=case.n_iter, direction=direction),
        grakel_gram(graphs, case.n_iter, normalize=True),
        maxulp=1,
    )


def networkx_gram(graphs: "list[nx.Graph[int]]", n_iter: int) -> NDArray[np.int64]:
    histograms = []
    for graph in graphs:
        hashes = nx.weisfeiler_lehman_subgraph_hashes(
            graph, node_attr="op", iterations=max(1, n_iter), include_initial_labels=True
        )
        rounds = [enumerate(node[: n_iter + 1]) for node in hashes.values()]
        histograms.append(Counter(color for node in rounds for color in node))
    columns = {color: i for i, color in enumerate(dict.fromkeys(c for h in histograms for c in h))}
    features = np.zeros((len(histograms), len(columns)), dtype=np.int64)
    for row, histogram in zip(features, histograms, strict=True):
        row[[columns[color] for color in histogram]] = list(histogram.values())
    return features @ features.T


@pytest.mark.filterwarnings("ignore:The hashes produced for directed graphs changed")
@every_case
def test_equals_networkx(case: Case) -> None:
    cells = case.cells()
    graphs = [cell.to_networkx() for cell in cells]
    for graph in graphs:  # Of fixed width: networkx joins labels without a separator.
        for _, attributes in graph.nodes(data=True):
            attributes["op"] = f"{attributes['op']:02d}"
    batch = CellBatch.from_cells(cells)
    raw = wl_gram(batch, n_iter=case.n_iter, normalize=False)
    np.testing.assert_array_equal(raw, networkx_gram(graphs, case.n_iter))


@pytest.mark.parametrize("n_iter", [1, 3])
def test_undirected_graphs_equal_networkx(n_iter: int) -> None:
    graphs = [nx.gnp_random_graph(9, 0.3, seed=seed) for seed in range(30)]
    for seed, graph in enumerate(graphs):
        rng = np.random.default_rng(seed)
        nx.set_node_attributes(graph, {v: str(rng.integers(2)) for v in graph}, "op")
    batch = CellBatch.from_networkx(graphs)
    raw = wl_gram(batch, n_iter=n_iter, direction="undirected", normalize=False)
    np.testing.assert_array_equal(raw, networkx_gram(graphs, n_iter))
