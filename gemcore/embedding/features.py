"""Exact features of the graph as an embedding."""

from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from gemcore.atomic_files import read_tensors, write_document, write_tensors
from gemcore.cell_batch import CellBatch
from gemcore.embedding.protocol import DOCUMENT, FILE, VERSION
from gemcore.feature_scale import FeatureScale, prune_for
from gemcore.listed_space import CellSource

TENSORS = "features.safetensors"


class FeatureEmbedding:
    """:func:`gemcore.graph_features`, of mean 0 and standard deviation 1 over the space.

    Args:
        source: Where cells come from; scales are taken from 2048 of them.
        scale: These scales, where they are known.
    """

    name = "features"

    def __init__(self, source: CellSource, scale: FeatureScale | None = None) -> None:
        self._source = source
        self._scale = scale

    @property
    def scale(self) -> FeatureScale:
        """Mean and spread of each feature."""
        if self._scale is None:
            self._scale = FeatureScale.of(self._source)
        return self._scale

    def fit(self, cells: CellSource) -> Self:
        """Takes the scales of these cells."""
        self._source, self._scale = cells, FeatureScale.of(cells)
        return self

    def embed(self, cells: CellBatch) -> Tensor:
        """Features at scale, float32 ``[B, F]``."""
        pruned = prune_for(cells, self.scale.op_names)
        return self.scale.features(pruned).to(torch.float32)

    def save(self, directory: str | Path) -> None:
        """Writes the scales."""
        directory = Path(directory)
        write_tensors(directory / TENSORS, self.scale.to_tensors())
        content = {"name": self.name, "op_names": list(self.scale.op_names)}
        write_document(directory / FILE, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, directory: Path, content: dict[str, Any]) -> Self:
        """The embedding of a saved document and the tensors beside it."""
        op_names = tuple(content["op_names"])
        scale = FeatureScale.from_tensors(read_tensors(directory / TENSORS), op_names)
        return cls(CellBatch.from_cells([], op_names=op_names), scale)
