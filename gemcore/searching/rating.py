"""What an evaluation is worth to a search: its metric, less the price of the multiply-adds."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gemcore.score import efficiency_score
from gemcore.searching.config import SearchConfig
from gemcore.trials.outcome import FAILED, Outcome
from gemcore.trials.trial import Trial


class Rating:
    """Eq. 5 with the metric, price and base of a configuration.

    Example:
        >>> rating = Rating(SearchConfig(metric="macro_f1", mac_penalty=0.1))
        >>> rating.score({"accuracy": 0.9, "macro_f1": 0.5}, 10_000_000)
        0.4
    """

    def __init__(self, config: SearchConfig) -> None:
        self.config = config

    def check(self, metrics: Mapping[str, float]) -> None:
        """Raises ValueError if the metric that the score is made of is missing."""
        if self.config.metric not in metrics:
            raise ValueError(
                f"task must report the metric {self.config.metric!r} that the score is made of, "
                f"got {', '.join(metrics)}"
            )

    def checked(self, outcome: Outcome) -> Outcome:
        """The outcome; a complete one without the metric becomes a failure."""
        if outcome.is_complete:
            try:
                self.check(outcome.metrics)
            except ValueError as error:
                return Outcome(outcome.index, FAILED + str(error), {}, outcome.seconds)
        return outcome

    def price(self, macs: NDArray[np.int64]) -> NDArray[np.float64]:
        """What multiply-adds take off the score, float64 ``[B]``."""
        penalty, base = self.config.mac_penalty, self.config.log_base
        if penalty == 0:  # Then macs may be 0: a table that does not know them.
            return np.zeros(len(macs))
        free = efficiency_score(np.zeros(len(macs)), macs, mac_penalty=penalty, log_base=base)
        return -np.asarray(free)

    def score(self, metrics: Mapping[str, float], macs: int) -> float:
        """Efficiency score of a complete evaluation."""
        return metrics[self.config.metric] - float(self.price(np.array([macs]))[0])

    def target(self, trial: Trial) -> float:
        """What the predictor learns of a complete trial."""
        assert trial.score is not None
        return trial.score if self.config.target == "score" else trial.metrics[self.config.metric]
