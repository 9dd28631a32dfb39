"""Features of the graph, brought to one scale over a space."""

from typing import Self

import numpy as np
import torch
from torch import Tensor

from gemcore.cell_batch import CellBatch
from gemcore.features import graph_features
from gemcore.graph import prune
from gemcore.listed_space import CellSource, draw_cells
from gemcore.ops import OUTPUT

NUM_REFERENCES = 2048  # Unlabelled cells that scales are taken from.
LEAST_SPREAD = 1e-6  # Below, a feature is held for one that never varies.


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
        """Taken from 2048 of its cells."""
        features = _raw(prune_for(reference_cells(source), source.op_names))
        if not len(features):
            features = features.new_zeros(1, features.shape[1])
        std = features.std(dim=0, correction=0)
        # What never varies tells nothing: dividing by 1 leaves it 0.
        std = torch.where(std > LEAST_SPREAD, std, torch.ones_like(std))
        return cls(source.op_names, features.mean(dim=0), std)

    def features(self, pruned: CellBatch) -> Tensor:
        """Features of pruned cells at scale, float64 ``[B, F]``."""
        return (_raw(pruned) - self.mean) / self.std

    def to_tensors(self) -> dict[str, Tensor]:
        """What a file keeps."""
        return {"features.mean": self.mean, "features.std": self.std}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor], op_names: tuple[str, ...]) -> Self:
        """From what :meth:`to_tensors` gave."""
        return cls(op_names, tensors["features.mean"], tensors["features.std"])


def reference_cells(source: CellSource) -> CellBatch:
    """Cells that stand for all of a source: 2048 random ones, or all where there are fewer."""
    if isinstance(source, CellBatch) and len(source) <= NUM_REFERENCES:
        return source
    return draw_cells(source, NUM_REFERENCES, 0)


def prune_for(cells: CellBatch, op_names: tuple[str, ...]) -> CellBatch:
    """The cells with these operations, without the nodes that do nothing."""
    return prune(cells.with_op_names(op_names), to_output=OUTPUT in op_names)


def _raw(pruned: CellBatch) -> Tensor:
    return torch.from_numpy(graph_features(pruned).astype(np.float64))
