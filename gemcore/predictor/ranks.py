"""Scores as ranks: what a predictor learns where the order of the cells is what counts."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

TAIL = 0.1  # Share of the scores, at least two, whose slope continues the map beyond its ends.


class RankScale:
    r"""The monotone map between scores and the quantiles of a normal distribution at their ranks.

    .. math:: t_i = \Phi^{-1}\left(\frac{r_i - 1/2}{n}\right)

    with r the rank among n scores, the mean of the ranks where scores are equal. A few very bad
    cells, which a table of trained cells always holds, then weigh no more than the few best do.

    Args:
        ranks: Increasing ranks of the different scores, float64 ``[K]``.
        scores: These scores, increasing, float64 ``[K]``.

    Example:
        >>> scale = RankScale.of([0.9, 0.1, 0.5, 0.9])
        >>> scale.to_ranks([0.1, 0.9]).round(3).tolist()  # Ranks 1 and 3.5 of 4: 1/8 and 3/4.
        [-1.15, 0.674]
        >>> mean, std = scale.to_scores(np.array([0.674, -1.15]), np.zeros(2))
        >>> mean.round(2).tolist()
        [0.9, 0.1]
    """

    def __init__(self, ranks: NDArray[np.float64], scores: NDArray[np.float64]) -> None:
        self.ranks = ranks
        self.scores = scores

    @classmethod
    def of(cls, scores: ArrayLike) -> Self:
        """The map of these scores, finite numbers ``[B]``, B >= 1."""
        from scipy.stats import rankdata  # Late: it takes half a second to import.

        values = np.asarray(scores, dtype=np.float64)
        ranks = ndtri((rankdata(values) - 0.5) / len(values))
        different, first = np.unique(values, return_index=True)
        return cls(ranks[first], different)

    def to_ranks(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Ranks of scores, linear between those that it was made of, float64 ``[B]``."""
        ranks: NDArray[np.float64] = np.interp(np.asarray(scores), self.scores, self.ranks)
        return ranks

    def to_scores(
        self, mean: NDArray[np.float64], std: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation in the unit of the scores, float64 ``[B]`` each.

        The standard deviation is half of what lies between the scores of mean - std and mean + std.
        """
        spread = self._score(mean + std) - self._score(mean - std)
        return self._score(mean), spread / 2

    def _score(self, ranks: NDArray[np.float64]) -> NDArray[np.float64]:
        inside = np.interp(ranks, self.ranks, self.scores)
        below = np.minimum(ranks - self.ranks[0], 0) * self._slope(slice(None, self._num_tail))
        above = np.maximum(ranks - self.ranks[-1], 0) * self._slope(slice(-self._num_tail, None))
        scores: NDArray[np.float64] = inside + below + above
        return scores

    @property
    def _num_tail(self) -> int:
        return max(2, round(TAIL * len(self.ranks)))

    def _slope(self, tail: slice) -> float:
        ranks, scores = self.ranks[tail], self.scores[tail]
        if len(ranks) < 2:
            return 0.0
        return float((scores[-1] - scores[0]) / (ranks[-1] - ranks[0]))
