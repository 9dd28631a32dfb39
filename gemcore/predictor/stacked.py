"""The default predictor: members of different kinds, weighted by what each has shown."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds, LinearConstraint, minimize

from gemcore.atomic_files import write_document
from gemcore.cell_batch import CellBatch
from gemcore.predictor.constant import DOCUMENT, VERSION
from gemcore.predictor.gaussian_process import GaussianProcessPredictor
from gemcore.predictor.graph_network import GraphNetworkPredictor
from gemcore.predictor.protocol import Predictor, check_scores, require_fitted
from gemcore.predictor.ranks import RankScale

FEWEST_TO_WEIGH = 20  # Below, left-out cells say nothing that the expected weights don't.
PRIOR_CELLS = 100.0  # As many cells does an expected weight count as.
JOINED = 0.4  # Weight of the graph network that has joined.
INTERVAL = 1.6449  # Standard deviations on either side of the mean that hold 90 %.


class Member(Predictor, Protocol):
    """A predictor whose ranks can be averaged with those of others."""

    @property
    def name(self) -> str: ...
    def predict_ranks(
        self, cells: CellBatch
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    def left_out_ranks(self) -> NDArray[np.float64] | None: ...


class StackedPredictor:
    r"""A Gaussian process beside members of other kinds, averaged on the scale of ranks.

    .. math:: P(A) = r^{-1}\left(\sum_m w_m P_m(A)\right),\quad w_m \ge 0,\ \sum_m w_m = 1

    The weights minimize the squared error of predictions of cells that were left out, plus a pull
    towards what is expected of each kind beforehand. The standard deviation is the Gaussian
    process's, joined by how much members disagree and widened until the left-out cells lie within
    it as often as they should: see :attr:`coverage`.

    A graph network, which learns from unlabelled cells for minutes first, takes part if it has done
    so before the first fit: after :meth:`prepare`, here or in an earlier process.

    Args:
        process: The Gaussian process.
        others: Further members.
        joining: The graph network; None: without one.
        name: Under which :func:`make_predictor` makes it.
    """

    def __init__(
        self,
        process: GaussianProcessPredictor,
        others: Sequence[Member],
        *,
        joining: GraphNetworkPredictor | None = None,
        name: str = "default",
    ) -> None:
        self.process = process
        self.others = list(others)
        self.name = name
        self._joining = joining
        self.weights: NDArray[np.float64] | None = None
        """Of the process and the others, float64 ``[M]``; None before the first fit."""
        self.coverage: float | None = None
        """Share of the left-out scores within their 90 % interval, after calibration; None where
        there were too few cells to leave any out."""
        self._ranks = RankScale.of([0.0])
        self._widening = 1.0

    def prepare(self) -> Self:
        """Lets the graph network learn from unlabelled cells, unless it lies in the cache.

        It takes part in the first fit then, and in all that follow.
        """
        if self._joining is not None:
            self._joining.prepare()
        return self

    def fit(self, cells: CellBatch, scores: ArrayLike, *, fine_tune: bool = False) -> Self:
        """Learns from cells and their scores; see :class:`gemcore.Predictor`."""
        values = check_scores(cells, scores)
        if self._joining is not None and self._joining.is_prepared:
            self.others.append(self._joining)
        self._joining = None  # Who is late stays out: rounds of one search are alike.
        self._ranks = RankScale.of(values)
        for member in [self.process, *self.others]:
            member.fit(cells, values, fine_tune=fine_tune)
        self.weights = _expected_weights([member.name for member in self.others])
        self.coverage, self._widening = None, 1.0
        if len(cells) >= FEWEST_TO_WEIGH and np.ptp(values) > 0:
            self._weigh(self._ranks.to_ranks(values))
        return self

    def predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation of the expected score, float64 ``[B]`` each."""
        return self._ranks.to_scores(*self.predict_ranks(cells))

    def predict_ranks(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The same on the scale of :class:`RankScale`."""
        require_fitted(self.weights is not None)
        mean, std = self.process.predict_ranks(cells)
        means = np.stack([mean, *(m.predict_ranks(cells)[0] for m in self.others)])
        joined, spread = _join(self.weights, means)
        return joined, self._widening * np.sqrt(std**2 + spread**2)

    def save(self, directory: str | Path) -> None:
        """Writes ``predictor.json`` and a folder for each member."""
        require_fitted(self.weights is not None)
        assert self.weights is not None
        directory = Path(directory)
        for i, member in enumerate([self.process, *self.others]):
            member.save(directory / f"member-{i}")
        content = {
            "name": self.name,
            "weights": self.weights.tolist(),
            "coverage": self.coverage,
            "widening": self._widening,
            "ranks": self._ranks.ranks.tolist(),
            "scores": self._ranks.scores.tolist(),
        }
        path = directory / "predictor.json"
        write_document(path, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, content: dict[str, Any], members: Sequence[Any]) -> Self:
        """The predictor of a saved document and its restored members."""
        predictor = cls(members[0], members[1:], name=content["name"])
        predictor.weights = np.array(content["weights"], dtype=np.float64)
        predictor.coverage = content["coverage"]
        predictor._widening = float(content["widening"])
        ranks, scores = (np.array(content[key], dtype=np.float64) for key in ("ranks", "scores"))
        predictor._ranks = RankScale(ranks, scores)
        return predictor

    def _weigh(self, targets: NDArray[np.float64]) -> None:
        """Weights and widening from predictions of cells that were left out."""
        assert self.weights is not None
        mean, std = self.process.leave_one_out()
        shown = [mean, *(member.left_out_ranks() for member in self.others)]
        has_shown = np.array([ranks is not None for ranks in shown])
        left_out = np.stack([ranks for ranks in shown if ranks is not None])
        # Who has shown nothing keeps the expected weight.
        share = self.weights[has_shown].sum()
        shown_weights = _fit_weights(left_out, targets, self.weights[has_shown] / share)
        self.weights[has_shown] = share * shown_weights
        joined, spread = _join(shown_weights, left_out)
        noise = self.process.noise**2
        expected = np.sqrt(np.maximum(std**2 - noise, 0) + spread**2)
        errors = np.abs(targets - joined)
        self._widening = _widening(errors, expected, noise)
        inside = errors <= INTERVAL * np.sqrt(self._widening**2 * expected**2 + noise)
        self.coverage = float(inside.mean())


def _expected_weights(others: Sequence[str]) -> NDArray[np.float64]:
    """What did best on cells of NAS-Bench-101 that no reported number comes from.

    Two fifths for a graph network; of the rest, two thirds for the process and equal parts for
    the others.
    """
    joined = np.array([False, *(name == GraphNetworkPredictor.name for name in others)])
    weights = np.where(joined, JOINED, 1 / 3 / max(1, len(others) - joined.sum()))
    rest = 1 - weights[joined].sum()
    weights[~joined] *= rest
    weights[0] = 1 - weights[1:].sum()
    return weights


def _fit_weights(
    predicted: NDArray[np.float64], targets: NDArray[np.float64], expected: NDArray[np.float64]
) -> NDArray[np.float64]:
    def loss(weights: Any) -> float:
        errors = targets - weights @ predicted
        pull = PRIOR_CELLS * np.square(weights - expected).sum()
        return float(np.square(errors).sum() + pull)

    sums_to_one = LinearConstraint(np.ones((1, len(expected))), 1, 1)
    found = minimize(loss, expected, method="SLSQP", bounds=Bounds(0, 1), constraints=sums_to_one)
    weights = np.clip(found.x, 0, 1)
    normalized: NDArray[np.float64] = weights / weights.sum()
    return normalized


def _join(
    weights: NDArray[np.float64] | None, means: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    assert weights is not None
    joined = weights @ means
    return joined, np.sqrt(weights @ np.square(means - joined))


def _widening(errors: NDArray[np.float64], expected: NDArray[np.float64], noise: float) -> float:
    """The factor of the expected deviations at which 90 % of the errors lie within the interval.

    At least 1: the kernel that leaves a cell out was learned with it, which flatters.
    """
    inner = np.sqrt(np.maximum(np.square(errors / INTERVAL) - noise, 0))
    factor = float(np.quantile(inner / np.maximum(expected, 1e-9), 0.9))
    return float(np.clip(factor, 1.0, 3.0))
