"""How a network is trained on a task."""

from dataclasses import dataclass
from typing import Literal, get_args

from gemcore.arguments import check_float, check_in, check_int, check_type, describe

Augmentation = Literal["auto", "none", "shift", "crop_flip"]
Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class TrainingConfig:
    """Training of one candidate: stochastic gradient descent with a cosine schedule.

    Example:
        >>> TrainingConfig(epochs=0)
        Traceback (most recent call last):
        ValueError: epochs must be >= 1, got 0
    """

    epochs: int = 5
    """Passes over the training images for a candidate."""

    final_epochs: int = 25
    """Passes over training and validation images for the final network."""

    batch_size: int = 64
    """Images a step, at least 2; what is left over is spread over the steps."""

    learning_rate: float = 0.1
    """Peak step size: reached after a tenth of the steps, then lowered to 0 by a cosine."""

    momentum: float = 0.9
    """Share of the last step in the next one, 0 up to but not 1 (Nesterov's momentum)."""

    weight_decay: float = 5e-4
    """Share of the weights (not biases, scales, shifts) taken off a step, times the step size."""

    label_smoothing: float = 0.1
    """Share of the target that is spread evenly over all classes, 0 up to but not 1."""

    class_weights: Literal["balanced"] | tuple[float, ...] | None = None
    """How much the images of each class count: a number a class, or balanced, so that all classes
    count alike however many images they have. None: every image counts alike."""

    augment: Augmentation = "auto"
    """Random changes of training images: none; shift, by up to an eighth of the size; crop_flip,
    the same and mirrored left to right. auto: shift for grey images, crop_flip for color."""

    device: str = "auto"
    """Where to train: "cpu", "cuda", "cuda:1"; auto: the first GPU that is usable, else the CPU."""

    precision: Precision = "auto"
    """Numbers of the convolutions: float32, or bfloat16 (autocast). auto: bfloat16 where the
    hardware is good at it and the network wide enough to gain."""

    threads: int | None = None
    """CPU threads that train one network. None: the cores, shared by those trained at a time."""

    def __post_init__(self) -> None:
        for name in ("epochs", "final_epochs"):
            check_int(name, getattr(self, name), 1)
        check_int("batch_size", self.batch_size, 2)
        check_float("learning_rate", self.learning_rate, 0)
        check_float("weight_decay", self.weight_decay, 0)
        for name in ("momentum", "label_smoothing"):
            if check_float(name, getattr(self, name), 0, 1) == 1:
                raise ValueError(f"{name} must be below 1, got 1")
        if self.learning_rate == 0:
            raise ValueError("learning_rate must be > 0, got 0")
        if self.class_weights is not None and self.class_weights != "balanced":
            object.__setattr__(self, "class_weights", _read_weights(self.class_weights))
        check_in("augment", self.augment, get_args(Augmentation))
        check_type("device", self.device, str)
        check_in("precision", self.precision, get_args(Precision))
        if self.threads is not None:
            check_int("threads", self.threads, 1)


def _read_weights(weights: object) -> tuple[float, ...]:
    if not isinstance(weights, tuple | list):
        raise TypeError(f"class_weights must be 'balanced' or numbers, got {describe(weights)}")
    numbers = tuple(check_float("class_weights", weight, 0) for weight in weights)
    if 0 in numbers:
        raise ValueError("class_weights must be above 0, got 0")
    return numbers
