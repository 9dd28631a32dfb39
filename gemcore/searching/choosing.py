"""Which cells a search tries next: the acquisition."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.bootstrap import Candidates
from gemcore.cell_batch import CellBatch
from gemcore.philox import Stream, numpy_generator
from gemcore.searching.config import SearchConfig
from gemcore.searching.costs import CostOf
from gemcore.searching.objectives import Objectives
from gemcore.searching.pool import CandidatePool
from gemcore.searching.rating import Rating
from gemcore.searching.reruns import best_trials
from gemcore.trials.trial import Trial

NUM_PARENTS = 20  # Best cells whose mutants are tried.

# Mean and standard deviation of what is predicted of candidates, float64 [B] each.
Predict = Callable[[Candidates], tuple[NDArray[np.float64], NDArray[np.float64]]]


class Chooser:
    """Chooses among sampled cells by what is predicted of them.

    Args:
        config: Says how.
        pool: Samples the cells.
        cost: Exact cost of pruned cells.
        seed: Of the draws of Thompson sampling.
    """

    def __init__(
        self, config: SearchConfig, pool: CandidatePool, cost: CostOf, *, seed: int
    ) -> None:
        self.config = config
        self.rating = Rating(config)
        self._pool = pool
        self._cost = cost
        self._seed = seed

    def choose(self, predict: Predict, trials: Sequence[Trial], num_cells: int) -> Candidates:
        """The next cells, best first, marked as seen in the pool."""
        sampling: dict[str, Any] = {
            "num_samples": self.config.bootstrap_samples,
            "parents": self._parents(trials),
        }
        if self.config.objectives is None:
            score = partial(self._score, predict)
            return self._pool.best(score, num_cells, **sampling)
        known = [trial for trial in trials if trial.is_complete]
        pick = partial(self._pick_for_front, predict, known)
        return self._pool.choose(pick, num_cells, **sampling)

    def _parents(self, trials: Sequence[Trial]) -> CellBatch | None:
        """The best known cells, whose mutants are tried, if any are."""
        if self.config.acquisition == "bootstrap":
            return None
        if self.config.objectives is not None:
            best = Objectives.of(self.config).best(trials, NUM_PARENTS)
        else:
            best = best_trials(trials, NUM_PARENTS)
        return CellBatch.from_cells(trial.cell for trial in best)

    def _pick_for_front(
        self, predict: Predict, known: Sequence[Trial], found: Candidates, number: int
    ) -> Candidates:
        """The candidates of the highest expected hypervolume improvement."""
        if len(found) == 0:
            return found
        mean, std = predict(found)
        cost = self._cost(found.identities)
        return found[Objectives.of(self.config).choose(known, mean, std, cost, number)]

    def _score(self, predict: Predict, found: Candidates) -> NDArray[np.float64]:
        """Predicted score: predicted metric and exact MACs, or S itself, or a draw around it."""
        mean, std = predict(found)
        if self.config.target == "metric":
            mean = mean - self.rating.price(self._cost(found.identities).macs)
        if self.config.acquisition != "thompson":
            return mean
        place = self._pool.drawn["bootstrap"]
        noise = numpy_generator(self._seed, Stream.SEARCH_THOMPSON, place).normal(size=len(found))
        return mean + std * noise
