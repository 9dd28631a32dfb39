"""How many pairs a second does a GPU compare, and how many does it draw and compare?

Pairs of 30 nodes, 3 rounds, as in bench_wl.py. Resident: cells lie in the GPU's memory. Fused:
cells are drawn, edited, pruned, compared and handed over by one kernel. First a thousand pairs of
each are checked against the CPU, to the bit; then time by CUDA's events.

    python benchmarks/bench_cuda.py [--num-pairs 4194304] [--rounds 20]
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch

from gemcore import DeviceCells, PairStream, SearchSpace, cuda_status, wl_pairs

NUM_CHECKED = 1000


def tasks(num_pairs: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Names, and calls that enqueue the work for num_pairs pairs."""
    for edge_prob, ops in ((0.5, ("conv1x1", "sepconv3x3", "conv3x3")), (0.2, ("conv1x1",))):
        space = SearchSpace(num_nodes=30, edge_prob=edge_prob, ops=ops)
        name = f"p {edge_prob}, {len(ops)} ops"
        a, b = (space.sample(num_pairs, seed, device="cuda") for seed in (1, 2))
        yield f"sample, {name}", partial(space.sample, num_pairs, 1, device="cuda")
        for direction in ("in_out", "undirected"):
            check_pairs(space, direction)
            yield f"resident, {name}, {direction}", partial(wl_pairs, a, b, direction=direction)
            stream = PairStream(space, direction=direction, device="cuda")
            check_stream(stream, PairStream(space, direction=direction))
            fused = partial(stream.pairs, start=0, num_pairs=num_pairs)
            yield f"fused, {name}, {direction}", fused


def check_pairs(space: SearchSpace, direction: str) -> None:
    """Raises unless the GPU gives the CPU's bits."""
    a, b = space.sample(NUM_CHECKED, 1), space.sample(NUM_CHECKED, 2)
    there = wl_pairs(DeviceCells.from_cells(a), DeviceCells.from_cells(b), direction=direction)
    assert (there.cpu().numpy() == wl_pairs(a, b, direction=direction)).all()


def check_stream(there: PairStream, here: PairStream) -> None:
    """The same of a stream."""
    drawn = there.pairs(start=7, num_pairs=NUM_CHECKED)
    expected = here.pairs(start=7, num_pairs=NUM_CHECKED)
    assert drawn.cells_a.cpu() == expected.cells_a
    assert drawn.cells_b.cpu() == expected.cells_b
    assert torch.equal(drawn.similarity.cpu(), expected.similarity)


def seconds(run: Callable[[], Any]) -> float:
    """Time on the GPU of what the call enqueues."""
    begin = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    end = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    begin.record()
    run()
    end.record()
    end.synchronize()
    return float(begin.elapsed_time(end)) / 1000


def main() -> None:
    """Prints a row a task."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--num-pairs", type=int, default=2**22)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    if cuda_status() != "usable":
        sys.exit(f"CUDA can't be used: {cuda_status()}")
    print(f"{torch.cuda.get_device_name()}, {arguments.num_pairs} pairs\n")
    print("| task | M a second, best | median |\n|---|---|---|")
    for name, run in tasks(arguments.num_pairs):
        run()
        times = [seconds(run) for _ in range(arguments.rounds)]
        best, median = (
            arguments.num_pairs / 1e6 / t for t in (min(times), statistics.median(times))
        )
        print(f"| {name} | {best:.0f} | {median:.0f} |")


if __name__ == "__main__":
    main()
