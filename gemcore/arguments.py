"""Checks of outside values, each made once, where the value enters."""

import math
import operator
from collections.abc import Collection
from typing import Any


def check_int(name: str, value: object, low: int, high: int | None = None) -> int:
    """The value as an int, if it is an integer within ``low`` .. ``high``."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, got {describe(value)}")
    if number < low or (high is not None and number > high):
        wanted = f">= {low}" if high is None else f"in {low} .. {high}"
        raise ValueError(f"{name} must be {wanted}, got {number}")
    return number


def check_float(name: str, value: object, low: float, high: float = math.inf) -> float:
    """The value as a float, if it is a finite number within ``low`` .. ``high``."""
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a number, got {describe(value)}")
    number = float(value)
    if not (math.isfinite(number) and low <= number <= high):
        wanted = f">= {low:g}" if math.isinf(high) else f"in {low:g} .. {high:g}"
        raise ValueError(f"{name} must be {wanted}, got {number:g}")
    return number


def check_in(name: str, value: Any, choices: Collection[Any]) -> None:
    """Raises ValueError unless the value is one of the choices."""
    if value not in choices:
        wanted = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be one of {wanted}, got {value!r}")


def check_type(name: str, value: object, types: type | tuple[type, ...]) -> None:
    """Raises TypeError unless the value is of one of the types."""
    if not isinstance(value, types):
        several = types if isinstance(types, tuple) else (types,)
        wanted = " or ".join(kind.__name__ for kind in several)
        raise TypeError(f"{name} must be of type {wanted}, got {describe(value)}")


def check_seed(seed: object) -> int:
    """The seed as an int in 0 .. 2^64 - 1."""
    return check_int("seed", seed, 0, 2**64 - 1)


def describe(value: object) -> str:
    """Type and a short form of a value, for error messages."""
    text = " ".join(repr(value).split())
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
