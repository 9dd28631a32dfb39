"""What can be asked of the Weisfeiler-Lehman kernel, checked where it is asked."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gemcore.arguments import check_in, check_int, check_type, describe

DIRECTIONS = ("in_out", "out", "in", "undirected")  # As numbered in ``csrc/wl/options.h``
LABELS = ("ops", "degree", "uniform")
MAX_ROUNDS = 16


class WlSettings(NamedTuple):
    """What is asked of the kernel, checked."""

    direction: str
    labels: str
    round_weights: NDArray[np.float64]
    normalize: bool

    def native(self) -> tuple[int, int, list[float], bool]:
        """What ``_cuda`` takes."""
        return (
            DIRECTIONS.index(self.direction),
            LABELS.index(self.labels),
            self.round_weights.tolist(),
            self.normalize,
        )


def read_settings(
    n_iter: int,
    direction: str,
    normalize: bool,
    round_weights: ArrayLike | None,
    labels: str,
) -> WlSettings:
    """The options of the kernel, checked."""
    n_iter = check_int("n_iter", n_iter, 0, MAX_ROUNDS)
    check_in("direction", direction, DIRECTIONS)
    check_in("labels", labels, LABELS)
    check_type("normalize", normalize, (bool, np.bool_))
    weights = np.ones(n_iter + 1) if round_weights is None else read_weights(round_weights, n_iter)
    if normalize and weights.any():
        # A power of two leaves the quotient's bits alone, and keeps the product of two kernels
        # from overflow and underflow.
        weights = np.ldexp(weights, -np.frexp(weights.max())[1])
    return WlSettings(direction, labels, weights, bool(normalize))


def read_weights(round_weights: ArrayLike, n_iter: int) -> NDArray[np.float64]:
    """The weights of the rounds 0 .. n_iter, checked."""
    try:
        weights = np.asarray(round_weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"round_weights must be numbers, got {describe(round_weights)}") from None
    if weights.ndim != 1 or len(weights) != n_iter + 1:
        got = str(len(weights)) if weights.ndim == 1 else f"shape {list(weights.shape)}"
        raise ValueError(f"round_weights must have length n_iter + 1 = {n_iter + 1}, got {got}")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(f"round_weights must be finite and >= 0, got {weights.tolist()}")
    return np.ascontiguousarray(weights)
