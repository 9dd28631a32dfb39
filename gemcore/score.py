"""The efficiency score of a network, the paper's S (eq. 5)."""

import math
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gemcore.arguments import check_float


@overload
def efficiency_score(
    accuracy: float, macs: float, *, mac_penalty: float = 0.1, log_base: float = 10
) -> float: ...
@overload
def efficiency_score(
    accuracy: ArrayLike, macs: ArrayLike, *, mac_penalty: float = 0.1, log_base: float = 10
) -> float | NDArray[np.float64]: ...
def efficiency_score(
    accuracy: ArrayLike, macs: ArrayLike, *, mac_penalty: float = 0.1, log_base: float = 10
) -> float | NDArray[np.float64]:
    r"""Accuracy less a price for the logarithm of the multiply-adds.

    .. math:: S(G) = \mathrm{ACC} - \lambda \log_{b} \frac{\mathrm{MACs}}{10^6}

    The logarithm fixes the exchange rate: with the defaults, a network of ten times the
    multiply-adds must be 10 points more accurate to score the same.

    Args:
        accuracy: Fraction of images classified correctly, in [0, 1]; a number or an array.
        macs: Multiply-adds of one image (not millions of them), > 0; a number or an array that
            broadcasts against ``accuracy``.
        mac_penalty: :math:`\lambda \ge 0`.
        log_base: :math:`b > 1`. The paper says "log" only; 10 is what the code of its sibling
            AutoShrink has.

    Returns:
        A float for two numbers, else float64 of the common shape.

    Raises:
        TypeError: If an argument is not made of numbers.
        ValueError: If a value is out of its range or not finite, or the shapes don't broadcast.

    Example:
        >>> efficiency_score(0.9, 100_000_000)  # .9 - .1 * log10(100)
        0.7
        >>> efficiency_score([0.9, 0.5], [1_000_000, 10_000_000]).tolist()
        [0.9, 0.4]

    Source: Cheng et al. 2021, eq. 5.
    """
    penalty = check_float("mac_penalty", mac_penalty, 0)
    base = check_float("log_base", log_base, 1)
    if base == 1:
        raise ValueError("log_base must be > 1, got 1")
    fractions = _read_numbers("accuracy", accuracy)
    millions = _read_numbers("macs", macs) / 1e6
    _check_all("accuracy must be in 0 .. 1", fractions, (fractions >= 0) & (fractions <= 1))
    _check_all("macs must be > 0 and finite", millions * 1e6, (millions > 0) & (millions < np.inf))
    try:
        score = fractions - penalty * _log(millions, base)
    except ValueError:
        raise ValueError(
            f"macs must broadcast against accuracy of shape {list(fractions.shape)}, "
            f"got shape {list(millions.shape)}"
        ) from None
    return score if isinstance(score, np.ndarray) and score.ndim else float(score)


def _log(values: NDArray[np.float64], base: float) -> NDArray[np.float64]:
    # log10 is exact at the powers of ten, where a quotient of logarithms is not.
    if base == 10:
        return np.asarray(np.log10(values))
    return np.asarray(np.log(values) / math.log(base))


def _read_numbers(name: str, values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or an array of numbers, got {array.dtype}")
    return array.astype(np.float64)


def _check_all(promise: str, values: NDArray[np.float64], kept: NDArray[np.bool_]) -> None:
    if not kept.all():
        raise ValueError(f"{promise}, got {values[~kept].flat[0]:g}")
