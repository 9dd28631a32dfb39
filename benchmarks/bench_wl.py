"""How much faster are WL similarities here than elsewhere? One core, one table, answers first.

Random DAGs of 30 nodes, 3 rounds. GraKeL and numpy compute the undirected kernel, networkx the
in/out kernel; each is set against gemcore in the same direction. Contestants take turns, so they
share the machine's mood; CPU time of this process.

    python benchmarks/bench_wl.py [--density 0.2] [--num-ops 2] [--rounds 5]
"""

import argparse
import math
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from grakel.kernels import VertexHistogram, WeisfeilerLehman
from numpy.typing import NDArray

from gemcore import CellBatch, set_num_threads, wl_gram, wl_pairs

NUM_NODES, N_ITER = 30, 3
NUM_PAIRS, NUM_NUMPY_PAIRS, NUM_SLOW_PAIRS, GRAM_SIZE = 20_000, 1000, 100, 500


@dataclass(frozen=True)
class Row:
    """One contestant: a call that computes num_values similarities."""

    task: str
    name: str
    direction: str
    num_values: int
    run: Callable[[], NDArray[Any]]


def random_cells(num_cells: int, density: float, num_ops: int, seed: int) -> CellBatch:
    rng = np.random.default_rng(seed)
    adjacency = np.triu(rng.random((num_cells, NUM_NODES, NUM_NODES)) < density, 1)
    ops = rng.integers(0, num_ops, (num_cells, NUM_NODES))
    return CellBatch.from_dense(adjacency, ops, op_names=range(num_ops))


def both_ways(cells: CellBatch) -> NDArray[np.uint8]:
    return cells.dense() | cells.dense().transpose(0, 2, 1)


def networkx_graphs(cells: CellBatch) -> "list[nx.DiGraph[int]]":
    graphs = [cell.to_networkx() for cell in cells]
    for graph in graphs:
        nx.set_node_attributes(graph, {v: str(op) for v, op in graph.nodes(data="op")}, "op")
    return graphs


def grakel_graphs(cells: CellBatch) -> list[Any]:
    return [
        [
            {u: {int(v): 1.0 for v in np.flatnonzero(row)} for u, row in enumerate(matrix)},
            dict(enumerate(ops.tolist())),
        ]
        for matrix, ops in zip(both_ways(cells), cells.ops, strict=True)
    ]


def grakel_gram(graphs: list[Any]) -> NDArray[Any]:
    kernel = WeisfeilerLehman(n_iter=N_ITER, normalize=True, base_graph_kernel=VertexHistogram)
    return np.asarray(kernel.fit_transform(graphs))


def networkx_pair(a: "nx.DiGraph[int]", b: "nx.DiGraph[int]") -> float:
    x, y = (
        Counter(
            color
            for node in nx.weisfeiler_lehman_subgraph_hashes(
                graph, node_attr="op", iterations=N_ITER, include_initial_labels=True
            ).values()
            for color in enumerate(node)
        )
        for graph in (a, b)
    )
    xy, xx, yy = (sum(n * q[color] for color, n in p.items()) for p, q in ((x, y), (x, x), (y, y)))
    return xy / math.sqrt(xx * yy)


def numpy_colors(adjacency: NDArray[np.uint64], ops: NDArray[np.uint8]) -> list[NDArray[Any]]:
    """Undirected colors of each round by masked sums, all graphs at once."""

    def mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))

    colors = [mix(ops.astype(np.uint64) + np.uint64(1))]
    for _ in range(N_ITER):
        neighbors = (adjacency * colors[-1][:, None, :]).sum(axis=-1, dtype=np.uint64)
        colors.append(mix(colors[-1] * np.uint64(0x9E3779B97F4A7C15) + neighbors))
    return colors


def numpy_pairs(x: list[NDArray[Any]], y: list[NDArray[Any]]) -> NDArray[np.float64]:
    def kernel(p: list[NDArray[Any]], q: list[NDArray[Any]]) -> NDArray[Any]:
        equal = [
            (a[:, :, None] == b[:, None, :]).sum(axis=(1, 2)) for a, b in zip(p, q, strict=True)
        ]
        return np.asarray(np.sum(equal, axis=0))

    return np.asarray(kernel(x, y) / np.sqrt(kernel(x, x) * kernel(y, y)))


def pair_rows(a: CellBatch, b: CellBatch) -> list[Row]:
    slow_a, slow_b = a[:NUM_SLOW_PAIRS], b[:NUM_SLOW_PAIRS]
    edge_dictionaries = list(zip(grakel_graphs(slow_a), grakel_graphs(slow_b), strict=True))
    digraphs = list(zip(networkx_graphs(slow_a), networkx_graphs(slow_b), strict=True))
    mid_a, mid_b = a[:NUM_NUMPY_PAIRS], b[:NUM_NUMPY_PAIRS]
    matrices = [both_ways(cells).astype(np.uint64) for cells in (mid_a, mid_b)]

    def grakel() -> NDArray[Any]:
        return np.array([grakel_gram([x, y])[0, 1] for x, y in edge_dictionaries])

    def networkx() -> NDArray[Any]:
        return np.array([networkx_pair(x, y) for x, y in digraphs])

    def numpy() -> NDArray[Any]:
        return numpy_pairs(
            numpy_colors(matrices[0], mid_a.ops), numpy_colors(matrices[1], mid_b.ops)
        )

    return [
        Row("pairs", "GraKeL", "undirected", NUM_SLOW_PAIRS, grakel),
        Row("pairs", "numpy", "undirected", NUM_NUMPY_PAIRS, numpy),
        Row(
            "pairs", "gemcore", "undirected", len(a), lambda: wl_pairs(a, b, direction="undirected")
        ),
        Row("pairs", "networkx", "in_out", NUM_SLOW_PAIRS, networkx),
        Row("pairs", "gemcore", "in_out", len(a), lambda: wl_pairs(a, b)),
    ]


def gram_rows(cells: CellBatch) -> list[Row]:
    graphs = grakel_graphs(cells)
    num_values = len(cells) * (len(cells) + 1) // 2

    def gram() -> NDArray[Any]:
        return wl_gram(cells, direction="undirected")

    return [
        Row("gram", "GraKeL", "undirected", num_values, lambda: grakel_gram(graphs)),
        Row("gram", "gemcore", "undirected", num_values, gram),
    ]


def check_answers(rows: list[Row]) -> None:
    """Raises AssertionError unless each contestant agrees with gemcore on what both compute."""
    answers = [row.run() for row in rows]
    for row, answer in zip(rows, answers, strict=True):
        ours = answers[rows.index(ours_for(row, rows))]
        np.testing.assert_allclose(answer, ours[: len(answer)], rtol=1e-12, err_msg=row.name)


def ours_for(row: Row, rows: list[Row]) -> Row:
    same = (r for r in rows if (r.task, r.direction) == (row.task, row.direction))
    return next(r for r in same if r.name == "gemcore")


def measure(rows: list[Row], num_rounds: int) -> dict[Row, list[float]]:
    """CPU microseconds a similarity, of each round."""
    times: dict[Row, list[float]] = {row: [] for row in rows}
    for _ in range(num_rounds):
        for row in rows:
            begin = time.process_time()
            row.run()
            times[row].append((time.process_time() - begin) / row.num_values * 1e6)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--density", type=float, default=0.2)
    parser.add_argument("--num-ops", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="The hashes produced for directed graphs changed")
    set_num_threads(1)
    a, b = (random_cells(NUM_PAIRS, options.density, options.num_ops, seed) for seed in (0, 1))
    rows = pair_rows(a, b) + gram_rows(a[:GRAM_SIZE])
    check_answers(rows)
    times = measure(rows, options.rounds)
    print(
        f"{'task':6} {'direction':11} {'by':9} {'us (min)':>10} {'us (median)':>12} {'ours is':>9}"
    )
    for row in rows:
        best, middle = min(times[row]), statistics.median(times[row])
        ratio = best / min(times[ours_for(row, rows)])
        print(
            f"{row.task:6} {row.direction:11} {row.name:9} {best:10.4g} {middle:12.4g} "
            f"{ratio:7.0f} x"
        )


if __name__ == "__main__":
    main()
