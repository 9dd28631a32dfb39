"""What a user's own training function is told."""

from dataclasses import dataclass

from gemcore.networks.skeleton import Skeleton
from gemcore.tasks.training_config import TrainingConfig


@dataclass(frozen=True)
class EvaluationContext:
    """Second argument of a task that is a function ``(cell, context) -> accuracy | dict``.

    Args:
        seed: Of the search: the same for all its candidates. Another one where a cell is evaluated
            again (``SearchConfig(reevaluate=...)``).
        index: Number of the trial, 0, 1, ...
        skeleton: What surrounds the cell in a network.
        training: How the search was asked to train.
        input_size: (channels, height, width) of an image, if the search knows it.
        num_classes: Number of classes, if the search knows it.
    """

    seed: int
    index: int
    skeleton: Skeleton
    training: TrainingConfig
    input_size: tuple[int, int, int] | None = None
    num_classes: int | None = None
