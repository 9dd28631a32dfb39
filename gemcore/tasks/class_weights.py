"""How much the images of each class count in training."""

import numpy as np
from numpy.typing import NDArray

from gemcore.tasks.training_config import TrainingConfig


def check_class_weights(training: TrainingConfig, num_classes: int) -> None:
    """Raises ValueError unless the weights, if they are numbers, are one for each class."""
    weights = training.class_weights
    if isinstance(weights, tuple) and len(weights) != num_classes:
        raise ValueError(
            f"class_weights must be {num_classes} numbers, one a class, got {len(weights)}"
        )


def resolve_class_weights(
    training: TrainingConfig, labels: NDArray[np.int64], num_classes: int
) -> tuple[float, ...] | None:
    """Weight of each class for training on these labels; None where all count alike.

    ``"balanced"`` gives a class of :math:`n_c` among n images the weight :math:`n / (C n_c)`.

    Example:
        >>> labels = np.array([0, 0, 0, 1])
        >>> resolve_class_weights(TrainingConfig(class_weights="balanced"), labels, 2)
        (0.6666666666666666, 2.0)
    """
    check_class_weights(training, num_classes)
    if training.class_weights != "balanced":
        return training.class_weights
    counts = np.bincount(labels, minlength=num_classes)
    return tuple((len(labels) / (num_classes * np.maximum(counts, 1))).tolist())
