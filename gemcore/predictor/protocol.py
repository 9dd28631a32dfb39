"""What every predictor is, and the check of what it is taught with."""

from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gemcore.arguments import check_type
from gemcore.cell_batch import CellBatch

# Below this share of their size, differences between scores are rounding: nothing to learn.
ROUNDING = 1e-12


class Predictor(Protocol):
    """Learns a number for each cell from labelled cells (paper section 3.2).

    One interface over cells, whatever a predictor embeds them with.
    """

    def fit(self, cells: CellBatch, scores: ArrayLike, *, fine_tune: bool = False) -> Self:
        """Learns from cells and their scores, finite numbers ``[B]``, B >= 1.

        With ``fine_tune`` a predictor that was fitted before goes on from what it knows, in fewer
        epochs; otherwise it starts afresh, so that the result depends on these arguments alone.
        """
        ...

    def predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation, float64 ``[B]`` each, in the unit of the scores."""
        ...

    def save(self, directory: str | Path) -> None:
        """Writes the fitted predictor; :func:`gemcore.predictor.load_predictor` reads it."""
        ...


def check_scores(cells: CellBatch, scores: ArrayLike) -> NDArray[np.float64]:
    """The scores as float64 ``[B]``, if there is one finite score for each of B >= 1 cells.

    Scores that differ by rounding alone become equal.
    """
    check_type("cells", cells, CellBatch)
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != (len(cells),):
        raise ValueError(f"scores must have shape [{len(cells)}], got {list(values.shape)}")
    if len(cells) == 0:
        raise ValueError("cells must hold at least one cell, got none")
    finite = np.isfinite(values)
    if not finite.all():
        first = int(np.argmin(finite))
        raise ValueError(f"scores must be finite, got {values[first]} at index {first}")
    if np.ptp(values) <= ROUNDING * np.abs(values).max():
        return np.full(len(values), values.mean())
    return values


def require_fitted(is_fitted: bool) -> None:
    """Raises RuntimeError unless the predictor has learned something."""
    if not is_fitted:
        raise RuntimeError("[predictor] call fit() first: nothing has been learned yet")
