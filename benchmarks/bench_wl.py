"""How much faster are WL similarities here than elsewhere? One core, one table, answers first.

Random DAGs, 3 rounds. Contestants take turns, so they share the machine's mood; CPU time of this
process a value, fastest and median of the turns. GraKeL, wlplan, PyG and karateclub compute the
undirected kernel, networkx the in/out kernel, numpy and gemcore both; answers are compared before
anything is timed. Every level of vector instructions that the machine has is a row.

    python benchmarks/bench_wl.py [--tasks pairs gram ...] [--rounds 5] [--json FILE]
"""

import argparse
import os
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # Before numpy and torch are loaded.

import measuring  # type: ignore[import-not-found]  # Beside this script, like the next two.
import networkx as nx
import numpy as np
import wl_numpy  # type: ignore[import-not-found]
import wl_peers  # type: ignore[import-not-found]
from measuring import Row
from numpy.typing import NDArray

import gemcore
from gemcore import CellBatch, SearchSpace, graph_hash, wl_gram, wl_pairs
from gemcore.graph_forms import read_graphs

N_ITER = 3
DIRECTIONS = ("undirected", "in_out")
RIVALS = ("GraKeL", "numpy", "networkx")
HASH_ROUNDS = 7


def random_cells(num_cells: int, num_nodes: int, density: float, num_ops: int) -> CellBatch:
    rng = np.random.default_rng([num_cells, num_nodes, num_ops])
    adjacency = np.triu(rng.random((num_cells, num_nodes, num_nodes)) < density, 1)
    ops = rng.integers(0, num_ops, (num_cells, num_nodes))
    return CellBatch.from_dense(adjacency, ops, op_names=range(num_ops))


def ours(
    task: str, direction: str, num_values: int, run: Callable[[], Any], written: int = 0
) -> list[Row]:
    """A row a level of vector instructions, the fastest last."""

    def at(level: str) -> Any:
        gemcore.set_simd_level(level)
        return run()

    return [
        Row(task, f"gemcore {level}", direction, num_values, partial(at, level), written)
        for level in gemcore.simd_levels()
    ]


def pair_rows(
    task: str, cells: CellBatch, num_slow: int, num_numpy: int, peers: Sequence[Any]
) -> list[Row]:
    """Similarities of the first half of the cells with the second, fresh cells in every pair."""
    half = len(cells) // 2
    a, b = cells[:half], cells[half:]
    x, y = wl_peers.grakel_graphs(a[:num_slow]), wl_peers.grakel_graphs(b[:num_slow])

    def grakel() -> NDArray[Any]:
        two = zip(x, y, strict=True)
        return np.array([wl_peers.grakel_gram([*pair], N_ITER)[0, 1] for pair in two])

    rows = [Row(task, "GraKeL", "undirected", num_slow, grakel)]
    slow = CellBatch.concatenate([a[:num_slow], b[:num_slow]])
    rows += [peer_row(task, peer, slow, num_slow, wl_peers.pairs_of) for peer in peers]
    for direction in DIRECTIONS:
        few = [batch[:num_numpy] for batch in (a, b)]
        given = [(batch.dense(), batch.ops) for batch in few]
        run = partial(numpy_pairs, given, direction)
        rows.append(Row(task, "numpy", direction, num_numpy, run))
        rows += ours(task, direction, half, partial(wl_pairs, a, b, direction=direction))
    return rows


def numpy_pairs(batches: list[Any], direction: str) -> NDArray[Any]:
    x, y = (wl_numpy.colors(*batch, N_ITER, direction) for batch in batches)
    return np.asarray(wl_numpy.pairs(x, y))


def peer_row(
    task: str, peer: Any, cells: CellBatch, num_values: int, reduce: Callable[[Any], Any]
) -> Row:
    if peer.missing:
        return Row(task, peer.name, peer.direction, note=peer.missing)
    given = peer.prepare(cells)

    def run() -> Any:
        return reduce(peer.features(given, N_ITER))

    return Row(task, peer.name, peer.direction, num_values, run)


def gram_rows(num_cells: int) -> list[Row]:
    cells = random_cells(num_cells, 30, 0.5, 3)
    task, num_values = f"gram {num_cells}", num_cells * (num_cells + 1) // 2
    graphs = wl_peers.grakel_graphs(cells)
    run = partial(wl_peers.grakel_gram, graphs, N_ITER)
    rows = [Row(task, "GraKeL", "undirected", num_values, run)]
    rows += [peer_row(task, p, cells, num_values, wl_peers.gram_of) for p in wl_peers.PEERS]
    for direction in DIRECTIONS:
        run = partial(numpy_gram, cells.dense(), cells.ops, direction)
        rows.append(Row(task, "numpy", direction, num_values, run))
        run = partial(wl_gram, cells, direction=direction)
        # The matrix has twice as many entries of 8 bytes as there are values.
        rows += ours(task, direction, num_values, run, written=16)
    return rows


def numpy_gram(dense: NDArray[np.uint8], ops: NDArray[np.uint8], direction: str) -> NDArray[Any]:
    return np.asarray(wl_numpy.gram(wl_numpy.colors(dense, ops, N_ITER, direction)))


def hash_rows() -> list[Row]:
    cells = SearchSpace.preset("nasbench101").sample(20_000, seed=0)
    graphs = wl_peers.networkx_graphs(cells[:200])

    def networkx() -> NDArray[Any]:
        hashes = [
            nx.weisfeiler_lehman_graph_hash(g, node_attr="op", iterations=HASH_ROUNDS)
            for g in graphs
        ]
        return classes(hashes)

    def hashes() -> NDArray[np.uint64]:
        return graph_hash(cells, n_iter=HASH_ROUNDS)

    rows = [Row("hash", "networkx", "in_out", len(graphs), networkx)]
    return rows + ours("hash", "in_out", len(cells), hashes)


def reading_rows() -> list[Row]:
    """1,000 graphs of density .2 in GraKeL's forms: its own parsing, and a CellBatch of ours."""
    graphs = wl_peers.grakel_graphs(random_cells(1000, 30, 0.2, 3))
    rows = []
    for form, convert in wl_peers.GRAKEL_FORMS.items():
        data = [(convert(edges), labels) for edges, labels in graphs]
        task = f"read {form}"
        read = partial(read_graphs, "graphs", data, direction="undirected", labels="ops")
        rows += [
            Row(task, "GraKeL", "", len(data), partial(wl_peers.grakel_objects, data)),
            Row(task, "gemcore", "", len(data), read),
        ]
    return rows


def classes(hashes: Sequence[Any]) -> NDArray[np.intp]:
    """Which of the hashes are equal, whatever they are."""
    number: dict[Any, int] = {}
    return np.array([number.setdefault(value, len(number)) for value in hashes])


def sweep_rows(num_rounds: int) -> list[Row]:
    """The worst rate over densities and numbers of operations, measured at once."""
    gemcore.set_simd_level(gemcore.simd_levels()[-1])
    found = []
    for direction in DIRECTIONS:
        rows = []
        for density in (0.1, 0.3, 0.5, 0.7, 0.9):
            for num_ops in (1, 2, 3):
                cells = random_cells(20_000, 30, density, num_ops)
                run = partial(wl_pairs, cells[:10_000], cells[10_000:], direction=direction)
                name = f"gemcore p {density}, {num_ops} ops"
                rows.append(Row("sweep", name, direction, 10_000, run))
        measuring.measure(rows, num_rounds)
        usual = next(row for row in rows if row.name == "gemcore p 0.5, 3 ops")
        worst = max(rows, key=lambda row: row.best)
        worst.note = f"the worst of 15; {usual.best / worst.best:.2f} of the rate at p 0.5, 3 ops"
        found += rows
    return found


def thread_rows(num_rounds: int) -> list[Row]:
    """Wall time, of which one thread needs twice as much as two on an idle machine."""
    cells = random_cells(100_000, 30, 0.5, 3)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(num_rounds):
        for num_threads in seconds:
            gemcore.set_num_threads(num_threads)
            run = partial(wl_pairs, cells[:50_000], cells[50_000:])
            seconds[num_threads].append(measuring.wall_seconds(run) / 50_000)
    gemcore.set_num_threads(1)
    gain = min(seconds[1]) / min(seconds[2])
    return [
        Row(
            "threads",
            f"gemcore {n}",
            "in_out",
            seconds=s,
            note=f"wall time; {gain:.2f} x" * (n - 1),
        )
        for n, s in seconds.items()
    ]


def check_answers(rows: Sequence[Row]) -> None:
    """Raises AssertionError unless contestants of one task and direction agree."""
    answers: dict[tuple[str, str], Any] = {}
    for row in reversed(rows):  # gemcore's come last, and answer for most.
        if row.run is None:
            continue
        answer = row.run()
        if row.task == "hash":
            answer = classes(answer[:200].tolist())
        elif isinstance(answer, CellBatch):
            answer = answer.num_edges
        elif row.task.startswith("read"):
            answer = np.array([wl_peers.num_edges(graph) for graph in answer])
        wanted = answers.setdefault((row.task, row.direction), answer)
        np.testing.assert_allclose(answer, wanted[: len(answer)], rtol=1e-12, err_msg=row.name)


def usual_pairs() -> list[Row]:
    return pair_rows("pairs", random_cells(40_000, 30, 0.5, 3), 100, 1000, wl_peers.PEERS)


def size_rows() -> list[Row]:
    """Larger graphs, at density .1; peers that are slow at 30 nodes are left out."""
    rows = []
    for num_nodes, num_pairs in ((64, 4000), (128, 2000), (250, 800)):
        cells = random_cells(2 * num_pairs, num_nodes, 0.1, 3)
        rows += pair_rows(f"pairs N {num_nodes}", cells, 10, max(10, 6400 // num_nodes), [])
    return rows


def instructions_note() -> str:
    cells = random_cells(200_000, 30, 0.5, 3)
    gemcore.set_simd_level(gemcore.simd_levels()[-1])
    found = measuring.instructions(partial(wl_pairs, cells[:100_000], cells[100_000:]))
    if found is None:
        return "Instructions a pair: not counted, for there is no perf or no counter of them."
    return f"Instructions a pair (in_out, p .5, 3 ops): {found / 100_000:,.0f}"


def main() -> None:
    tasks: dict[str, Callable[[], list[Row]]] = {
        "pairs": usual_pairs,
        "sizes": size_rows,
        "gram": partial(gram_rows, 1000),
        "hash": hash_rows,
        "reading": reading_rows,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="+", choices=[*tasks, "sweep", "threads"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file that the results are written to as well")
    options = parser.parse_args()
    chosen = options.tasks or [*tasks, "sweep", "threads"]
    warnings.filterwarnings("ignore")  # Of peers, which warn of their own age.
    gemcore.set_num_threads(1)
    rows = [row for name, make in tasks.items() if name in chosen for row in make()]
    check_answers(rows)
    measuring.measure(rows, options.rounds)
    rows += sweep_rows(options.rounds) if "sweep" in chosen else []
    rows += thread_rows(options.rounds) if "threads" in chosen else []
    bandwidth = measuring.write_bandwidth()
    found = measuring.results(rows, RIVALS, bandwidth)
    machine = measuring.machine() | {"write_bandwidth": bandwidth}
    measuring.print_table(found)
    print(
        f"\n{machine['cpu']}, commit {machine['commit']}, best level {machine['simd_levels'][-1]}"
    )
    print(f"Limit: one core writes {bandwidth / 1e9:.1f} GB a second. {instructions_note()}")
    if options.json:
        measuring.write_json(options.json, machine=machine, rows=found)


if __name__ == "__main__":
    main()
