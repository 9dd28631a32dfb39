"""What accuracy to expect of a cell, seen through the noise of a single training run."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]

NUM_GROUPS = 5  # Of cells of like accuracy, in each of which noise is measured.
NUM_ITERATIONS = 300
CHUNK = 4096


@dataclass(frozen=True, eq=False)
class RunNoise:
    """Standard deviation of a run's accuracy round its expectation; linear between some points.

    Args:
        accuracy: Rising, ``[G]``.
        std: ``[G]``; constant beyond the ends.
    """

    accuracy: Floats
    std: Floats

    @classmethod
    def measure(cls, first: Floats, second: Floats) -> Self:
        """From two runs of the same cells, ``[B]`` each.

        In each of five groups of like mean accuracy it is the standard deviation of the difference
        over the square root of 2; that one run is better in the mean (validation images are easier
        than test images) does not count.

        Raises:
            ValueError: If there are fewer than three cells a group.
        """
        if len(first) < 3 * NUM_GROUPS:
            raise ValueError(
                f"two runs must be known of at least {3 * NUM_GROUPS} cells, got {len(first)}"
            )
        order = np.argsort(first + second, kind="stable")
        groups = np.array_split(order, NUM_GROUPS)
        center = np.array([first[group].mean() for group in groups])
        std = np.array([(second[g] - first[g]).std(ddof=1) / np.sqrt(2) for g in groups])
        return cls(np.maximum.accumulate(center), std)

    def at(self, accuracy: Floats) -> Floats:
        """The standard deviation at some accuracies."""
        std: Floats = np.interp(accuracy, self.accuracy, self.std)
        return std

    def scaled(self, factor: float) -> Self:
        """So many times the noise."""
        return type(self)(self.accuracy, factor * self.std)


class ExpectedAccuracy:
    r"""Draws expected accuracies of cells, given what a single run of each showed.

    Cells are taken as drawn from a distribution G of expected accuracies m, and runs as normal
    round them, y ~ N(m, s(m)^2). G is the maximum-likelihood distribution over a grid, found by EM:

    .. math:: w_k \leftarrow \frac{w_k}{B} \sum_b \frac{p(y_b | m_k)}{\sum_j w_j p(y_b | m_j)}

    Then m of a cell is drawn from p(m | y). Whoever picks the highest m drawn in this way does as
    well as one who knows all expected accuracies does in a world of this G and s.

    Args:
        observed: Accuracy of one run of every cell, ``[B]``.
        noise: s.

    Source: Kiefer & Wolfowitz 1956; Efron, "Bayes, oracle Bayes, and empirical Bayes", 2019.
    """

    def __init__(self, observed: Floats, noise: RunNoise) -> None:
        self.noise = noise
        self.grid = _grid(float(observed.min()), float(observed.max()), noise)
        values, counts = np.unique(observed, return_counts=True)
        likelihood = self._likelihood(values)
        self.weights = np.full(len(self.grid), 1 / len(self.grid))
        share = counts / counts.sum()
        for _ in range(NUM_ITERATIONS):
            self.weights *= likelihood.T @ (share / (likelihood @ self.weights))

    def draw(self, observed: Floats, generator: np.random.Generator) -> Floats:
        """Expected accuracies of cells of one run each, ``[B]``, one draw each."""
        values, places = np.unique(observed, return_inverse=True)
        cumulative = np.cumsum(self._likelihood(values) * self.weights, axis=1)
        cumulative /= cumulative[:, -1:]
        uniform = generator.random(len(observed))
        drawn = [
            (cumulative[places[i : i + CHUNK]] < uniform[i : i + CHUNK, None]).sum(axis=1)
            for i in range(0, len(observed), CHUNK)
        ]
        expected: Floats = self.grid[np.concatenate(drawn)]
        return expected

    def run_again(self, observed: Floats, generator: np.random.Generator) -> Floats:
        """What another run of the same cells might show, ``[B]``."""
        expected = self.draw(observed, generator)
        return generator.normal(expected, self.noise.at(expected))

    def _likelihood(self, values: Floats) -> Floats:
        """Of each grid point for each value, ``[V, K]``; never 0, for points end where data do."""
        density: Floats = norm.pdf(values[:, None], self.grid, self.noise.at(self.grid))
        return density + np.finfo(np.float64).tiny


def _grid(low: float, high: float, noise: RunNoise) -> Floats:
    """Points a quarter of the noise apart."""
    points = [low]
    while points[-1] < high:
        points.append(points[-1] + float(noise.at(np.array(points[-1]))) / 4)
    return np.array(points)
