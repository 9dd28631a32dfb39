"""wl_signal: what the similarity says beyond counts of operations."""

import dataclasses
from typing import Any

import pytest

from gemcore import SearchSpace, WLSignal, wl_signal

DENSE = SearchSpace(num_nodes=30, ops=("conv1x1", "sepconv3x3", "conv3x3"), edge_prob=0.5)


def test_dense_cells_of_three_ops_are_known_by_their_op_counts() -> None:
    signal = wl_signal(DENSE)
    assert signal.mean == pytest.approx(0.73, abs=0.02)
    assert signal.std == pytest.approx(0.04, abs=0.005)
    assert signal.correlation_with_round_0 > 0.98
    assert signal.std_given_round_0 < 0.2 * signal.std


def test_one_op_leaves_only_structure() -> None:
    space = SearchSpace(num_nodes=30, ops=("conv1x1",), edge_prob=0.5)
    signal = wl_signal(space)
    assert signal.mean == pytest.approx(0.91, abs=0.01)
    assert signal.correlation_with_round_0 == 0  # Round 0 is the same for all pairs.
    assert signal.std_given_round_0 == signal.std == pytest.approx(0.003, abs=0.001)


def test_dropping_round_0_leaves_structure() -> None:
    space = SearchSpace.preset("small")
    both = wl_signal(space, n_iter=1)
    later = wl_signal(space, n_iter=1, round_weights=[0, 1])
    assert later.std_given_round_0 > 3 * both.std_given_round_0
    assert later.correlation_with_round_0 < 0.5 < both.correlation_with_round_0


def test_cells_without_spread() -> None:
    signal = wl_signal(SearchSpace(num_nodes=4, ops=("conv1x1",), edge_prob=1.0), num_pairs=50)
    assert signal == WLSignal(50, 1.0, 0.0, 0.0, 0.0)


def test_depends_on_the_seed_alone() -> None:
    assert wl_signal(DENSE, num_pairs=50) == wl_signal(DENSE, num_pairs=50, seed=0)
    assert wl_signal(DENSE, num_pairs=50) != wl_signal(DENSE, num_pairs=50, seed=1)


def test_prints_every_number() -> None:
    assert str(WLSignal(100, 0.75, 0.05, 0.0125, 0.96)).splitlines() == [
        "WL similarity of 100 pairs of independent cells",
        "  mean                      0.7500",
        "  spread                    0.0500",
        "  spread given round 0      0.0125",
        "  correlation with round 0  0.9600",
    ]


def test_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        wl_signal(DENSE, num_pairs=2).mean = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"space": "paper"}, TypeError, "space must be of type SearchSpace, got str 'paper'"),
        ({"num_pairs": 1}, ValueError, "num_pairs must be >= 2, got 1"),
        ({"seed": -1}, ValueError, "seed must be in 0 .*, got -1"),
        ({"n_iter": 17}, ValueError, "n_iter must be in 0 .. 16, got 17"),
    ],
)
def test_rejects_bad_arguments(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wl_signal(**{"space": DENSE, **options})
