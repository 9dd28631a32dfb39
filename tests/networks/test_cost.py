"""gemcore.networks.cost against torch's own counts, and what must not change it."""

import dataclasses
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from gemcore import (
    Cell,
    CellBatch,
    NetworkCost,
    SearchSpace,
    Skeleton,
    Stage,
    build_network,
    get_num_threads,
    network_cost,
    prune,
    set_num_threads,
)

ALL_OPS = ("conv1x1", "sepconv3x3", "conv3x3", "maxpool3x3", "identity")
PROXY = Skeleton.preset("proxy", width=3)
TWO_COPIES = Skeleton(5, (Stage(4, num_cells=2, reduces=True), Stage(6)))


def count_by_torch(
    cell: Cell, skeleton: Skeleton, input_size: tuple[int, int, int], num_classes: int
) -> tuple[int, int]:
    network = build_network(
        cell, skeleton, num_classes=num_classes, in_channels=input_size[0]
    ).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, *input_size))
    flops = counter.get_total_flops()
    return flops // 2, sum(parameter.numel() for parameter in network.parameters())


def total(cells: CellBatch, skeleton: Skeleton = PROXY) -> list[tuple[int, int]]:
    cost = network_cost(cells, skeleton, input_size=(3, 9, 7), num_classes=4)
    return list(zip(cost.macs.tolist(), cost.params.tolist(), strict=True))


@pytest.mark.parametrize("skeleton", [PROXY, TWO_COPIES])
@pytest.mark.parametrize(
    "space",
    [
        SearchSpace.preset("paper"),
        SearchSpace.preset("small"),
        SearchSpace.preset("nasbench101"),
        SearchSpace.preset("nasgem-bench"),
        SearchSpace(num_nodes=8, ops=ALL_OPS, edge_prob=0.4),
    ],
    ids=["paper", "small", "nasbench101", "nasgem-bench", "all ops"],
)
def test_equals_torchs_count_on_200_random_cells(space: SearchSpace, skeleton: Skeleton) -> None:
    cells = space.sample(20, seed=skeleton.stem_width)
    expected = [count_by_torch(cell, skeleton, (3, 9, 7), 4) for cell in cells]
    assert total(cells, skeleton) == expected


@st.composite
def any_cells(draw: st.DrawFn) -> Cell:
    num_nodes = draw(st.integers(1, 7))
    pairs = [(u, v) for u in range(num_nodes) for v in range(u + 1, num_nodes)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    ops = ["input", *(draw(st.sampled_from(ALL_OPS)) for _ in range(num_nodes - 1))]
    if num_nodes > 1 and draw(st.booleans()):
        ops[-1] = "output"
    return Cell(tuple(ops), tuple(edges))


@st.composite
def skeletons(draw: st.DrawFn) -> Skeleton:
    widths = st.integers(1, 4)
    stages = st.builds(Stage, widths, st.integers(1, 2), st.booleans())
    return Skeleton(draw(widths), tuple(draw(st.lists(stages, min_size=1, max_size=3))))


@settings(max_examples=60, deadline=None)
@given(any_cells(), skeletons(), st.tuples(*[st.integers(1, 6)] * 3), st.integers(1, 3))
def test_equals_torchs_count_whatever_the_skeleton(
    cell: Cell, skeleton: Skeleton, input_size: tuple[int, int, int], num_classes: int
) -> None:
    cells = CellBatch.from_cells([cell])
    cost = network_cost(cells, skeleton, input_size=input_size, num_classes=num_classes)
    expected = count_by_torch(cell, skeleton, input_size, num_classes)
    assert (cost.macs.tolist(), cost.params.tolist()) == ([expected[0]], [expected[1]])


def test_counts_worked_out_by_hand() -> None:
    cell = Cell(("input", "sepconv3x3", "conv1x1"), ((0, 1), (0, 2), (1, 2)))
    skeleton = Skeleton(2, (Stage(3, reduces=True),))
    cost = network_cost(CellBatch.from_cells([cell]), skeleton, input_size=(1, 5, 4), num_classes=7)
    stem, separable, pointwise, classifier = 9 * 1 * 2 * 20, 2 * (9 + 3) * 6, (2 + 3) * 3 * 6, 3 * 7
    assert cost.macs.tolist() == [stem + separable + pointwise + classifier]
    assert cost.params.tolist() == [(18 + 4) + (24 + 6) + (15 + 6) + (21 + 7)]


@pytest.mark.parametrize("num_nodes", [2, 65, 130, 256])
def test_chain_of_any_length(num_nodes: int) -> None:
    chain = Cell(
        ("input", *["conv1x1"] * (num_nodes - 1)), tuple((v, v + 1) for v in range(num_nodes - 1))
    )
    skeleton = Skeleton(2, (Stage(2),))
    cost = network_cost(
        CellBatch.from_cells([chain]), skeleton, input_size=(1, 1, 1), num_classes=1
    )
    assert cost.macs.tolist() == [9 * 2 + 4 * (num_nodes - 1) + 2]


def test_same_in_any_company_and_by_any_number_of_threads() -> None:
    small, paper = (SearchSpace.preset(name).sample(40, seed=2) for name in ("small", "paper"))
    together = total(CellBatch.concatenate([small, paper]))
    assert together == total(small) + total(paper)
    assert total(small) == [total(small[i : i + 1])[0] for i in range(40)]
    assert total(small) == total(small.widen(200)) == total(prune(small))
    assert total(small) == total(small.with_op_names(("sepconv3x3", "unused", "conv1x1", "input")))
    many = SearchSpace.preset("small").sample(5000, seed=3)
    before = get_num_threads()
    try:
        set_num_threads(1)
        alone = total(many)
        set_num_threads(3)
        assert total(many) == alone
    finally:
        set_num_threads(before)


def test_empty_batch() -> None:
    cost = network_cost(
        SearchSpace.preset("small").sample(0), PROXY, input_size=(3, 8, 8), num_classes=2
    )
    assert cost.macs.shape == cost.params.shape == (0,)
    assert cost.macs.dtype == cost.params.dtype == np.int64


def test_cost_is_frozen() -> None:
    cost = NetworkCost(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))
    with pytest.raises(dataclasses.FrozenInstanceError):
        cost.macs = cost.params  # type: ignore[misc]


def test_other_threads_run_meanwhile() -> None:
    cells = SearchSpace.preset("paper").sample(400_000, seed=0)
    worker = threading.Thread(target=total, args=(cells,))
    worker.start()
    turns = 0
    while worker.is_alive():
        turns += 1
        time.sleep(0.0005)
    assert turns > 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cells": Cell(("input",))}, "cells must be of type CellBatch, got Cell"),
        ({"skeleton": {}}, "skeleton must be of type Skeleton, got dict"),
        ({"input_size": 32}, "input_size must be of type tuple or list, got int 32"),
        ({"input_size": (8, 8)}, r"input_size must be \(channels, height, width\), got \(8, 8\)"),
        ({"input_size": (3, 0, 8)}, r"input_size\[1\] must be >= 1, got 0"),
        ({"input_size": (3, 8, 8.0)}, r"input_size\[2\] must be an integer, got float 8.0"),
        ({"num_classes": 0}, "num_classes must be >= 1, got 0"),
        ({"input_size": (3, 2**31, 2**31)}, r"costs must stay below 2\^63, got up to"),
    ],
)
def test_rejects_bad_arguments(arguments: dict[str, object], message: str) -> None:
    cells = SearchSpace.preset("small").sample(3)
    good = {"cells": cells, "skeleton": PROXY, "input_size": (3, 8, 8), "num_classes": 2}
    with pytest.raises((TypeError, ValueError), match=message):
        network_cost(**(good | arguments))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ops", "message"),
    [
        (("conv1x1", "conv1x1"), "'input' at node 0 .*, got another op at node 0 of cell 1"),
        (("input", "input"), "'input' at node 0 .*, got it at node 1 of cell 1"),
        (
            ("input", "output", "conv1x1"),
            "'output' at the last node .*, got it at node 1 of cell 1",
        ),
        (("input", "conv5x5"), "op must be one of conv1x1, .*, got 'conv5x5'"),
        (("input", 3), "op must be one of conv1x1, .*, got 3"),
    ],
)
def test_rejects_cells_that_are_no_network(ops: tuple[object, ...], message: str) -> None:
    cells = CellBatch.from_cells([Cell(("input", "conv1x1")), Cell(ops)])
    with pytest.raises(ValueError, match=message):
        total(cells)
