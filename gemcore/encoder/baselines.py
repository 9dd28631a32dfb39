"""What the similarity of two cells can be told from without an encoder."""

import numpy as np
from numpy.typing import NDArray

from gemcore.pairs import PairBatch
from gemcore.wl import wl_pairs


class Baselines:
    """The best constant, and the best increasing function of the cosine of counts of operations.

    Args:
        pairs: Pairs of training, which both are fitted on.
    """

    def __init__(self, pairs: PairBatch) -> None:
        from sklearn.isotonic import IsotonicRegression  # Late: scikit-learn takes half a second.

        similarity = pairs.similarity.numpy().astype(np.float64)
        self.mean = float(similarity.mean())
        self._increasing = IsotonicRegression(out_of_bounds="clip")
        self._increasing.fit(_cosine_of_counts(pairs), similarity)

    def isotonic(self, pairs: PairBatch) -> NDArray[np.float64]:
        """What the increasing function predicts, float64 ``[B]``."""
        predicted: NDArray[np.float64] = self._increasing.predict(_cosine_of_counts(pairs))
        return predicted


def _cosine_of_counts(pairs: PairBatch) -> NDArray[np.float64]:
    # The kernel before its first round (eq. 1).
    cosine: NDArray[np.float64] = wl_pairs(pairs.cells_a, pairs.cells_b, n_iter=0)
    return cosine
