"""Volumes under Pareto fronts and what may be added to them, against slow definitions."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from gemcore.searching.hypervolume import (
    Front,
    Numbers,
    expected_improvement,
    hypervolume,
    non_dominated,
)

WORST = 0.1
Networks = tuple[Numbers, Numbers]  # Values [n], costs [n, k].


def draw(seed: int, number: int, num_costs: int, steps: int = 8) -> Networks:
    """Networks on a coarse grid, so that some are equal in an objective, or in all."""
    random = np.random.default_rng(seed)
    values = random.integers(0, steps + 1, number) / steps
    return values, random.integers(0, steps + 1, (number, num_costs)) / steps


def grid(num_costs: int, steps: int = 40) -> Numbers:
    """Middles of the cells of a grid over [0, 1]^k, ``[steps^k, k]``."""
    middles = (np.arange(steps) + 0.5) / steps
    return np.stack(np.meshgrid(*[middles] * num_costs), axis=-1).reshape(-1, num_costs)


def reached(networks: Networks, places: Numbers, worst: float = WORST) -> Numbers:
    """The best value at no more than each of some costs, by definition."""
    values, costs = networks
    best = [worst]
    found = []
    for place in places:
        within = [v for v, c in zip(values, costs, strict=True) if (c <= place).all()]
        found.append(max(best + within))
    return np.array(found)


@pytest.mark.parametrize("num_costs", [1, 2])
@pytest.mark.parametrize("number", [0, 1, 2, 5, 31])
def test_hypervolume_equals_a_count_on_a_grid(number: int, num_costs: int) -> None:
    networks = draw(number, number, num_costs)
    end = np.full(num_costs, 0.875)  # A line of the grid, as are all costs.
    places = grid(num_costs)
    places = places[(places < end).all(axis=1)]
    counted = (reached(networks, places) - WORST).sum() / 40**num_costs
    assert hypervolume(*networks, WORST, end) == pytest.approx(counted, abs=1e-12)


def dominates(a: Numbers, b: Numbers) -> bool:
    """By definition: as good in all, better in one; the first number is a value, others costs."""
    as_good = a[0] >= b[0] and all(a[1:] <= b[1:])
    return as_good and bool(a[0] > b[0] or any(a[1:] < b[1:]))


@pytest.mark.parametrize("num_costs", [1, 2])
@pytest.mark.parametrize("number", [0, 1, 2, 40])
def test_who_is_not_dominated(number: int, num_costs: int) -> None:
    values, costs = draw(number + 7, number, num_costs)
    rows = list(np.column_stack([values, costs]))
    wanted = [
        not any(dominates(b, a) for b in rows) and not any((b == a).all() for b in rows[:i])
        for i, a in enumerate(rows)
    ]
    assert non_dominated(values, costs).tolist() == wanted


@pytest.mark.parametrize("std", [0.0, 1e-3, 0.2])
def test_expected_improvement_of_one_level(std: float) -> None:
    mean = np.array([0.2, 0.5, 0.9])
    places = (np.arange(200_000) + 0.5) / 200_000
    draws = mean[:, None] + std * stats.norm.ppf(places)
    wanted = np.maximum(draws - 0.5, 0).mean(axis=1)
    assert expected_improvement(mean, np.full(3, std), 0.5) == pytest.approx(wanted, abs=1e-6)


def added(networks: Networks, value: float, costs: Numbers, end: Numbers) -> float:
    """What one more network adds to the hypervolume."""
    values, known = networks
    more = hypervolume(np.append(values, value), np.vstack([known, costs]), WORST, end)
    return more - hypervolume(values, known, WORST, end)


@pytest.mark.parametrize("num_costs", [1, 2])
@pytest.mark.parametrize("number", [0, 1, 2, 12])
def test_closed_form_against_random_values(number: int, num_costs: int) -> None:
    networks = draw(number + 20, number, num_costs)
    end = np.full(num_costs, 1.1)
    random = np.random.default_rng(3)
    mean, std, costs = np.array([0.5, 1.0]), np.array([0.4, 0.2]), random.random((2, num_costs))
    found = Front(*networks, WORST, end).expected_improvement(mean, std, costs)
    for i in range(2):
        values = mean[i] + std[i] * random.normal(size=1000)
        improvements = np.array([added(networks, v, costs[i], end) for v in values])
        error = improvements.std() / np.sqrt(len(values))
        assert error > 0
        assert found[i] == pytest.approx(improvements.mean(), abs=4 * error)


@pytest.mark.parametrize("num_costs", [1, 2])
@pytest.mark.parametrize("number", [0, 1, 2, 12])
def test_closed_form_against_a_numeric_integral(number: int, num_costs: int) -> None:
    networks = draw(number + 40, number, num_costs)
    end = np.full(num_costs, 1.0)
    mean, std = np.array([0.4, 0.8, 0.8]), np.array([0.3, 0.05, 0.0])
    costs = np.array([[0.0, 0.0], [0.25, 0.125], [0.5, 0.75]])[:, :num_costs]  # Lines of the grid.
    found = Front(*networks, WORST, end).expected_improvement(mean, std, costs)
    places = grid(num_costs)
    levels = reached(networks, places)
    outcomes = (np.arange(4000) + 0.5) / 4000
    for i in range(3):
        box = levels[(places >= costs[i]).all(axis=1)]
        values = mean[i] + std[i] * stats.norm.ppf(outcomes)
        wanted = np.mean([np.maximum(v - box, 0).sum() for v in values]) / 40**num_costs
        assert found[i] == pytest.approx(wanted, rel=1e-3, abs=1e-6)


def test_a_network_beyond_the_reference_adds_nothing() -> None:
    front = Front(np.array([0.5]), np.array([[0.5]]), WORST, np.array([1.0]))
    mean, std = np.array([0.9, 0.9]), np.array([0.1, 0.1])
    assert front.expected_improvement(mean, std, np.array([[1.0], [2.0]])).tolist() == [0, 0]


@pytest.mark.parametrize("num_costs", [1, 2])
def test_a_front_that_grows_leaves_less_to_improve(num_costs: int) -> None:
    front = Front(*draw(1, 6, num_costs), WORST, np.full(num_costs, 1.1))
    random = np.random.default_rng(5)
    mean, std, costs = random.random(50), random.random(50) / 4, random.random((50, num_costs))
    before: NDArray[np.float64] = front.expected_improvement(mean, std, costs)
    after = front.joined_by(1.2, np.full(num_costs, 0.1)).expected_improvement(mean, std, costs)
    assert (after <= before + 1e-15).all()
    assert (after < before).any()
