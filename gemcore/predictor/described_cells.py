"""Cells as a kernel or a tree sees them: pruned, with features brought to scale."""

from typing import Self

import numpy as np
import torch
from torch import Tensor

from gemcore.cell_batch import CellBatch
from gemcore.features import graph_features
from gemcore.graph import prune
from gemcore.ops import OUTPUT
from gemcore.predictor.cell_kernel import Described
from gemcore.predictor.embedding import CellSource
from gemcore.space import SearchSpace

NUM_REFERENCES = 2048  # Unlabelled cells that scales are taken from.


class FeatureScale:
    """Mean and spread of each graph feature over a space.

    Args:
        op_names: Operations that cells may have.
        mean: Of each feature, float64 ``[F]``.
        std: Its standard deviation, 1 where the feature never varies.
    """

    def __init__(self, op_names: tuple[str, ...], mean: Tensor, std: Tensor) -> None:
        self.op_names = tuple(op_names)
        self.mean = mean
        self.std = std

    @classmethod
    def of(cls, source: CellSource) -> Self:
        """Taken from the first 2048 cells of a space's stream or of a batch."""
        cells = source.sample(NUM_REFERENCES) if isinstance(source, SearchSpace) else source
        features = _features(cells[:NUM_REFERENCES], source.op_names)
        std = features.std(dim=0, correction=0)
        # What never varies tells nothing: dividing by 1 leaves it 0.
        std = torch.where(std > 1e-6, std, torch.ones_like(std))
        return cls(source.op_names, features.mean(dim=0), std)

    def describe(self, cells: CellBatch) -> Described:
        """Pruned cells and their features at scale, float64 ``[B, F]``."""
        pruned = _prune(cells, self.op_names)
        features = torch.from_numpy(graph_features(pruned).astype(np.float64))
        return Described(pruned, (features - self.mean) / self.std)

    def to_tensors(self) -> dict[str, Tensor]:
        """What a file keeps."""
        return {"features.mean": self.mean, "features.std": self.std}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor], op_names: tuple[str, ...]) -> Self:
        """From what :meth:`to_tensors` gave."""
        return cls(op_names, tensors["features.mean"], tensors["features.std"])


def _prune(cells: CellBatch, op_names: tuple[str, ...]) -> CellBatch:
    return prune(cells.with_op_names(op_names), to_output=OUTPUT in op_names)


def _features(cells: CellBatch, op_names: tuple[str, ...]) -> Tensor:
    return torch.from_numpy(graph_features(_prune(cells, op_names)).astype(np.float64))
