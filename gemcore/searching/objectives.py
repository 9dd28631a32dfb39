"""Several objectives: a metric, as high as possible, and exact costs, as low as possible."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gemcore.searching.config import SearchConfig
from gemcore.searching.costs import Cost
from gemcore.searching.hypervolume import Front, Numbers, hypervolume, non_dominated
from gemcore.trials.trial import Trial

MARGIN = 0.1  # Of the range of costs, by which the reference of a choice lies beyond them.
LOOK = 1024  # Networks judged anew at once when one was chosen.


@dataclass(frozen=True)
class Objectives:
    """What a Pareto front is made of: networks that no other beats in all of it.

    Args:
        metric: Its name among the metrics of a trial, higher is better.
        costs: ``"macs"``, ``"params"`` or both, lower is better.
    """

    metric: str
    costs: tuple[str, ...]

    @classmethod
    def of(cls, config: SearchConfig) -> Self:
        """The objectives of a configuration; where it has one score, its metric and MACs."""
        return cls.among(config.objectives or (config.metric, "macs"), config.metric)

    @classmethod
    def among(cls, names: Iterable[str], metric: str) -> Self:
        """The objectives of these names, of which one is the metric's."""
        return cls(metric, tuple(name for name in names if name != metric))

    def __str__(self) -> str:
        return ", ".join([self.metric, *self.costs])

    def front(self, trials: Sequence[Trial]) -> list[Trial]:
        """The trials that no other beats, the cheapest first; of equal ones, the first."""
        known = [trial for trial in trials if trial.is_complete]
        kept = np.flatnonzero(non_dominated(self.values(known), self.of_trials(known)))
        front = [known[i] for i in kept.tolist()]
        return sorted(front, key=lambda t: (*(getattr(t, c) for c in self.costs), t.index))

    def best(self, trials: Sequence[Trial], number: int) -> list[Trial]:
        """The first trials in the order of non-dominated sorting: front by front."""
        left = [trial for trial in trials if trial.is_complete]
        chosen: list[Trial] = []
        while left and len(chosen) < number:
            front = self.front(left)
            chosen += front
            taken = {trial.index for trial in front}
            left = [trial for trial in left if trial.index not in taken]
        return chosen[:number]

    def hypervolume(self, trials: Sequence[Trial]) -> float:
        """What the front of trials dominates, from the worst of them in each objective.

        The metric times the decimal logarithm of each cost: an area of 0.01 is one point of
        accuracy at a tenth of the cost. It is 0 where all trials are alike in an objective.
        """
        known = [trial for trial in trials if trial.is_complete]
        if not known:
            return 0.0
        values, costs = self.values(known), log_costs(self.of_trials(known))
        return hypervolume(values, costs, float(values.min()), costs.max(axis=0))

    def values(self, trials: Sequence[Trial]) -> Numbers:
        """The metric of n complete trials, float64 ``[n]``."""
        return np.array([trial.metrics[self.metric] for trial in trials], dtype=np.float64)

    def of_trials(self, trials: Sequence[Trial]) -> Numbers:
        """The costs of n trials, float64 ``[n, k]``."""
        rows = [[getattr(trial, name) for name in self.costs] for trial in trials]
        return np.array(rows, dtype=np.float64).reshape(len(trials), len(self.costs))

    def of_cost(self, cost: Cost) -> Numbers:
        """The costs of B networks, float64 ``[B, k]``."""
        return np.stack([getattr(cost, name) for name in self.costs], axis=1).astype(np.float64)

    def choose(
        self, trials: Sequence[Trial], mean: Numbers, std: Numbers, cost: Cost, number: int
    ) -> NDArray[np.int64]:
        """Which of B networks to try next, those of the highest expected hypervolume improvement.

        One after another: each one's predicted mean joins the front before the next is chosen, so
        that not all of them lie in one place. The reference is the worst metric measured, and the
        greatest costs of trials and networks at hand with a tenth of their range on top, so that
        a network dearer than all before can still be chosen.

        Args:
            trials: The complete ones.
            mean: Predicted metric, ``[B]``.
            std: Its standard deviation, ``[B]``.
            cost: Exact, of B networks.
            number: How many, at most.

        Returns:
            Their places, in the order of the choice; of equal ones, the first.
        """
        values, known = self.values(trials), log_costs(self.of_trials(trials))
        costs = log_costs(self.of_cost(cost))
        every = np.concatenate([known, costs])
        low, high = every.min(axis=0), every.max(axis=0)
        end = high + np.where(high > low, MARGIN * (high - low), 1.0)
        front = Front(values, known, float(values.min()), end)
        return choose_greedily(front, mean, std, costs, number)


def log_costs(costs: Numbers) -> Numbers:
    """Decimal logarithms, by which ratios of costs count; 0, of an empty network, counts as 1."""
    return np.log10(np.maximum(costs, 1.0))


def choose_greedily(
    front: Front, mean: Numbers, std: Numbers, costs: Numbers, number: int
) -> NDArray[np.int64]:
    """The networks of the highest expected improvement, each chosen when those before have joined.

    A front that grows leaves less to improve, so what was computed before is an upper bound, and
    only networks whose bound is among the highest are judged anew (Minoux 1978).
    """
    bound = front.expected_improvement(mean, std, costs)
    judged_at = np.zeros(len(mean), dtype=np.int64)
    chosen: list[int] = []
    while len(chosen) < min(number, len(mean)):
        highest = np.argsort(-bound, kind="stable")[:LOOK]
        first = int(highest[0])
        if judged_at[first] == len(chosen):
            chosen.append(first)
            front = front.joined_by(float(mean[first]), costs[first])
            bound[first] = -np.inf
        else:
            stale = highest[(judged_at[highest] < len(chosen)) & np.isfinite(bound[highest])]
            bound[stale] = front.expected_improvement(mean[stale], std[stale], costs[stale])
            judged_at[stale] = len(chosen)
    return np.array(chosen, dtype=np.int64)
