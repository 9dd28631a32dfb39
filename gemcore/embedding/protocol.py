"""What every embedding is: cells in, vectors out, and nothing that needs a label."""

from pathlib import Path
from typing import Protocol, Self

from torch import Tensor

from gemcore.cell_batch import CellBatch
from gemcore.listed_space import CellSource

DOCUMENT = "gemcore.embedding"
VERSION = 1
FILE = "embedding.json"


class Embedding(Protocol):
    """Maps cells to vectors of one length, which predictors learn from.

    Made by :func:`make_embedding`. What there is to learn is learned from unlabelled cells: by
    :meth:`fit`, or else at the first use from the space that it was made for.
    """

    @property
    def name(self) -> str:
        """Which one it is."""
        ...

    def fit(self, cells: CellSource) -> Self:
        """Learns from unlabelled cells, a batch or a space, instead of what it is made for."""
        ...

    def embed(self, cells: CellBatch) -> Tensor:
        """Vectors of the cells, float32 ``[B, d]`` on the CPU.

        Isomorphic cells have equal vectors up to rounding; nodes that do nothing don't count.

        Raises:
            ValueError: If a cell has an operation that was not there to learn.
        """
        ...

    def save(self, directory: str | Path) -> None:
        """Writes all of it to a folder, learning it first; :func:`load_embedding` reads it."""
        ...
