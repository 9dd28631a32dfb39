"""An embedding beside the exact features of the graph: what an ensemble of networks sees.

A cosine has no size: the kernel-guided embedding says what a cell is like, and little of how much
there is of it, on which accuracy depends first of all. A dozen labelled cells can't teach that
from fifty directions; counts say it in one.
"""

from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from gemcore.atomic_files import read_tensors, write_document, write_tensors
from gemcore.cell_batch import CellBatch
from gemcore.embedding.protocol import DOCUMENT, FILE, VERSION, Embedding
from gemcore.feature_scale import prune_for, reference_cells
from gemcore.features import graph_features
from gemcore.listed_space import CellSource

EMBEDDING_SHARE = 0.2  # Of the squared length of an input; the features have the rest.
TENSORS = "scales.safetensors"


class DescribedEmbedding:
    """Joins an embedding and :func:`gemcore.features.graph_features`, each brought to scale.

    Args:
        inner: The embedding.
        source: Where cells come from; scales are taken from 2048 of them.
        scales: Mean and standard deviation of each number, where they are known.
    """

    kind = "described"

    def __init__(
        self, inner: Embedding, source: CellSource, *, scales: dict[str, Tensor] | None = None
    ) -> None:
        self.inner = inner
        self._source = source
        self._scales = scales

    @property
    def name(self) -> str:
        """That of the embedding."""
        return self.inner.name

    @property
    def op_names(self) -> tuple[str, ...]:
        """Operations that cells may have."""
        return tuple(self._source.op_names)

    def fit(self, cells: CellSource) -> Self:
        """Learns the embedding and takes the scales from these cells."""
        self.inner.fit(cells)
        self._source = cells  # Before the scales, which know operations from it.
        self._scales = self._measure(cells)
        return self

    def embed(self, cells: CellBatch) -> Tensor:
        """Numbers of mean 0 over the space, float32 ``[B, d + F]``."""
        mean, std = self.scales["mean"], self.scales["std"]
        return (self._join(cells) - mean) / std

    @property
    def scales(self) -> dict[str, Tensor]:
        """Mean and standard deviation by which inputs are scaled, float32 ``[d + F]`` each."""
        if self._scales is None:
            self._scales = self._measure(self._source)
        return self._scales

    def save(self, directory: str | Path) -> None:
        """Writes the scales, and the embedding to ``inner/``."""
        directory = Path(directory)
        self.inner.save(directory / "inner")
        write_tensors(directory / TENSORS, self.scales)
        content = {"name": self.kind, "op_names": list(self.op_names)}
        write_document(directory / FILE, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, directory: Path, content: dict[str, Any], inner: Embedding) -> Self:
        """The embedding of a saved document and the files beside it."""
        nothing = CellBatch.from_cells([], op_names=content["op_names"])
        return cls(inner, nothing, scales=read_tensors(directory / TENSORS))

    def _join(self, cells: CellBatch) -> Tensor:
        pruned = prune_for(cells, self.op_names)
        features = torch.from_numpy(graph_features(pruned)).to(torch.float32)
        return torch.cat([self.inner.embed(cells), features], dim=1)

    def _measure(self, source: CellSource) -> dict[str, Tensor]:
        cells = reference_cells(source)
        joined = self._join(cells).double()
        mean = joined.mean(dim=0)
        std = (joined - mean).square().mean(dim=0).sqrt()
        num_features = joined.shape[1] - self.inner.embed(cells[:1]).shape[1]
        embedded, features = std[:-num_features], std[-num_features:]
        # The embedding keeps the proportions of its directions; each feature gets its own scale.
        embedded = (embedded.square().sum() / EMBEDDING_SHARE).sqrt().expand_as(embedded)
        features = features * (num_features / (1 - EMBEDDING_SHARE)) ** 0.5
        # What never varies tells nothing: dividing by 1 leaves it 0.
        scale = torch.cat([embedded, features])
        scale = torch.where(scale > 1e-9, scale, torch.ones_like(scale))
        return {"mean": mean.float(), "std": scale.float()}
