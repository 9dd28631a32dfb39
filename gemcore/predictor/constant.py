"""A predictor that knows no cell from another: the yardstick of all others."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gemcore.atomic_files import write_document
from gemcore.cell_batch import CellBatch
from gemcore.predictor.protocol import check_scores, require_fitted

DOCUMENT = "gemcore.predictor"
VERSION = 1


class ConstantPredictor:
    """Predicts the mean of the scores for every cell, and their spread as its standard deviation.

    A search with it chooses by the exact MACs alone, which shows what the predictor adds.
    """

    def __init__(self) -> None:
        self._mean: float | None = None
        self._std = 0.0

    def fit(self, cells: CellBatch, scores: ArrayLike, *, fine_tune: bool = False) -> Self:
        """Takes mean and spread of the scores; see :class:`Predictor`."""
        values = check_scores(cells, scores)
        self._mean, self._std = float(values.mean()), float(values.std())
        return self

    def predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The same mean and standard deviation for each cell, float64 ``[B]``."""
        require_fitted(self._mean is not None)
        return np.full(len(cells), self._mean), np.full(len(cells), self._std)

    def save(self, directory: str | Path) -> None:
        """Writes ``predictor.json``."""
        require_fitted(self._mean is not None)
        content = {"name": "constant", "mean": self._mean, "std": self._std}
        path = Path(directory) / "predictor.json"
        write_document(path, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, content: dict[str, Any]) -> Self:
        """The predictor of a saved document."""
        predictor = cls()
        predictor._mean, predictor._std = float(content["mean"]), float(content["std"])
        return predictor
