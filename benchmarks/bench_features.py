"""How fast are exact features of cells counted? Answers first, then CPU time of one core.

Cells of NAS-Bench-101's space, and random cells of 10, 30 and 64 nodes. networkx lists all paths of
each cell; numpy follows them for a whole batch of dense matrices. Both give the paths alone: how
many there are, the shortest and the longest, and the most of each operation on any; gemcore gives
all columns. Contestants take turns, so they share the machine's mood.

    python benchmarks/bench_features.py [--rounds 7] [--json FILE]
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import measuring  # type: ignore[import-not-found]  # Beside this script.
import networkx as nx
import numpy as np
from measuring import Row
from numpy.typing import NDArray

from gemcore import (
    CellBatch,
    SearchSpace,
    feature_names,
    get_num_threads,
    graph_features,
    nasbench101_cost,
    prune,
    set_num_threads,
)

MOST_NODES_OF_LISTS = 10  # A cell of 30 nodes has thousands of paths.
SPACES = {
    "NAS-Bench-101": (SearchSpace.preset("nasbench101"), 100_000, 300),
    "10 nodes": (SearchSpace(num_nodes=10, edge_prob=0.4), 100_000, 100),
    "30 nodes": (SearchSpace(num_nodes=30, edge_prob=0.2), 20_000, 0),
    "64 nodes": (SearchSpace(num_nodes=64, edge_prob=0.1), 4_000, 0),
}
Paths = NDArray[np.float64]


def sampled(space: SearchSpace, num_cells: int) -> CellBatch:
    """As many pruned cells, of which none has lost its output."""
    cells = prune(space.sample(num_cells + num_cells // 2 + 20), to_output=space.has_output)
    return cells[cells.sizes > 1][:num_cells]


def networkx_paths(
    graphs: "list[nx.DiGraph[int]]", ops: list[list[str]], names: list[str]
) -> Paths:
    """Number, shortest and longest of the paths, and the most of each operation on any."""
    found = []
    for graph, labels in zip(graphs, ops, strict=True):
        ends = [v for v in graph if graph.out_degree(v) == 0]
        paths = list(nx.all_simple_paths(graph, 0, ends))
        lengths = [len(path) for path in paths]
        labelled = [[labels[v] for v in path] for path in paths]
        most = [max(path.count(name) for path in labelled) for name in names]
        found.append([len(paths), min(lengths), max(lengths), *most])
    return np.array(found, dtype=np.float64)


def numpy_paths(dense: NDArray[np.uint8], ops: NDArray[np.uint8], counted: list[int]) -> Paths:
    """The same for dense matrices, node by node."""
    edges, num_nodes = dense.astype(np.float64), ops.shape[1]
    is_end = (dense.sum(axis=2) == 0) & (ops != 255)
    paths = np.zeros(ops.shape)
    shortest, longest = np.full(ops.shape, np.inf), np.zeros(ops.shape)
    most = np.zeros((len(counted), *ops.shape))
    has = np.stack([ops == op for op in counted])
    paths[:, 0] = shortest[:, 0] = longest[:, 0] = 1
    for v in range(1, num_nodes):
        before = edges[:, :v, v]
        paths[:, v] = (before * paths[:, :v]).sum(axis=1)
        nearest = np.where(before > 0, shortest[:, :v], np.inf).min(axis=1)
        shortest[:, v] = nearest + 1
        longest[:, v] = (before * (longest[:, :v] + 1)).max(axis=1)
        most[:, :, v] = (before * most[:, :, :v]).max(axis=2) + has[:, :, v]
    totals = [(paths * is_end).sum(axis=1), np.where(is_end, shortest, np.inf).min(axis=1)]
    totals += [(longest * is_end).max(axis=1), *(most * is_end).max(axis=2)]
    return np.stack(totals, axis=1)


def check(cells: CellBatch, ops: list[str], rivals: list[Callable[[], Paths]]) -> None:
    names = feature_names(cells.op_names)
    wanted = ["paths", "shortest path", "longest path", *(f"{op} most on a path" for op in ops)]
    columns = [names.index(name) for name in wanted]
    ours = np.expm1(graph_features(cells).astype(np.float64))[:, columns]
    for rival in rivals:
        theirs = rival()
        np.testing.assert_allclose(ours[: len(theirs)], theirs, rtol=1e-5)


def rows_of(task: str) -> list[Row]:
    space, num_cells, num_listed = SPACES[task]
    cells, ops = sampled(space, num_cells), list(space.ops)
    some, few = cells[:2000], cells[:num_listed]
    dense, counted = some.dense(), [some.op_names.index(op) for op in ops]
    graphs = [cell.to_networkx() for cell in few]
    labels = [list(cell.ops) for cell in few]

    def by_numpy() -> Paths:
        return numpy_paths(dense, some.ops, counted)

    def by_networkx() -> Paths:
        return networkx_paths(graphs, labels, ops)

    num_paths = f"{3 + len(ops)} columns"
    rivals: list[Row] = [Row(task, "numpy", "", len(some), by_numpy, note=num_paths)]
    if num_listed:
        rivals.append(Row(task, "networkx", "", num_listed, by_networkx, note=num_paths))
    check(cells, ops, [row.run for row in rivals if row.run is not None])
    num_columns = len(feature_names(cells.op_names))
    ours = Row(
        task,
        "gemcore",
        "",
        len(cells),
        lambda: graph_features(cells),
        written=4 * num_columns,
        note=f"{num_columns} columns",
    )
    return [*rivals, ours]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    all_threads = get_num_threads()
    set_num_threads(1)
    rows = [row for task in SPACES for row in rows_of(task)]
    cells = sampled(*SPACES["NAS-Bench-101"][:2])
    cost = Row("cost of NAS-Bench-101", "gemcore", "", len(cells), lambda: nasbench101_cost(cells))
    measuring.measure([*rows, cost], arguments.rounds)
    found = measuring.results([*rows, cost], ("networkx", "numpy"), measuring.write_bandwidth())
    measuring.print_table(found)
    set_num_threads(all_threads)
    million = cells[np.arange(1_000_000) % len(cells)]
    wall = min(measuring.wall_seconds(lambda: graph_features(million)) for _ in range(3))
    print(f"\nA million cells of NAS-Bench-101 on {all_threads} threads: {wall:.2f} s.")
    if arguments.json:
        measuring.write_json(
            arguments.json, machine=measuring.machine(), rows=found, million_seconds=wall
        )


if __name__ == "__main__":
    main()
