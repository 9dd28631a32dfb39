r"""How much of the space of trade-offs a Pareto front covers, and what a network may add to it.

A network has one uncertain value y, the more the better, and k = 1 or 2 exact costs c, the less the
better. The best value that a set of networks reaches at costs of at most c is a staircase,

.. math:: F(c) = \max(y_r, \max \{ y_i : c_i \le c \}),

:math:`c_i \le c` in every cost, with a reference :math:`(y_r, c_r)`. The set dominates the volume
under it. What a network (y, c) adds lies over the box from c to :math:`c_r`:

.. math:: \mathrm{HV} = \int_{c \le c_r} F(c) - y_r \, dc, \qquad
          \mathrm{HVI}(y, c) = \int_{c \le c' \le c_r} \max(y - F(c'), 0) \, dc'

Since c is exact, the expectation over y ~ N(m, s^2) goes under the integral, and since F is
constant on the steps j of the staircase, it is a sum of one-dimensional expected improvements:

.. math:: \mathrm{EHVI} = \sum_j |\mathrm{step}_j \cap [c, c_r]| \; \mathrm{EI}(F_j), \qquad
          \mathrm{EI}(f) = s \, (z \Phi(z) + \varphi(z)), \quad z = (m - f) / s
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Numbers = NDArray[np.float64]


def non_dominated(values: Numbers, costs: Numbers) -> NDArray[np.bool_]:
    """Which of n networks no other beats; of networks that are equal in all, the first.

    Args:
        values: The more the better, ``[n]``.
        costs: The less the better, ``[n, k]``.

    Example:
        >>> non_dominated(np.array([0.9, 0.8, 0.7, 0.9]), np.array([[2], [1], [1], [2]])).tolist()
        [True, True, False, False]
    """
    as_good = (values[:, None] >= values) & (costs[:, None] <= costs).all(axis=2)
    better = as_good & ~as_good.T  # [i, j]: i is as good as j in all, and better in one.
    twin_before = np.triu(as_good & as_good.T, 1)
    return np.asarray(~(better | twin_before).any(axis=0))


def hypervolume(values: Numbers, costs: Numbers, worst: float, end: Numbers) -> float:
    """The volume that n networks dominate, within a reference.

    Args:
        values: The more the better, ``[n]``.
        costs: The less the better, ``[n, k]``, k <= 2.
        worst: Value of the reference.
        end: Costs of the reference, ``[k]``. Networks that don't beat it in all count nothing.

    Example:
        >>> costs = np.array([[1.0], [2.0]])  # From 1 to 2 at 3 - 1, from 2 to 4 at 5 - 1.
        >>> hypervolume(np.array([3.0, 5.0]), costs, worst=1.0, end=np.array([4.0]))
        10.0
    """
    values, costs = _within(values, costs, worst, end)
    if len(values) == 0:
        return 0.0
    heights = np.concatenate([[0.0], values - worst])[:, None]
    return float(_integrate(heights, costs.min(axis=0)[None], costs, end)[0])


def expected_improvement(mean: Numbers, std: Numbers, level: float) -> Numbers:
    """E max(Y - level, 0) for Y ~ N(mean, std^2), ``[B]``; std may be 0.

    Example:
        >>> expected_improvement(np.array([1.0, 3.0]), np.array([0.0, 0.0]), 2.0).tolist()
        [0.0, 1.0]
    """
    safe = np.where(std > 0, std, 1.0)
    z = (mean - level) / safe
    density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    expected = np.where(std > 0, safe * (z * ndtr(z) + density), mean - level)
    return np.maximum(expected, 0.0)


class Front:
    """What networks dominate, within a reference; a network is judged by what it would add.

    Args:
        values: The more the better, ``[n]``; networks that are dominated change nothing.
        costs: The less the better, ``[n, k]``, k <= 2.
        worst: Value of the reference.
        end: Costs of the reference, ``[k]``.
    """

    def __init__(self, values: Numbers, costs: Numbers, worst: float, end: Numbers) -> None:
        self.worst, self.end = worst, end
        values, costs = _within(values, costs, worst, end)
        kept = non_dominated(values, costs)
        self.values, self.costs = values[kept], costs[kept]

    def joined_by(self, value: float, costs: Numbers) -> "Front":
        """The front when one more network is known."""
        values = np.append(self.values, value)
        return Front(values, np.concatenate([self.costs, costs[None]]), self.worst, self.end)

    def expected_improvement(self, mean: Numbers, std: Numbers, costs: Numbers) -> Numbers:
        """The expected hypervolume improvement of each of B networks, float64 ``[B]``, >= 0.

        Args:
            mean: Of each network's value, ``[B]``.
            std: Its standard deviation, ``[B]``, >= 0.
            costs: Exact, ``[B, k]``.

        Example:
            >>> front = Front(np.array([3.0]), np.array([[1.0]]), worst=1.0, end=np.array([4.0]))
            >>> sure = np.zeros(2)  # 5 at cost 2 adds 2 from 2 to 4; 2 at cost 0 adds 1 up to 1.
            >>> front.expected_improvement(np.array([5.0, 2.0]), sure, np.array([[2.0], [0.0]]))
            array([4., 1.])

        Source: Emmerich et al., "Hypervolume-based expected improvement: monotonicity properties
        and exact computation", 2011; here with one uncertain objective.
        """
        levels = [self.worst, *self.values.tolist()]
        gains = np.stack([expected_improvement(mean, std, level) for level in levels])
        return _integrate(gains, costs, self.costs, self.end)


def _within(values: Numbers, costs: Numbers, worst: float, end: Numbers) -> tuple[Numbers, Numbers]:
    """The networks that beat the reference, by rising value."""
    kept = (values > worst) & (costs < end).all(axis=1)
    order = np.argsort(values[kept], kind="stable")
    return values[kept][order], costs[kept][order]


def _integrate(gains: Numbers, corners: Numbers, costs: Numbers, end: Numbers) -> Numbers:
    """The integral of a gain that depends on the step over boxes of costs, ``[B]``.

    Slices along the last cost; in each the staircase has one cost less and fewer networks.

    Args:
        gains: What counts where no network reaches, then where each is best, ``[n + 1, B]``.
        corners: Least costs of the boxes, ``[B, k]``.
        costs: Of the networks by rising value, ``[n, k]``.
        end: Greatest costs of all boxes, ``[k]``, above those of the networks.
    """
    return _slice(gains, corners, costs, end, np.arange(len(costs)))


def _slice(
    gains: Numbers, corners: Numbers, costs: Numbers, end: Numbers, members: NDArray[np.int64]
) -> Numbers:
    if corners.shape[1] == 0:
        return np.asarray(gains[members.max() + 1 if len(members) else 0])
    members = members[non_dominated(members.astype(np.float64), costs[members])]
    axis = costs[members, -1]
    total = np.zeros(len(corners))
    for low, high in pairwise([-np.inf, *np.unique(axis).tolist(), float(end[-1])]):
        width = high - np.maximum(corners[:, -1], low)
        if (width > 0).any():
            inner = members[axis <= low]
            total += np.maximum(width, 0.0) * _slice(
                gains, corners[:, :-1], costs[:, :-1], end[:-1], inner
            )
    return total
