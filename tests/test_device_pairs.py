"""Pairs on a GPU, or on an emulated one (`make test-cuda`): the bits of the CPU."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch

from gemcore import (
    CellBatch,
    DeviceCells,
    PairMixture,
    PairStream,
    SearchSpace,
    cuda_status,
    wl_pairs,
)
from gemcore.device_pairs import edit_thresholds

SMALL = SearchSpace.preset("small")
CALLS: tuple[dict[str, Any], ...] = (
    {},
    {"direction": "undirected", "labels": "degree"},
    {"direction": "out", "normalize": False},
    {"direction": "in", "n_iter": 0, "labels": "uniform"},
    {"n_iter": 2, "round_weights": (0.1, 0.7, 3.0), "normalize": False},
    {"n_iter": 16, "round_weights": np.linspace(0.1, 2, 17)},
)


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("options", CALLS)
@pytest.mark.parametrize("num_nodes", [10, 40])
def test_similarity_has_the_same_bits(num_nodes: int, options: dict[str, Any]) -> None:
    space = SearchSpace(num_nodes=num_nodes, edge_prob=0.2)
    a, b = space.sample(50, seed=1), space.sample(50, seed=2)
    b = b.with_op_names(("sepconv3x3", "input", "other", "conv1x1"))  # Matched by name.
    values = wl_pairs(DeviceCells.from_cells(a), DeviceCells.from_cells(b), **options)
    expected = wl_pairs(a, b, **options)
    assert values.cpu().numpy().dtype == expected.dtype
    np.testing.assert_array_equal(values.cpu().numpy(), expected)


@pytest.mark.usefixtures("gpu")
def test_bad_pairs() -> None:
    cells = SMALL.sample(3)
    there = DeviceCells.from_cells(cells)
    with pytest.raises(ValueError, match="cells_b must have as many cells as cells_a, 3, got 0"):
        wl_pairs(there, DeviceCells.from_cells(cells[:0]))
    with pytest.raises(TypeError, match="cells_b must be of type DeviceCells like the other, got"):
        wl_pairs(there, cells)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match=r"n_iter must be in 0 .. 16, got 17"):
        wl_pairs(there, there, n_iter=17)


STREAMS: tuple[dict[str, Any], ...] = (
    {"space": SMALL},
    {"space": SearchSpace.preset("paper"), "seed": 2**64 - 1, "direction": "undirected"},
    {"space": SearchSpace.preset("nasbench101"), "labels": "degree", "n_iter": 5},
    {"space": SMALL, "prune": False, "round_weights": (0.0, 1.0, 0.3, 0.1)},
    {"space": SMALL, "mixture": PairMixture(independent=0.2, min_edits=3, max_edits=3)},
    {"space": SMALL, "mixture": PairMixture(independent=0, unedited=0.0, max_edits=5000)},
    {"space": SearchSpace(num_nodes=40, edge_prob=0.1)},
    {"space": SearchSpace.preset("nasbench101").sample(37, seed=9)},
    {"space": SMALL.sample(1, seed=9), "mixture": PairMixture(independent=1)},
)


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("settings", STREAMS)
@pytest.mark.parametrize("start", [0, 2**62])
def test_streams_have_the_same_bits(settings: dict[str, Any], start: int) -> None:
    here = PairStream(**settings).pairs(start=start, num_pairs=150)
    there = PairStream(**settings, device="cuda").pairs(start=start, num_pairs=150)
    assert there.cells_a.cpu() == here.cells_a
    assert there.cells_b.cpu() == here.cells_b
    assert torch.equal(there.similarity.cpu(), here.similarity)
    assert torch.equal(there.kind.cpu(), here.kind)
    assert there.start == start


@pytest.mark.usefixtures("gpu")
def test_a_stream_on_a_gpu_yields_batches() -> None:
    stream = PairStream(SMALL, batch_size=4, seed=3, device="cuda")
    first, second = (batch for batch, _ in zip(stream, range(2), strict=False))
    assert (len(first), second.start) == (4, 4)
    assert len(stream.pairs(start=0, num_pairs=0)) == 0
    assert pickle.loads(pickle.dumps(PairStream(SMALL))).device == "cpu"


@pytest.mark.usefixtures("gpu")
def test_ranges_of_edits_that_are_too_wide_are_refused() -> None:
    mixture = PairMixture(max_edits=2**31 - 1)
    with pytest.raises(ValueError, match=r"mixture\.max_edits must be at most 65537 on a GPU, got"):
        PairStream(SMALL, mixture=mixture, device="cuda")


@pytest.mark.parametrize(("fewest", "most"), [(1, 40), (1, 1), (3, 17), (1, 65537)])
def test_thresholds_part_the_numbers_of_edits(fewest: int, most: int) -> None:
    mixture = PairMixture(min_edits=fewest, max_edits=most)
    thresholds = edit_thresholds(mixture)
    assert len(thresholds) == most - fewest
    random = np.random.default_rng(0).integers(2**53, size=20_000, dtype=np.uint64)
    near = np.concatenate([thresholds, thresholds - np.uint64(1)])
    for numbers in (random, near[near < 2**53]):
        expected = mixture.num_edits(numbers * 2.0**-53).astype(np.int64)
        edits = fewest + np.searchsorted(thresholds, numbers, side="right")
        np.testing.assert_array_equal(edits, expected)


def test_devices_that_are_unknown_or_cannot_be_used_are_refused() -> None:
    with pytest.raises(ValueError, match="device must be one of 'cpu', 'cuda', got 'tpu'"):
        PairStream(SMALL, device="tpu")
    if cuda_status() != "usable":
        with pytest.raises(RuntimeError, match=r"\[PairStream\] CUDA can't be used: \w+"):
            PairStream(SMALL, device="cuda")


def test_cells_of_a_batch_stay_where_they_are() -> None:
    assert isinstance(PairStream(SMALL).pairs(start=0, num_pairs=1).cells_a, CellBatch)
