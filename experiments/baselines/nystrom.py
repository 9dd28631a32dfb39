"""A closed-form embedding whose dot products are the Weisfeiler-Lehman similarity, nearly."""

import numpy as np
from numpy.typing import NDArray

from gemcore.cell_batch import CellBatch
from gemcore.encoder import EncoderConfig
from gemcore.wl import wl_gram

SMALLEST = 1e-9  # Of the largest eigenvalue: below, there is rounding alone.


class Nystrom:
    r"""Embeddings of at most d numbers.

    .. math:: \phi(x) = \Lambda^{-1/2} U^T k(x, L)

    with the d largest eigenvalues and eigenvectors of the similarity among landmarks L: the best
    that d numbers can do for the landmarks, without any learning.

    Args:
        landmarks: Graphs of the space, many more than d.
        config: Of the encoder that it stands beside: its similarity and its d.

    Source: Williams & Seeger, "Using the Nystrom Method to Speed Up Kernel Machines", NIPS 2000.
    """

    def __init__(self, landmarks: CellBatch, config: EncoderConfig) -> None:
        self.landmarks = landmarks
        self.config = config
        values, vectors = np.linalg.eigh(self._kernel(landmarks))
        kept = np.flatnonzero(values > SMALLEST * values[-1])[-config.embedding_dim :]
        self._scaled = vectors[:, kept] / np.sqrt(values[kept])

    def embed(self, cells: CellBatch) -> NDArray[np.float64]:
        """Vectors of the cells, float64 ``[B, d]``."""
        embedded: NDArray[np.float64] = self._kernel(cells) @ self._scaled
        return embedded

    def _kernel(self, cells: CellBatch) -> NDArray[np.float64]:
        config = self.config
        gram: NDArray[np.float64] = wl_gram(
            cells,
            self.landmarks,
            n_iter=config.n_iter,
            direction=config.direction,
            round_weights=config.round_weights,
            labels=config.labels,
        )
        return gram
