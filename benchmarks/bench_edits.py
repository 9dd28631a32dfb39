"""How fast are cells edited, pruned and put in canonical order? One core, answers first.

Random cells of 30 nodes, density .2 and .5. networkx finds what is kept by descendants; numpy does
each task for a whole batch of dense matrices, edits by other random numbers of the same law. One
row has no rival: the edits and numberings that a stream of pairs asks for. Contestants take turns,
so they share the machine's mood; a turn is one call to warm up and five that are timed. CPU time of
this process.

    python benchmarks/bench_edits.py [--rounds 10] [--json]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from gemcore import (
    CellBatch,
    PairMixture,
    SearchSpace,
    canonicalize,
    perturb,
    prune,
    set_num_threads,
    simd_level,
)
from gemcore.packing import label_colors

NUM_NODES, NUM_EDITS = 30, 4
NUM_CELLS, NUM_NUMPY_CELLS, NUM_NETWORKX_CELLS = 4096, 512, 64
CALLS_IN_A_TURN = 5


@dataclass(frozen=True)
class Row:
    """One contestant: a call that turns num_cells cells into others."""

    task: str
    edge_prob: float
    name: str
    num_cells: int
    run: Callable[[], Any]


def networkx_prune(graphs: "list[nx.DiGraph[int]]") -> list[list[int]]:
    """The nodes that are kept."""
    return [sorted({0} | nx.descendants(graph, 0)) for graph in graphs]


def numpy_prune(dense: NDArray[np.uint8], ops: NDArray[np.uint8]) -> tuple[Any, Any]:
    reached = np.zeros(ops.shape, dtype=bool)
    reached[:, 0] = True
    for u in range(NUM_NODES):
        reached |= dense[:, u].astype(bool) & reached[:, u, None]
    return reorder(dense, ops, np.argsort(~reached, axis=1, kind="stable"), reached.sum(axis=1))


def reorder(
    dense: NDArray[np.uint8], ops: NDArray[np.uint8], order: NDArray[Any], sizes: NDArray[Any]
) -> tuple[Any, Any]:
    """The first nodes of an order, and the rest absent."""
    rows = np.arange(len(ops))[:, None]
    kept = np.arange(NUM_NODES) < sizes[:, None]
    turned = dense[rows[:, :, None], order[:, :, None], order[:, None, :]]
    turned = turned * (kept[:, :, None] & kept[:, None, :])
    return turned, np.where(kept, ops[rows, order], 255)


def numpy_perturb(
    dense: NDArray[np.uint8], ops: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[Any, Any]:
    """NUM_EDITS edits of the same law as perturb's, by other random numbers."""
    num_cells = len(ops)
    upper = np.triu(np.ones((NUM_NODES, NUM_NODES), dtype=bool), 1)
    edited, labels = dense.copy().reshape(num_cells, -1), ops.copy()
    keys = rng.random((num_cells, NUM_NODES, NUM_NODES), dtype=np.float32)
    rows = np.arange(num_cells)[:, None]
    half = NUM_EDITS // 2
    for pool in (dense == 1, upper & (dense == 0)):
        ranked = np.where(pool, keys, 2).reshape(num_cells, -1)
        edited[rows, np.argpartition(ranked, half, axis=1)[:, :half]] ^= 1
    count = rng.integers(0, NUM_EDITS + 1, num_cells)
    nodes = rng.integers(1, NUM_NODES, (num_cells, NUM_EDITS))
    drawn = rng.integers(1, 3, (num_cells, NUM_EDITS), dtype=np.uint8)
    for i in range(NUM_EDITS):
        chosen = count > i
        labels[chosen, nodes[chosen, i]] = drawn[chosen, i]
    return edited.reshape(dense.shape), labels


def mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def numpy_canonicalize(
    dense: NDArray[np.uint8], ops: NDArray[np.uint8], labels: NDArray[np.uint64]
) -> tuple[Any, Any, Any]:
    """Order by longest path and color of two rounds; which cells that tells apart comes last."""
    self_salt, in_salt, out_salt, label_salt = (
        np.uint64(salt)
        for salt in (0x452821E638D01377, 0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0)
    )
    rank = np.ones(ops.shape, dtype=np.int64)
    rank[(ops == 0) & ~dense.any(axis=1)] = 0
    for u in range(NUM_NODES - 1):
        rank = np.where(dense[:, u] == 1, np.maximum(rank, rank[:, u, None] + 1), rank)
    adjacency = dense.astype(np.uint64)
    colors = mix(labels[ops] ^ label_salt)
    for _ in range(2):
        inputs = (adjacency * mix(colors ^ in_salt)[:, :, None]).sum(axis=1, dtype=np.uint64)
        outputs = (adjacency * mix(colors ^ out_salt)[:, None, :]).sum(axis=2, dtype=np.uint64)
        colors = mix(colors ^ self_salt) + inputs + outputs
    order = np.lexsort((colors, rank), axis=1)
    rows = np.arange(len(ops))[:, None]
    same = np.diff(rank[rows, order]) == 0
    same &= np.diff(colors[rows, order].view(np.int64)) == 0
    turned, kinds = reorder(dense, ops, order, np.full(len(ops), NUM_NODES))
    return turned, kinds, ~same.any(axis=1)


def rows_of(edge_prob: float) -> list[Row]:
    space = SearchSpace(num_nodes=NUM_NODES, edge_prob=edge_prob)
    cells = space.sample(NUM_CELLS, seed=1)
    some, few = cells[:NUM_NUMPY_CELLS], cells[:NUM_NETWORKX_CELLS]
    dense, ops, labels = some.dense(), some.ops, label_colors(cells.op_names)
    graphs = [cell.to_networkx() for cell in few]
    draws = PairMixture().draw(0, 0, NUM_CELLS)
    rng = np.random.default_rng(1)
    edits = f"perturb, {NUM_EDITS} edits"

    def mixture() -> CellBatch:
        return perturb(cells, draws.num_edits, 1, renumber=draws.renumber)

    return [
        Row("prune", edge_prob, "networkx", len(few), lambda: networkx_prune(graphs)),
        Row("prune", edge_prob, "numpy", len(some), lambda: numpy_prune(dense, ops)),
        Row("prune", edge_prob, "gemcore", len(cells), lambda: prune(cells)),
        Row(edits, edge_prob, "numpy", len(some), lambda: numpy_perturb(dense, ops, rng)),
        Row(edits, edge_prob, "gemcore", len(cells), lambda: perturb(cells, NUM_EDITS, 1)),
        Row("perturb, pair stream", edge_prob, "gemcore", len(cells), mixture),
        Row(
            "canonicalize",
            edge_prob,
            "numpy",
            len(some),
            lambda: numpy_canonicalize(dense, ops, labels),
        ),
        Row("canonicalize", edge_prob, "gemcore", len(cells), lambda: canonicalize(cells)),
    ]


def check_answers(rows: list[Row]) -> None:
    """Raises AssertionError unless each contestant agrees with gemcore on what both compute."""
    nodes, pruned, ours, edited, theirs, _, ordered, form = (row.run() for row in rows)
    assert [len(kept) for kept in nodes] == ours.sizes[: len(nodes)].tolist()
    np.testing.assert_array_equal(pruned[0], ours.dense()[: len(pruned[0])])
    np.testing.assert_array_equal(pruned[1], ours.ops[: len(pruned[1])])
    apart = ordered[2]
    assert apart.mean() > 0.9
    np.testing.assert_array_equal(ordered[0][apart], form.dense()[: len(apart)][apart])
    np.testing.assert_array_equal(ordered[1][apart], form.ops[: len(apart)][apart])
    cells = SearchSpace(num_nodes=NUM_NODES, edge_prob=rows[0].edge_prob).sample(NUM_CELLS, seed=1)
    for dense in (edited[0], theirs.dense()):  # Random numbers differ, the number of edits doesn't.
        changed = (dense != cells.dense()[: len(dense)]).sum(axis=(1, 2))
        assert (changed == NUM_EDITS).all()


def measure(rows: list[Row], num_rounds: int) -> dict[Row, list[float]]:
    """CPU nanoseconds a cell, of each call."""
    times: dict[Row, list[float]] = {row: [] for row in rows}
    for _ in range(num_rounds):
        for row in rows:
            row.run()
            for _ in range(CALLS_IN_A_TURN):
                begin = time.process_time_ns()
                row.run()
                times[row].append((time.process_time_ns() - begin) / row.num_cells)
    return times


def summary(rows: list[Row], times: dict[Row, list[float]]) -> list[dict[str, Any]]:
    ours = {(r.task, r.edge_prob): min(times[r]) for r in rows if r.name == "gemcore"}
    return [
        {
            "task": row.task,
            "edge_prob": row.edge_prob,
            "by": row.name,
            "ns_min": min(times[row]),
            "ns_median": statistics.median(times[row]),
            "million_cells_per_s": 1000 / min(times[row]),
            "ours_is": min(times[row]) / ours[row.task, row.edge_prob],
        }
        for row in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    set_num_threads(1)
    rows = []
    for edge_prob in (0.2, 0.5):
        contestants = rows_of(edge_prob)
        check_answers(contestants)
        rows += contestants
    table = summary(rows, measure(rows, options.rounds))
    if options.json:
        print(json.dumps({"simd_level": simd_level(), "rows": table}, indent=1))
        return
    print(f"level {simd_level()}")
    print(
        f"{'task':21} {'p':>3} {'by':9} {'ns (min)':>10} {'ns (median)':>12} "
        f"{'M cells/s':>10} {'ours is':>9}"
    )
    for row in table:
        print(
            f"{row['task']:21} {row['edge_prob']:3} {row['by']:9} {row['ns_min']:10.4g} "
            f"{row['ns_median']:12.4g} {row['million_cells_per_s']:10.3g} {row['ours_is']:7.0f} x"
        )


if __name__ == "__main__":
    main()
