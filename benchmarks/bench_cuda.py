"""How fast does a GPU draw, edit, hash and compare cells, and does training wait for its pairs?

Cells of 30 nodes, 3 rounds, as in bench_wl.py. Resident: cells lie in the GPU's memory. Fused:
pairs are drawn, edited, pruned, compared and handed over by one kernel. First a thousand items of
each are checked against the CPU, to the bit; then time by CUDA's events. The limit is what a copy
within the GPU's memory reads and writes in the same run, for the bytes that a task must read and
write.

    python benchmarks/bench_cuda.py [--num-cells 4194304] [--rounds 20] [--json FILE]
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gemcore import (
    DeviceCells,
    EncoderConfig,
    PairStream,
    SearchSpace,
    cuda,
    cuda_status,
    graph_hash,
    perturb,
    prune,
    wl_pairs,
)
from gemcore.encoder.training import Training
from gemcore.graph import perturb_rules

NUM_CHECKED = 1000
NUM_EDITS, HASH_ROUNDS = 4, 7
WARM_STEPS, NUM_STEPS = 30, 300


@dataclass(frozen=True)
class Task:
    """A call that enqueues work on many items, and the bytes that an item is read and written."""

    name: str
    run: Callable[[], Any]
    num_bytes: int


@dataclass(frozen=True)
class Rate:
    """Million items a second, and the share of the limit that the best is."""

    name: str
    best: float
    median: float
    of_limit: float


def spaces() -> Iterator[tuple[str, SearchSpace]]:
    for edge_prob, ops in ((0.5, ("conv1x1", "sepconv3x3", "conv3x3")), (0.2, ("conv1x1",))):
        name = f"p {edge_prob}, {len(ops)} ops"
        yield name, SearchSpace(num_nodes=30, edge_prob=edge_prob, ops=ops)


def tasks(num_cells: int) -> Iterator[Task]:
    for name, space in spaces():
        a, b = (space.sample(num_cells, seed, device="cuda") for seed in (1, 2))
        yield from graph_tasks(name, space, a)
        for direction in ("in_out", "undirected"):
            check_pairs(space, direction)
            run = partial(wl_pairs, a, b, direction=direction)
            yield Task(f"resident, {name}, {direction}", run, 2 * bytes_of(space) + 8)
            stream = PairStream(space, direction=direction, device="cuda")
            check_stream(stream, PairStream(space, direction=direction))
            fused = partial(stream.pairs, start=0, num_pairs=num_cells)
            yield Task(f"fused, {name}, {direction}", fused, 2 * bytes_of(space) + 5)
    space = SearchSpace.preset("nasbench101")
    cells = space.sample(num_cells, device="cuda")
    run = partial(graph_hash, cells, HASH_ROUNDS)
    yield Task("hash, nasbench101, 7 rounds", run, bytes_of(space) + 8)


def graph_tasks(name: str, space: SearchSpace, cells: DeviceCells) -> Iterator[Task]:
    """What makes cells of cells."""
    check_graphs(space)
    num_cells, num_bytes = len(cells), bytes_of(space)
    yield Task(f"sample, {name}", partial(space.sample, num_cells, 1, device="cuda"), num_bytes)
    yield Task(f"prune, {name}", partial(prune, cells), 2 * num_bytes)
    for renumber in (False, True):
        # perturb() copies numbers of edits from host memory, which is not what is asked here.
        edits = torch.full((num_cells,), NUM_EDITS, dtype=torch.int32, device="cuda")
        flags = torch.full((num_cells,), renumber, dtype=torch.uint8, device="cuda")
        how = "renumbered" if renumber else "4 edits"
        run = partial(perturb_there, cells, edits, flags)
        yield Task(f"perturb, {how}, {name}", run, 2 * num_bytes + 5)


def perturb_there(cells: DeviceCells, edits: torch.Tensor, renumber: torch.Tensor) -> DeviceCells:
    edited = DeviceCells.empty(len(cells), cells.num_nodes, cells.op_names, cells.device)
    with cuda.launching(cells.device) as stream:
        cuda.require_cuda("perturb").perturb(
            cells.native(),
            perturb_rules(cells.op_names),
            (edits.data_ptr(), renumber.data_ptr(), 0, 0),
            edited.native(),
            stream,
        )
    return edited


def bytes_of(space: SearchSpace) -> int:
    """Of a packed cell."""
    return 8 * space.num_nodes + space.num_nodes + 2


def check_graphs(space: SearchSpace) -> None:
    """Raises unless the GPU gives the CPU's bits."""
    here = space.sample(NUM_CHECKED, 1)
    there = space.sample(NUM_CHECKED, 1, device="cuda")
    assert there.cpu() == here
    assert prune(there).cpu() == prune(here)
    edits: dict[str, Any] = {"num_edits": NUM_EDITS, "renumber": np.arange(NUM_CHECKED) % 2 == 1}
    assert perturb(there, **edits).cpu() == perturb(here, **edits)
    assert (graph_hash(there).cpu().numpy().view(np.uint64) == graph_hash(here)).all()


def check_pairs(space: SearchSpace, direction: str) -> None:
    """The same of similarities."""
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


def copied_bytes_per_second() -> float:
    """Bytes read and written by a copy of 2 GB."""
    source = torch.empty(2**31, dtype=torch.uint8, device="cuda").random_()
    target = torch.empty_like(source)
    return 2 * len(source) / min(seconds(lambda: target.copy_(source)) for _ in range(10))


def measured(task: Task, num_cells: int, num_rounds: int, limit: float) -> Rate:
    task.run()
    times = [seconds(task.run) for _ in range(num_rounds)]
    best, median = (num_cells / 1e6 / t for t in (min(times), statistics.median(times)))
    return Rate(task.name, best, median, best * 1e6 * task.num_bytes / limit)


@dataclass(frozen=True)
class Waiting:
    """Milliseconds of a step of training, by the clock, and those of it that wait for pairs."""

    pairs: str
    step: float
    waited: float


def training_steps(is_ahead: bool) -> Waiting:
    """Steps of the default encoder on the preset "paper"."""
    space, config = SearchSpace.preset("paper"), EncoderConfig(device="cuda")
    training = Training(space, config, seed=0)
    if not is_ahead:
        training.data._ahead = None
    waited = 0.0
    make = training.data.batch

    def batch(step: int) -> Any:
        nonlocal waited
        begin = time.perf_counter()
        made = make(step)
        waited += time.perf_counter() - begin
        return made

    training.data.batch = batch  # type: ignore[method-assign]
    for _ in range(WARM_STEPS):
        training.step()
    torch.cuda.synchronize()
    waited, begin = 0.0, time.perf_counter()
    for _ in range(NUM_STEPS):
        training.step()
    torch.cuda.synchronize()
    step = (time.perf_counter() - begin) / NUM_STEPS
    name = "made ahead, in a thread" if is_ahead else "made in the step"
    return Waiting(name, 1000 * step, 1000 * waited / NUM_STEPS)


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num-cells", type=int, default=2**22)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path, help="file that the results are written to as well")
    arguments = parser.parse_args()
    if cuda_status() != "usable":
        sys.exit(f"CUDA can't be used: {cuda_status()}")
    limit = copied_bytes_per_second()
    print(f"{torch.cuda.get_device_name()}, {arguments.num_cells} cells or pairs a call")
    print(f"Limit: a copy reads and writes {limit / 1e12:.2f} TB/s.\n")
    print("| task | M a second, best | median | of the limit |\n|---|---|---|---|")
    rates = []
    for task in tasks(arguments.num_cells):
        rates.append(measured(task, arguments.num_cells, arguments.rounds, limit))
        rate = rates[-1]
        print(f"| {rate.name} | {rate.best:.0f} | {rate.median:.0f} | {rate.of_limit:.0%} |")
    waits = [training_steps(is_ahead) for is_ahead in (True, False)]
    print("\n| pairs of a step | ms a step | ms waiting for pairs | share |\n|---|---|---|---|")
    for wait in waits:
        share = wait.waited / wait.step
        print(f"| {wait.pairs} | {wait.step:.2f} | {wait.waited:.3f} | {share:.1%} |")
    if arguments.json:
        content = {"limit": limit, "rates": [asdict(r) for r in rates]}
        told = content | {"training": [asdict(wait) for wait in waits]}
        arguments.json.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
