"""How much faster are random cells drawn here than elsewhere? One core, one table, answers first.

DAGs of 30 nodes with 3 operations. Contestants take turns, so they share the machine's mood; CPU
time of this process. The limit is the raw rate of Philox: the same generator, at the same level of
vector instructions, which draws the blocks that a cell needs and stores nothing.

    python benchmarks/bench_sampling.py [--rounds 9] [--json FILE]
"""

import argparse
import importlib.util
import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gemcore import CellBatch, SearchSpace, _core, set_num_threads, simd_level

NUM_NODES, OPS = 30, ("conv1x1", "sepconv3x3", "conv3x3")
NUM_EDGES = NUM_NODES * (NUM_NODES - 1) // 2
NUM_CELLS, NUM_DENSE, NUM_OBJECTS = 8192, 1000, 500
EDGE_PROBS = tuple(round(0.05 * i, 2) for i in range(1, 20))
ROW_MASKS = np.array([2**NUM_NODES - 2 ** (u + 1) for u in range(NUM_NODES)], dtype=np.uint32)


@dataclass(frozen=True)
class Row:
    """One contestant: a call that draws num_cells cells, and how many edges its result has."""

    task: str
    name: str
    edge_prob: float
    num_cells: int
    run: Callable[[], Any]
    count: Callable[[Any], int]


@dataclass(frozen=True)
class Result:
    """What the table shows of a row."""

    task: str
    name: str
    us_min: float
    us_median: float
    ratio: float
    """Times as long as gemcore takes for the same task."""
    share_of_raw: float | None
    """Of the time, what drawing the blocks alone takes."""


def numpy_rows(rng: np.random.Generator) -> list[Row]:
    def bit_rows() -> Any:
        words = rng.integers(0, 2**32, (NUM_CELLS, NUM_NODES), dtype=np.uint32)
        ops = rng.integers(0, len(OPS), (NUM_CELLS, NUM_NODES), dtype=np.uint8)
        return words & ROW_MASKS, ops

    def dense(edge_prob: float) -> Any:
        uniforms = rng.random((NUM_DENSE, NUM_NODES, NUM_NODES))
        ops = rng.integers(0, len(OPS), (NUM_DENSE, NUM_NODES), dtype=np.uint8)
        return np.triu(uniforms < edge_prob, 1), ops

    def count(drawn: Any) -> int:
        return int(np.bitwise_count(drawn[0]).sum())

    return [
        Row("p .5", "numpy PCG64 bit rows", 0.5, NUM_CELLS, bit_rows, count),
        Row("p .5", "numpy random < p", 0.5, NUM_DENSE, lambda: dense(0.5), count),
        Row("any p", "numpy random < p", 0.2, NUM_DENSE, lambda: dense(0.2), count),
    ]


def torch_rows() -> list[Row]:
    shape = (NUM_DENSE, NUM_NODES, NUM_NODES)

    def bernoulli(edge_prob: float) -> Any:
        adjacency = torch.empty(shape, dtype=torch.uint8).bernoulli_(edge_prob).triu_(1)
        return adjacency, torch.randint(0, len(OPS), shape[:2], dtype=torch.uint8)

    def count(drawn: Any) -> int:
        return int(drawn[0].sum())

    return [
        Row("p .5", "torch bernoulli_", 0.5, NUM_DENSE, lambda: bernoulli(0.5), count),
        Row("any p", "torch bernoulli_", 0.2, NUM_DENSE, lambda: bernoulli(0.2), count),
    ]


def igraph_rows(rng: np.random.Generator) -> list[Row]:
    import igraph

    def draw() -> Any:
        graphs = [igraph.Graph.Erdos_Renyi(n=NUM_NODES, p=0.2) for _ in range(NUM_OBJECTS)]
        for graph in graphs:
            graph.vs["op"] = rng.integers(0, len(OPS), NUM_NODES)
        return graphs

    def count(graphs: Any) -> int:
        return sum(graph.ecount() for graph in graphs)

    return [Row("any p", "igraph Erdos_Renyi", 0.2, NUM_OBJECTS, draw, count)]


def rustworkx_rows(rng: np.random.Generator) -> list[Row]:
    import rustworkx

    def draw() -> Any:
        make = rustworkx.undirected_gnp_random_graph
        return [
            (make(NUM_NODES, 0.2), rng.integers(0, len(OPS), NUM_NODES)) for _ in range(NUM_OBJECTS)
        ]

    def count(drawn: Any) -> int:
        return sum(graph.num_edges() for graph, _ in drawn)

    return [Row("any p", "rustworkx gnp", 0.2, NUM_OBJECTS, draw, count)]


def gemcore_row(task: str, edge_prob: float) -> Row:
    space = SearchSpace(num_nodes=NUM_NODES, ops=OPS, edge_prob=edge_prob)

    def count(cells: CellBatch) -> int:
        return int(cells.num_edges.sum())

    return Row(task, "gemcore", edge_prob, NUM_CELLS, lambda: space.sample(NUM_CELLS), count)


def check_answers(rows: list[Row]) -> None:
    """Raises AssertionError unless each contestant has as many edges as it should, +- 5 sigma."""
    for row in rows:
        trials = row.num_cells * NUM_EDGES
        deviation = (trials * row.edge_prob * (1 - row.edge_prob)) ** 0.5
        excess = row.count(row.run()) - trials * row.edge_prob
        assert abs(excess) < 5 * deviation, f"{row.name}, p {row.edge_prob}: {excess} edges"


def blocks_needed(edge_prob: float) -> float:
    """Philox blocks of a cell: one for 4 operations; for 128 edges as many as decide them all."""
    threshold = round(edge_prob * 2**32)
    num_planes = 32 - ((threshold & -threshold).bit_length() - 1)
    sizes = [min(128, NUM_EDGES - first) for first in range(0, NUM_EDGES, 128)]
    undecided = (1 - (1 - 2.0**-plane) ** size for size in sizes for plane in range(num_planes))
    return -(-NUM_NODES // 4) + sum(undecided)


def measure(rows: list[Row], num_rounds: int) -> dict[Row, list[float]]:
    """CPU microseconds a cell, of each round."""
    times: dict[Row, list[float]] = {row: [] for row in rows}
    for _ in range(num_rounds):
        for row in rows:
            row.run()  # Warm: memory that was used before, as in a loop that draws.
            begin = time.process_time()
            row.run()
            times[row].append((time.process_time() - begin) / row.num_cells * 1e6)
    return times


def raw_row() -> Row:
    """Blocks, not cells: 8 for each of num_cells items."""
    run = lambda: _core.philox_checksum(1, NUM_CELLS)  # noqa: E731
    return Row("raw Philox", "8 blocks, not stored", 0.0, NUM_CELLS, run, lambda _: 0)


def results(times: dict[Row, list[float]], raw: Row) -> list[Result]:
    """One result a row; of gemcore's rows for any p the slowest alone."""
    us_block = min(times[raw]) / 8
    ours: dict[str, Row] = {}
    for row in times:
        if row.name == "gemcore" and (
            row.task not in ours or min(times[row]) > min(times[ours[row.task]])
        ):
            ours[row.task] = row
    shown = []
    for row, seconds in times.items():
        best, middle = min(seconds), statistics.median(seconds)
        if row is raw:
            shown.append(Result(row.task, row.name, best, middle, 1.0, 1.0))
        elif row is ours[row.task]:
            share = us_block * blocks_needed(row.edge_prob) / best
            name = f"gemcore, p {row.edge_prob:g}"
            shown.append(Result(row.task, name, best, middle, 1.0, share))
        elif row.name != "gemcore":
            ratio = best / min(times[ours[row.task]])
            shown.append(Result(row.task, row.name, best, middle, ratio, None))
    return shown


def print_table(shown: list[Result], missing: list[str]) -> None:
    print(
        f"{'task':10} {'by':22} {'us (min)':>10} {'us (median)':>12} {'ours is':>9} {'of raw':>7}"
    )
    for result in shown:
        share = "" if result.share_of_raw is None else f"{result.share_of_raw:.0%}"
        print(
            f"{result.task:10} {result.name:22} {result.us_min:10.4g} {result.us_median:12.4g} "
            f"{result.ratio:7.1f} x {share:>7}"
        )
    for name in missing:
        print(f"{'any p':10} {name:22} {'not installed':>23}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="where the table is also written")
    options = parser.parse_args()
    set_num_threads(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    rows = [*numpy_rows(rng), *torch_rows()]
    peers = {"igraph": igraph_rows, "rustworkx": rustworkx_rows}
    missing = [name for name in peers if importlib.util.find_spec(name) is None]
    for name in sorted(peers.keys() - missing):
        rows += peers[name](rng)
    rows.append(gemcore_row("p .5", 0.5))
    rows += [gemcore_row("any p", edge_prob) for edge_prob in EDGE_PROBS]
    check_answers(rows)
    raw = raw_row()
    times = measure([raw, *rows], options.rounds)
    shown = results(times, raw)
    print(f"{platform.processor() or platform.machine()}, {simd_level()}, numpy {np.__version__}")
    print_table(shown, missing)
    if options.json is not None:
        table = {"level": simd_level(), "rows": [asdict(r) for r in shown], "missing": missing}
        options.json.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
