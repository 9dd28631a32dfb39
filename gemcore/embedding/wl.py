"""The Weisfeiler-Lehman kernel in closed form: vectors whose dot products it is."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gemcore.arguments import check_int
from gemcore.atomic_files import read_tensors, write_document, write_tensors
from gemcore.cell_batch import CellBatch
from gemcore.embedding.protocol import DOCUMENT, FILE, VERSION
from gemcore.feature_scale import prune_for
from gemcore.graph import canonicalize, graph_hash
from gemcore.listed_space import CellSource, draw_cells
from gemcore.philox import Stream, derived_seed
from gemcore.wl import wl_gram

TENSORS = "landmarks.safetensors"
DRAWN_FOR_EACH = 4  # Cells drawn for a landmark, of which equal ones are then dropped.
SMALLEST = 1e-9  # Share of the largest eigenvalue below which a direction is rounding.
ROWS_AT_ONCE = 4096


class WLEmbedding:
    r"""Principal components of the centered kernel, by Nystrom's method over landmark cells.

    With :math:`\bar K = V \Lambda V^\top` the centered Gram matrix of m landmarks, a cell x with
    similarities :math:`k_x` to them becomes

    .. math:: z(x) = \Lambda_d^{-1/2} V_d^\top \bar k_x, \qquad
        \bar k_x = k_x - \operatorname{mean}(k_x) - \operatorname{mean}_{rows}(K)
        + \operatorname{mean}(K)

    so that dot products of vectors are the centered kernel, as far as d directions tell it.

    Args:
        source: Where cells come from.
        dim: Numbers in a vector, d; fewer where the landmarks span fewer.
        num_landmarks: Most landmarks, m.
        n_iter: Rounds of refinement, h.
        seed: Of the choice of landmarks.

    Source: Schoelkopf et al., "Nonlinear Component Analysis as a Kernel Eigenvalue Problem", 1998,
    section 3 and appendix B; Williams and Seeger, "Using the Nystroem Method to Speed Up Kernel
    Machines", 2001.
    """

    name = "wl"

    def __init__(
        self,
        source: CellSource,
        *,
        dim: int = 64,
        num_landmarks: int = 512,
        n_iter: int = 3,
        seed: int = 0,
    ) -> None:
        self.dim = check_int("dim", dim, 1)
        self.num_landmarks = check_int("num_landmarks", num_landmarks, 1)
        self.n_iter = n_iter
        self.seed = seed
        self._source = source
        self._landmarks: CellBatch | None = None
        self._means = np.zeros(0)  # Of the rows of K, float64 [m].
        self._directions = np.zeros((0, 0))  # V / sqrt(lambda), float64 [m, d].

    def fit(self, cells: CellSource) -> Self:
        """Takes landmarks from these cells."""
        self._source = cells
        self._landmarks = self._choose(cells)
        gram = wl_gram(self._landmarks, n_iter=self.n_iter)
        self._means = gram.mean(axis=1)
        centered = gram - self._means - self._means[:, None] + self._means.mean()
        values, vectors = np.linalg.eigh(centered)
        values, vectors = values[::-1][: self.dim], vectors[:, ::-1][:, : self.dim]
        kept = values > SMALLEST * max(values[0], SMALLEST)
        self._directions = _with_sign(vectors[:, kept]) / np.sqrt(values[kept])
        return self

    def embed(self, cells: CellBatch) -> Tensor:
        """Vectors, float32 ``[B, d]``."""
        landmarks = self.landmarks
        pruned = prune_for(cells, landmarks.op_names)
        vectors = torch.empty((len(cells), self._directions.shape[1]), dtype=torch.float32)
        for start in range(0, len(cells), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            gram = wl_gram(pruned[part], landmarks, n_iter=self.n_iter)
            centered = gram - gram.mean(axis=1, keepdims=True) - self._means + self._means.mean()
            vectors[part] = torch.from_numpy(centered @ self._directions)
        return vectors

    @property
    def landmarks(self) -> CellBatch:
        """The cells that all others are compared with; chosen now if they were not yet."""
        if self._landmarks is None:
            self.fit(self._source)
        assert self._landmarks is not None
        return self._landmarks

    def save(self, directory: str | Path) -> None:
        """Writes landmarks and directions."""
        directory, landmarks = Path(directory), self.landmarks
        tensors = {
            "adjacency": torch.tensor(landmarks.adjacency.view(np.int64)),
            "ops": torch.tensor(landmarks.ops),
            "sizes": torch.from_numpy(landmarks.sizes.astype(np.int64)),
            "means": torch.from_numpy(self._means),
            "directions": torch.from_numpy(np.ascontiguousarray(self._directions)),
        }
        write_tensors(directory / TENSORS, tensors)
        content = {
            "name": self.name,
            "op_names": list(landmarks.op_names),
            "dim": self.dim,
            "num_landmarks": self.num_landmarks,
            "n_iter": self.n_iter,
            "seed": self.seed,
        }
        write_document(directory / FILE, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, directory: Path, content: dict[str, Any]) -> Self:
        """The embedding of a saved document and the tensors beside it."""
        tensors = read_tensors(directory / TENSORS)
        landmarks = CellBatch.from_native(
            tensors["adjacency"].numpy().view(np.uint64),
            tensors["ops"].numpy(),
            tensors["sizes"].numpy().astype(np.uint16),
            tuple(content["op_names"]),
        )
        settings = {key: int(content[key]) for key in ("dim", "num_landmarks", "n_iter", "seed")}
        embedding = cls(landmarks, **settings)
        embedding._landmarks = landmarks
        embedding._means = tensors["means"].numpy()
        embedding._directions = tensors["directions"].numpy()
        return embedding

    def _choose(self, source: CellSource) -> CellBatch:
        """Different cells of the source, as they are first drawn."""
        seed = derived_seed(self.seed, Stream.WL_LANDMARKS)
        drawn = draw_cells(source, DRAWN_FOR_EACH * self.num_landmarks, seed)
        pruned = canonicalize(prune_for(drawn, tuple(source.op_names)))
        _, first = np.unique(graph_hash(pruned), return_index=True)
        return pruned[np.sort(first)[: self.num_landmarks]]


def _with_sign(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eigenvectors with their largest entry positive: which sign they come with is chance."""
    largest = np.abs(vectors).argmax(axis=0)
    signs = np.sign(vectors[largest, np.arange(vectors.shape[1])])
    signed: NDArray[np.float64] = vectors * signs
    return signed
