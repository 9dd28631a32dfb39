"""How good predictions are: numbers by name, built in or a user's own."""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from gemcore.arguments import check_type, describe

Metric = Callable[[NDArray[np.int64], NDArray[np.float32]], float]
"""A user's own: (labels ``[N]``, probabilities ``[N, C]``) -> a number, higher is better."""

BUILT_IN = ("accuracy", "balanced_accuracy", "macro_f1")
OTHERS = ("loss", "valid_loss", "train_loss")


def check_own_metrics(metrics: Mapping[str, Metric]) -> dict[str, Metric]:
    """The metrics, if they can stand beside ours.

    Raises:
        TypeError: If it is no mapping of names to functions.
        ValueError: If a name is taken or no identifier.
    """
    check_type("metrics", metrics, Mapping)
    for name, function in metrics.items():
        check_type("metrics", name, str)
        if not name.isidentifier() or name in BUILT_IN + OTHERS or name.startswith("test_"):
            raise ValueError(f"metrics must have new names that are identifiers, got {name!r}")
        if not callable(function):
            raise TypeError(f"metrics must be functions, got {describe(function)} as {name!r}")
    return dict(metrics)


def measure(logits: Tensor, labels: Tensor, own: Mapping[str, Metric]) -> dict[str, float]:
    """All metrics of predictions, and their cross-entropy as ``loss``.

    Balanced accuracy is the mean over classes of the share recognized of each; macro F1 the mean
    over classes of the harmonic mean of that share and of the share of right ones among those taken
    for the class. Both are over the classes that occur.

    Args:
        logits: float32 ``[N, C]``.
        labels: int64 ``[N]``.
        own: A user's own metrics.

    Raises:
        ValueError: If a user's own metric fails or gives no finite number; it is named.
    """
    from sklearn.metrics import f1_score, recall_score  # Late: it takes a while to import.

    truth: NDArray[np.int64] = labels.cpu().numpy()
    predicted = logits.argmax(1).cpu().numpy()
    recall = recall_score(
        truth, predicted, labels=np.unique(truth), average="macro", zero_division=0
    )
    metrics = {
        "accuracy": float(np.mean(truth == predicted)),
        "balanced_accuracy": float(recall),
        "macro_f1": float(f1_score(truth, predicted, average="macro", zero_division=0)),
    }
    if own:
        probabilities: NDArray[np.float32] = logits.softmax(1).cpu().numpy()
        metrics |= {
            name: _measure_own(name, function, truth, probabilities)
            for name, function in own.items()
        }
    return metrics | {"loss": float(cross_entropy(logits, labels))}


def _measure_own(
    name: str,
    function: Metric,
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float32],
) -> float:
    try:
        # Copies: what a function changes must not reach the next one.
        value = function(labels.copy(), probabilities.copy())
        if isinstance(value, bool | str | bytes):
            raise TypeError(f"it returned {describe(value)}, which is no number")
        number = float(value)
    except Exception as error:  # A user's: whatever it raises is told with the metric's name.
        raise ValueError(f"metric {name!r} failed: {type(error).__name__}: {error}") from error
    if not math.isfinite(number):
        raise ValueError(f"metric {name!r} must return a finite number, got {number}")
    return number
