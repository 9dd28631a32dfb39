"""How long a run will take still, by hand."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from gemcore.cell import Cell
from gemcore.searching.time_left import time_left
from gemcore.trials.trial import Trial

CONFIG = {"num_trials": 10}
CELL = Cell(("input", "conv1x1"), ((0, 1),))
ESTIMATE = {"encoder": 30.0, "candidates": 100.0, "final": 20.0, "baseline": 80.0}


def trials(number: int) -> list[Trial]:
    metrics = {"accuracy": 0.5}
    return [Trial(i, CELL, "complete", 0.5, 9, 9, 0.5, metrics, 7.0, seed=0) for i in range(number)]


def in_phase(name: str, since: float = 0.0, **facts: Any) -> dict[str, Any]:
    return {"phase": {"name": name, "since": time.time() - since}, **facts}


@pytest.mark.parametrize(
    ("facts", "number", "wanted"),
    [
        # 10 trials of 10 s, the encoder, the final training.
        (lambda: in_phase("candidates", estimate=ESTIMATE), 0, 100 + 30 + 20),
        # 6 left, of 5 s each as measured.
        (
            lambda: in_phase(
                "candidates", estimate=ESTIMATE, seconds={"candidates": 20.0, "encoder": 25.0}
            ),
            4,
            6 * 5 + 20,
        ),
        (
            lambda: in_phase("encoder", 12, estimate=ESTIMATE, seconds={"candidates": 20.0}),
            4,
            6 * 5 + (30 - 12) + 20,
        ),
        (lambda: in_phase("final training", 15, estimate=ESTIMATE), 10, 20 - 15),
        (lambda: in_phase("final training", 99, estimate=ESTIMATE), 10, 0),
        # Without an estimate: what the trials took.
        (lambda: in_phase("candidates"), 4, 6 * 7),
    ],
)
def test_time_left(facts: Callable[[], dict[str, Any]], number: int, wanted: float) -> None:
    assert time_left(facts(), trials(number), CONFIG, 0) == pytest.approx(wanted, abs=0.5)


def test_a_baseline_comes_on_top() -> None:
    config = CONFIG | {"random_baseline": True}
    facts = in_phase("random baseline", estimate=ESTIMATE)
    # (80 - 20) / 10 = 6 fresh trials of 10 s, and the last training.
    assert time_left(facts, trials(10), config, 0) is not None
    measured = in_phase("random baseline", estimate=ESTIMATE, seconds={"candidates": 100.0})
    assert time_left(measured, trials(10), config, 2) == pytest.approx(20 + 4 * 10, abs=0.5)


@pytest.mark.parametrize(
    ("phase", "num_reruns", "wanted"),
    [("candidates", 0, 6 * 5 + 6 * 5 + 20), ("re-evaluation", 2, 6 * 5 - 2 * 5 + 20)],
)
def test_further_runs_of_the_best_come_on_top(phase: str, num_reruns: int, wanted: float) -> None:
    config = CONFIG | {"reevaluate": 3, "reevaluations": 2}
    seconds = {"candidates": 20.0, "encoder": 25.0}
    facts = in_phase(phase, estimate=ESTIMATE, seconds=seconds)
    assert time_left(facts, trials(4), config, 0, num_reruns) == pytest.approx(wanted, abs=0.5)


def test_nothing_is_known_before_the_first_trial_of_a_function() -> None:
    assert time_left(in_phase("candidates"), [], CONFIG, 0) is None
