"""A predictor that is kept after each fit, so that a run that goes on finds it as it was."""

import hashlib
import logging
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gemcore.atomic_files import read_document, write_document, write_folder
from gemcore.cell_batch import CellBatch
from gemcore.predictor import Predictor, load_predictor
from gemcore.searching.run_folder import PREDICTOR, RunFolder

logger = logging.getLogger("gemcore")

FIT = "fit.json"
DOCUMENT, VERSION = "gemcore.fit", 1


class StoredPredictor:
    """Fits another predictor and saves it; a fit that lies in the folder already is loaded.

    Args:
        inner: What is fitted.
        folder: Where it is kept, replaced as a whole by each fit.
    """

    def __init__(self, inner: Predictor, folder: RunFolder) -> None:
        self.inner = inner
        self.folder = folder
        self.directory = folder.directory / PREDICTOR
        self._kept = self._load()

    def fit(self, cells: CellBatch, scores: ArrayLike, *, fine_tune: bool = False) -> Self:
        """Learns from cells and their scores; see :class:`gemcore.Predictor`."""
        wanted = digest_of(cells, scores, fine_tune=fine_tune)
        if self._kept != wanted:
            self.inner.fit(cells, scores, fine_tune=fine_tune)
            with self.folder.writing():
                write_folder(self.directory, lambda folder: self._save(folder, wanted))
            self._kept = wanted
        return self

    def predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation; see :class:`gemcore.Predictor`."""
        return self.inner.predict(cells)

    def save(self, directory: str | Path) -> None:
        """Writes the predictor to another folder."""
        self.inner.save(directory)

    def _save(self, folder: Path, digest: str) -> None:
        self.inner.save(folder)
        write_document(folder / FIT, {"learned": digest}, kind=DOCUMENT, version=VERSION)

    def _load(self) -> str | None:
        """Takes over what lies in the folder; what it was fitted to, if there is anything."""
        if not self.directory.exists():
            return None
        try:
            path = self.directory / FIT
            digest = read_document(path, kind=DOCUMENT, version=VERSION)["learned"]
            self.inner = load_predictor(self.directory)
        except (FileNotFoundError, KeyError, ValueError) as error:
            # A fit from scratch gives the same; a fine-tuned one begins anew.
            logger.warning(f"The stored predictor is of no use and fitted anew: {error}")
            return None
        return str(digest)


def digest_of(cells: CellBatch, scores: ArrayLike, *, fine_tune: bool) -> str:
    """SHA-256 of what a predictor is fitted to."""
    digest = hashlib.sha256(b"fine-tuned" if fine_tune else b"from scratch")
    values = np.asarray(scores, dtype=np.float64)
    for array in (cells.sizes, cells.ops, cells.adjacency, values):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
