"""Numbers that a task reports: of numpy's and torch's kinds too, turned into plain floats."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from gemcore.arguments import describe


def read_metrics(value: Any) -> dict[str, float]:
    """Metrics of what a task returned: an accuracy, or a dictionary that has one.

    Args:
        value: A number in [0, 1], or numbers by name, ``accuracy`` among them. Numpy scalars and
            arrays or tensors without axes count as numbers; booleans don't.

    Returns:
        Finite plain floats by name.

    Raises:
        TypeError: If a value is no number.
        ValueError: If ``accuracy`` is missing or out of range, or a number is not finite.

    Example:
        >>> read_metrics(np.float32(0.75))
        {'accuracy': 0.75}
        >>> read_metrics({"accuracy": 1, "images": np.int64(9)})
        {'accuracy': 1.0, 'images': 9.0}
    """
    if not isinstance(value, Mapping):
        return check_metrics({"accuracy": value})
    return check_metrics(value)


def check_metrics(metrics: Mapping[Any, Any]) -> dict[str, float]:
    """The metrics as plain floats; raises as :func:`read_metrics` does."""
    if "accuracy" not in metrics:
        raise ValueError(
            f"task must return a number or a dict with 'accuracy', got {describe(metrics)}"
        )
    read = {_read_name(name): _read_number(name, value) for name, value in metrics.items()}
    if not 0 <= read["accuracy"] <= 1:
        raise ValueError(f"task must return an accuracy in 0 .. 1, got {read['accuracy']:g}")
    return read


def _read_name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"task must return a dict with string keys, got {describe(name)}")
    return name


def _read_number(name: str, value: Any) -> float:
    scalar = value
    if isinstance(value, np.ndarray | np.generic | Tensor) and value.ndim == 0:
        scalar = value.item()
    if isinstance(scalar, bool) or not isinstance(scalar, int | float):
        raise TypeError(f"task must return a number as {name!r}, got {describe(value)}")
    number = float(scalar)
    if not math.isfinite(number):
        raise ValueError(f"task must return a finite number as {name!r}, got {number}")
    return number
