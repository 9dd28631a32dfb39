"""The oracle, where the truth is known."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kendalltau

from baselines.expected_accuracy import ExpectedAccuracy, RunNoise


def world(num_cells: int, seed: int) -> tuple[NDArray[np.float64], RunNoise, np.random.Generator]:
    """Expected accuracies like a benchmark's: many near the top, a tail below."""
    numbers = np.random.default_rng(seed)
    expected = 0.945 - numbers.gamma(1.5, 0.015, num_cells)
    return expected, RunNoise(np.array([0.85, 0.94]), np.array([0.008, 0.002])), numbers


def test_noise_is_measured_from_two_runs() -> None:
    expected, noise, numbers = world(20_000, 0)
    runs = [numbers.normal(expected, noise.at(expected)) for _ in range(2)]
    found = RunNoise.measure(runs[0], runs[1] + 0.004)  # Validation images are easier.
    at = np.array([0.90, 0.92, 0.935])
    assert found.at(at) == pytest.approx(noise.at(at), rel=0.12)
    assert found.scaled(0.5).at(at) == pytest.approx(0.5 * found.at(at))


def test_two_runs_of_few_cells_say_nothing() -> None:
    with pytest.raises(ValueError, match="two runs must be known of at least 15 cells, got 3"):
        RunNoise.measure(np.ones(3), np.ones(3))


def test_draws_do_as_well_as_who_knows_the_truth() -> None:
    expected, noise, numbers = world(30_000, 1)
    observed = numbers.normal(expected, noise.at(expected)).round(4)  # Of so many images.
    known = ExpectedAccuracy(observed, noise)
    truth, ours = [], []
    for _ in range(200):
        pool = numbers.integers(len(observed), size=2000)
        best = observed[pool].max()
        truth.append(best - observed[pool[expected[pool].argmax()]])
        drawn = known.draw(observed[pool], numbers)
        ours.append(best - observed[pool[drawn.argmax()]])
    error = np.hypot(np.std(truth), np.std(ours)) / np.sqrt(200)
    assert abs(np.mean(ours) - np.mean(truth)) < 4 * error
    assert np.mean(truth) > 5 * error  # Not even the oracle gets the luckiest.


def test_another_run_agrees_as_two_true_runs_do() -> None:
    expected, noise, numbers = world(20_000, 2)
    first, second = (numbers.normal(expected, noise.at(expected)).round(4) for _ in range(2))
    made_up = ExpectedAccuracy(first, noise).run_again(first, numbers)
    taus = [kendalltau(first, other).statistic for other in (second, made_up)]
    assert taus[0] == pytest.approx(taus[1], abs=0.01)


def test_without_noise_a_run_is_what_to_expect() -> None:
    observed = np.linspace(0.8, 0.9, 200)
    still = RunNoise(np.array([0.8, 0.9]), np.array([1e-4, 1e-4]))
    drawn = ExpectedAccuracy(observed, still).draw(observed, np.random.default_rng(0))
    assert np.abs(drawn - observed).max() < 1e-3
