"""An embedding beside the exact features of the graph: what the default predictor sees.

A cosine has no size: the kernel-guided embedding says what a cell is like, and little of how much
there is of it, on which accuracy depends first of all. A dozen labelled cells can't teach that
from fifty directions; counts say it in one.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gemcore.atomic_files import read_tensors, write_tensors
from gemcore.cell_batch import CellBatch
from gemcore.features import graph_features
from gemcore.graph import prune
from gemcore.ops import OUTPUT
from gemcore.predictor.embedding import CellSource, Embedding
from gemcore.space import SearchSpace

NUM_REFERENCES = 2048  # Unlabelled cells that scales are taken from.
EMBEDDING_SHARE = 0.2  # Of the squared length of an input; the features have the rest.
FILE = "scales.safetensors"


class DescribedEmbedding:
    """Joins an embedding and :func:`gemcore.features.graph_features`, each brought to scale.

    Args:
        inner: The embedding.
        op_names: Operations that cells may have.
        source: Where cells come from; scales are taken from the first 2048 of them.
        scales: Mean and standard deviation of each number, instead of a source.
    """

    def __init__(
        self,
        inner: Embedding,
        op_names: tuple[str, ...],
        *,
        source: CellSource | None = None,
        scales: dict[str, Tensor] | None = None,
    ) -> None:
        self.inner = inner
        self.name = inner.name
        self.op_names = tuple(op_names)
        self._source = source
        self._scales = scales

    @property
    def facts(self) -> dict[str, Any]:
        """What a document needs to know of it."""
        return self.inner.facts | {"op_names": list(self.op_names)}

    def embed(self, cells: CellBatch) -> Tensor:
        """Numbers of mean 0 over the space, float32 ``[B, d + F]``."""
        mean, std = self.scales["mean"], self.scales["std"]
        return (self._join(cells) - mean) / std

    @property
    def scales(self) -> dict[str, Tensor]:
        """Mean and standard deviation by which inputs are scaled, float32 ``[d + F]`` each."""
        if self._scales is None:
            assert self._source is not None
            self._scales = self._measure(self._source)
        return self._scales

    def save(self, directory: Path) -> None:
        """Writes the scales, and what the embedding needs."""
        self.inner.save(directory)
        write_tensors(directory / FILE, self.scales)

    @classmethod
    def restore(
        cls, inner: Embedding, op_names: tuple[str, ...], directory: Path
    ) -> "DescribedEmbedding":
        """Reads what :meth:`save` wrote."""
        return cls(inner, op_names, scales=read_tensors(directory / FILE))

    def _join(self, cells: CellBatch) -> Tensor:
        cells = cells.with_op_names(self.op_names)
        pruned = prune(cells, to_output=OUTPUT in self.op_names)
        features = torch.from_numpy(graph_features(pruned)).to(torch.float32)
        return torch.cat([self.inner.embed(cells), features], dim=1)

    def _measure(self, source: CellSource) -> dict[str, Tensor]:
        if isinstance(source, SearchSpace):
            source = source.sample(NUM_REFERENCES)
        joined = self._join(source[:NUM_REFERENCES]).double()
        mean = joined.mean(dim=0)
        std = (joined - mean).square().mean(dim=0).sqrt()
        num_features = joined.shape[1] - self.inner.embed(source[:1]).shape[1]
        embedded, features = std[:-num_features], std[-num_features:]
        # The embedding keeps the proportions of its directions; each feature gets its own scale.
        embedded = (embedded.square().sum() / EMBEDDING_SHARE).sqrt().expand_as(embedded)
        features = features * (num_features / (1 - EMBEDDING_SHARE)) ** 0.5
        # What never varies tells nothing: dividing by 1 leaves it 0.
        scale = torch.cat([embedded, features])
        scale = torch.where(scale > 1e-9, scale, torch.ones_like(scale))
        return {"mean": mean.float(), "std": scale.float()}
