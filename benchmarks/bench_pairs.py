"""How many training pairs a second: made, written, read? One table, answers first.

Random cells of 30 nodes with the default mixture. The peer does the same with numpy and networkx:
it draws a matrix, edits it, drops dead nodes and counts the colors of networkx. Contestants take
turns, so they share the machine's mood. CPU time of this process; "by the clock" compares one
thread with two and wants an idle machine. The limit is how fast numpy fills memory in the same run,
for the bytes of a pair must at least be written.

    python benchmarks/bench_pairs.py [--preset paper] [--rounds 7] [--json FILE]
"""

import argparse
import itertools
import json
import math
import statistics
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from gemcore import (
    CellBatch,
    EncoderConfig,
    PairShards,
    PairStream,
    SearchSpace,
    perturb,
    prune,
    set_num_threads,
    wl_pairs,
)
from gemcore.encoder.data import PAIRS_AT_ONCE
from gemcore.encoder.training import Training
from gemcore.pair_shards import find_faults, write_pair_shards

BATCH_SIZE, NUM_BATCHES, NUM_SLOW_PAIRS = 4096, 4, 100
NUM_PAIRS = BATCH_SIZE * NUM_BATCHES
FILLED = 2**28

Graph: TypeAlias = "nx.DiGraph[int]"


@dataclass(frozen=True)
class Row:
    """One contestant: a call that handles so many pairs, by so many threads."""

    name: str
    num_pairs: int
    run: Callable[[], Any]
    num_threads: int = 1
    clock: Callable[[], float] = time.process_time


@dataclass(frozen=True)
class Rate:
    """What was measured of a row: microseconds a pair."""

    name: str
    best: float
    median: float
    num_threads: int

    @property
    def pairs_per_second(self) -> float:
        return 1e6 / self.best


def plain_graph(space: SearchSpace, rng: np.random.Generator) -> Graph:
    n = space.num_nodes
    matrix = np.triu(rng.random((n, n)) < space.edge_prob, 1)
    graph = nx.from_numpy_array(matrix, create_using=nx.DiGraph)
    ops = ["input", *(str(op) for op in rng.choice(space.ops, n - 1))]
    nx.set_node_attributes(graph, dict(enumerate(ops)), "op")
    return graph


def plain_edited(graph: Graph, space: SearchSpace, rng: np.random.Generator) -> Graph:
    edited, n = graph.copy(), space.num_nodes
    num_edits = int(41 ** rng.random())
    for edit in range(num_edits):
        if edit % 2:
            u, v = sorted(rng.choice(n, 2, replace=False).tolist())
            edited.add_edge(u, v)
        elif edited.number_of_edges():
            edges = list(edited.edges)
            edited.remove_edge(*edges[rng.integers(len(edges))])
    for node in rng.choice(np.arange(1, n), min(num_edits, 8), replace=False).tolist():
        edited.nodes[node]["op"] = str(rng.choice(space.ops))
    return edited


def plain_pruned(graph: Graph) -> Graph:
    return graph.subgraph({0} | nx.descendants(graph, 0))


def plain_colors(graph: Graph) -> Counter[tuple[int, str]]:
    hashes = nx.weisfeiler_lehman_subgraph_hashes(
        graph, node_attr="op", iterations=3, include_initial_labels=True
    )
    return Counter(color for node in hashes.values() for color in enumerate(node))


def plain_similarity(a: Graph, b: Graph) -> float:
    x, y = plain_colors(a), plain_colors(b)
    xy, xx, yy = (sum(n * q[c] for c, n in p.items()) for p, q in ((x, y), (x, x), (y, y)))
    return xy / math.sqrt(xx * yy)


def plain_pairs(space: SearchSpace) -> list[tuple[Graph, Graph, float]]:
    """What the stream does, as one would write it."""
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(NUM_SLOW_PAIRS):
        a = plain_graph(space, rng)
        b = plain_graph(space, rng) if rng.random() < 0.5 else plain_edited(a, space, rng)
        a, b = plain_pruned(a), plain_pruned(b)
        pairs.append((a, b, plain_similarity(a, b)))
    return pairs


def check_answers(space: SearchSpace, folder: Path) -> None:
    """Raises AssertionError unless the peer's similarities are ours, and the shards' pairs."""
    a, b, similarity = zip(*plain_pairs(space), strict=True)
    ours = wl_pairs(CellBatch.from_networkx(a), CellBatch.from_networkx(b))
    np.testing.assert_allclose(ours, similarity, rtol=1e-12)
    batch = PairShards(folder).pairs(start=5, num_pairs=1000)
    again = PairStream(space).pairs(start=5, num_pairs=1000)
    assert batch.cells_b == again.cells_b
    assert bool((batch.similarity == again.similarity).all())


def stream_rows(stream: PairStream) -> list[Row]:
    def made() -> None:
        for number in range(NUM_BATCHES):
            stream.pairs(start=number * BATCH_SIZE, num_pairs=BATCH_SIZE)

    by_the_clock = [
        Row("stream, by the clock", NUM_PAIRS, made, num_threads, time.perf_counter)
        for num_threads in (1, 2)
    ]
    return [Row("stream", NUM_PAIRS, made), *by_the_clock]


def part_rows(space: SearchSpace, stream: PairStream) -> list[Row]:
    draws = stream.mixture.draw(0, 0, BATCH_SIZE)
    cells = space.sample(2 * BATCH_SIZE)
    first, second = cells[::2], cells[1::2]
    edited = perturb(first, draws.num_edits, renumber=draws.renumber)
    a, b = prune(first), prune(edited)
    parts: dict[str, Callable[[], Any]] = {
        "- kinds and edits": lambda: stream.mixture.draw(0, 0, BATCH_SIZE),
        "- sample two": lambda: space.sample(2 * BATCH_SIZE),
        "- perturb one": lambda: perturb(second, draws.num_edits, renumber=draws.renumber),
        "- prune two": lambda: (prune(first), prune(edited)),
        "- compare": lambda: wl_pairs(a, b),
    }
    return [Row(name, BATCH_SIZE, part) for name, part in parts.items()]


def shard_rows(stream: PairStream, folder: Path) -> list[Row]:
    shards = PairShards(folder)

    def written() -> None:
        with tempfile.TemporaryDirectory(dir=folder.parent) as out:
            write_pair_shards(stream, out, num_pairs=NUM_PAIRS)

    return [
        Row("shards written", NUM_PAIRS, written),
        Row("shards verified", NUM_PAIRS, lambda: find_faults(folder)),
        Row("shards read, shuffled", NUM_PAIRS, lambda: sum(map(len, shards))),
    ]


def encoder_rows(space: SearchSpace) -> list[Row]:
    """Steps of training the default encoder, and what of them makes the pairs it learns from."""
    config = EncoderConfig(device="cpu")
    training = Training(space, config, seed=0)
    num_steps = PAIRS_AT_ONCE // config.batch_size  # Which get their pairs together.
    unused = itertools.count(start=1000)

    def steps() -> None:
        for _ in range(num_steps):
            training.step()

    def batches() -> None:
        first = next(unused) * num_steps
        for step in range(first, first + num_steps):
            training.data.batch(step)

    num_pairs = num_steps * config.batch_size
    return [
        Row("encoder, a step", num_pairs, steps),
        Row("- its pairs, as input", num_pairs, batches),
    ]


def measure(rows: list[Row], num_rounds: int) -> list[Rate]:
    """Microseconds a pair, of each row in turn."""
    times: dict[Row, list[float]] = {row: [] for row in rows}
    for _ in range(num_rounds):
        for row in rows:
            set_num_threads(row.num_threads)
            begin = row.clock()
            row.run()
            times[row].append((row.clock() - begin) / row.num_pairs * 1e6)
    set_num_threads(1)
    return [
        Rate(row.name, min(spent), statistics.median(spent), row.num_threads)
        for row, spent in times.items()
    ]


def fill(block: NDArray[np.uint8]) -> float:
    """Bytes a second that numpy writes to memory."""
    times = []
    for value in range(5):
        begin = time.process_time()
        block.fill(value)
        times.append(time.process_time() - begin)
    return len(block) / min(times)


def show(rates: list[Rate], pair_bytes: float, limit: float) -> None:
    ours = next(rate for rate in rates if rate.name == "stream")
    print(f"{pair_bytes:.0f} bytes a pair, numpy fills memory with {limit / 1e9:.1f} GB/s")
    print(
        f"{'what':22} {'threads':>7} {'us a pair (min)':>15} {'(median)':>9} {'k pairs/s':>10} "
        f"{'of the limit':>12} {'of stream':>10}"
    )
    for rate in rates:
        share = rate.pairs_per_second * pair_bytes / limit
        print(
            f"{rate.name:22} {rate.num_threads:7} {rate.best:15.4g} {rate.median:9.4g} "
            f"{rate.pairs_per_second / 1e3:10.4g} {share:12.2%} {rate.best / ours.best:8.2f} x"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="paper")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="The hashes produced for directed graphs changed")
    space = SearchSpace.preset(options.preset)
    stream = PairStream(space, batch_size=BATCH_SIZE)
    limit = fill(np.ones(FILLED, dtype=np.uint8))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "pairs"
        write_pair_shards(stream, folder, num_pairs=NUM_PAIRS, shard_size=NUM_PAIRS // 2)
        check_answers(space, folder)
        pair_bytes = sum(path.stat().st_size for path in folder.glob("*.safetensors")) / NUM_PAIRS
        ours = [*stream_rows(stream), *part_rows(space, stream), *shard_rows(stream, folder)]
        peer = Row("numpy and networkx", NUM_SLOW_PAIRS, lambda: plain_pairs(space))
        rates = measure([*ours, *encoder_rows(space), peer], options.rounds)
    show(rates, pair_bytes, limit)
    if options.json is not None:
        told = [asdict(rate) | {"pairs_per_second": rate.pairs_per_second} for rate in rates]
        content = {"preset": options.preset, "bytes_per_second": limit, "rates": told}
        options.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
