"""What is known of a search: its trials, the trained winner, random cells beside it."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gemcore.encoder import Encoder
from gemcore.searching.objectives import Objectives
from gemcore.searching.reruns import average_all, best_of, choose_best
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
        reruns: Further runs of the best cells from other seeds, if they were asked for.
    """

    setting: SearchSetting
    trials: list[Trial]
    status: str = "complete"
    notes: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    final: FinalNetwork | None = None
    baseline: RandomBaseline | None = None
    encoder: Encoder | None = None
    reruns: list[Trial] = field(default_factory=list)

    @property
    def best(self) -> Trial | None:
        """The complete trial of the highest score, or None if no trial is complete.

        Where the best cells were trained again, the one of the best mean; its numbers are means
        then, and its metrics have those of each run beside, as ``accuracy_run0`` and so on.
        """
        config = self.setting.config
        return choose_best(
            self.trials, self.reruns, number=config.reevaluate, times=config.reevaluations
        )

    @property
    def averaged(self) -> list[Trial]:
        """The trials, with means in the place of what was trained more than once."""
        return average_all(self.trials, self.reruns)

    def pareto(self) -> list[Trial]:
        """Trials that no other beats in all objectives, the cheapest first.

        Without ``config.objectives`` these are the metric of the search and MACs. Of trials equal
        in all, the first one is kept.
        """
        return self.objectives.front(self.averaged)

    @property
    def hypervolume(self) -> float:
        """What the Pareto front dominates, from the worst trial in each objective.

        Costs count by their decimal logarithm: the unit is one of the metric at a tenth of the
        cost.
        """
        return self.objectives.hypervolume(self.averaged)

    @property
    def objectives(self) -> Objectives:
        """What the Pareto front is made of."""
        return Objectives.of(self.setting.config)
