"""What is known of a search: its trials, the trained winner, random cells beside it."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gemcore.encoder import Encoder
from gemcore.searching.objectives import Objectives
from gemcore.searching.setting import SearchSetting
from gemcore.trials.outcome import FAILED
from gemcore.trials.trial import Trial


@dataclass(frozen=True, eq=False)
class FinalNetwork:
    """The winner, trained on training and validation images.

    Args:
        metrics: Numbers by name, ``"test_accuracy"`` among them where there are test images.
        weights: The network's state, tensors by name.
    """

    metrics: dict[str, float]
    weights: dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class RandomBaseline:
    """As many random cells as the search tried, trained the same way.

    Args:
        trials: In the order drawn. The first are the search's own random cells.
        metrics: Of the best of them, trained again as the search's winner was.
    """

    trials: list[Trial]
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def best(self) -> Trial | None:
        """The complete trial of the highest score."""
        return best_of(self.trials)


@dataclass(frozen=True, eq=False)
class Prediction:
    """Classes of images.

    Args:
        labels: Name of the most probable class of each image, ``[N]``.
        probabilities: Of each class, float32 ``[N, C]``, in the order of ``class_names``.
        class_names: Name of each class.
    """

    labels: NDArray[np.str_]
    probabilities: NDArray[np.float32]
    class_names: tuple[str, ...]


def best_of(trials: list[Trial]) -> Trial | None:
    """The complete trial of the highest score, the first of equal ones."""
    complete = [trial for trial in trials if trial.score is not None]
    return max(complete, key=lambda trial: trial.score or 0.0, default=None)


def count_failures(trials: list[Trial]) -> Counter[str]:
    """How often each reason made a trial fail."""
    return Counter(t.status.removeprefix(FAILED) for t in trials if not t.is_complete)


@dataclass(frozen=True, eq=False)
class SearchRecord:
    """All that is known of a search, finished or not.

    Args:
        setting: What was searched, how, and from which seed.
        trials: In the order in which their cells were chosen.
        status: ``"complete"``, ``"running"``, ``"interrupted"`` or ``"failed: why"``.
        notes: What the user should know, such as that the space is exhausted.
        seconds: Time by phase.
        final: The winner's trained network, if it got that far and there are images.
        baseline: Random cells for comparison, if they were asked for.
        encoder: What embedded the cells, if one was trained.
    """

    setting: SearchSetting
    trials: list[Trial]
    status: str = "complete"
    notes: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    final: FinalNetwork | None = None
    baseline: RandomBaseline | None = None
    encoder: Encoder | None = None

    @property
    def best(self) -> Trial | None:
        """The complete trial of the highest score, or None if no trial is complete."""
        return best_of(self.trials)

    def pareto(self) -> list[Trial]:
        """Trials that no other beats in all objectives, the cheapest first.

        Without ``config.objectives`` these are the metric of the search and MACs. Of trials equal
        in all, the first one is kept.
        """
        return self.objectives.front(self.trials)

    @property
    def hypervolume(self) -> float:
        """What the Pareto front dominates, from the worst trial in each objective.

        Costs count by their decimal logarithm: the unit is one of the metric at a tenth of the
        cost.
        """
        return self.objectives.hypervolume(self.trials)

    @property
    def objectives(self) -> Objectives:
        """What the Pareto front is made of."""
        return Objectives.of(self.setting.config)
