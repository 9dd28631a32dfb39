"""What the invariant encoder learns to tell: the centered kernel and the graph's features."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gemcore.cell_batch import CellBatch
from gemcore.encoder.invariant_config import InvariantConfig
from gemcore.encoder.invariant_input import GraphReader, GraphTensors
from gemcore.feature_scale import FeatureScale
from gemcore.listed_space import CellSource, draw_cells
from gemcore.pairs import PairStream
from gemcore.philox import Stream, derived_seed
from gemcore.wl import wl_gram

LARGEST_FEATURE = 6.0  # In standard deviations: edited cells may lie far outside of the space.


@dataclass(frozen=True)
class Lesson:
    """B pairs and what is to be told of them.

    Args:
        graphs: The B first cells, then the B second ones.
        kernel: The centered kernel of each pair, float32 ``[B]``.
        features: Of the cells, at scale, float32 ``[2 B, F]``.
    """

    graphs: GraphTensors
    kernel: Tensor
    features: Tensor

    def parts(self, num_entries: int) -> "Iterator[Lesson]":
        """The same pairs in lessons whose adjacency matrices have about so many entries."""
        num_pairs, width = len(self.kernel), self.graphs.adjacency.shape[1]
        size = max(1, num_entries // (2 * width**2))
        for start in range(0, num_pairs, size):
            chosen = torch.arange(start, min(start + size, num_pairs))
            both = torch.cat([chosen, chosen + num_pairs])
            yield Lesson(self.graphs.rows(both), self.kernel[chosen], self.features[both])


class LessonStream:
    r"""Lessons on the pairs of a space, each a function of the seed and its number alone.

    The kernel is centered over reference cells r of the space,

    .. math:: \bar k(x, y) = S_g(x, y) - m(x) - m(y) + \bar m, \qquad
        m(x) = \operatorname{mean}_r S_g(x, r),

    which leaves what tells cells apart: the mean itself, most of the kernel, says nothing.

    Args:
        source: What cells are drawn from: a space or unlabelled cells.
        config: Which pairs, and how many.
        seed: 0 .. 2^64 - 1.
    """

    def __init__(self, source: CellSource, config: InvariantConfig, seed: int) -> None:
        self.config = config
        self.reader = GraphReader(tuple(source.op_names))
        self.scale = FeatureScale.of(source)
        self._stream = PairStream(
            source,
            seed=derived_seed(seed, Stream.INVARIANT_ENCODER, 1),
            mixture=config.mixture,
            n_iter=config.n_iter,
        )
        seed = derived_seed(seed, Stream.INVARIANT_ENCODER, 2)
        drawn = draw_cells(source, config.num_references, seed)
        self.references = self.reader.prepare(drawn)
        means = self._means(self.references)
        self._mean = float(means.mean())
        self.spread = self._spread()

    def lesson(self, start: int, num_pairs: int) -> Lesson:
        """The lesson on pairs number ``start`` .. ``start + num_pairs - 1``."""
        pairs = self._stream.pairs(start=start, num_pairs=num_pairs)
        cells = CellBatch.concatenate([pairs.cells_a, pairs.cells_b])
        prepared = self.reader.prepare(cells)
        means = self._means(prepared)
        kernel = pairs.similarity.numpy() - means[:num_pairs] - means[num_pairs:] + self._mean
        features = self.scale.features(prepared).clamp(-LARGEST_FEATURE, LARGEST_FEATURE)
        return Lesson(
            self.reader.expand(prepared),
            torch.from_numpy(kernel.astype(np.float32)),
            features.to(torch.float32),
        )

    def _means(self, cells: CellBatch) -> NDArray[np.float64]:
        gram = wl_gram(cells, self.references, n_iter=self.config.n_iter)
        means: NDArray[np.float64] = gram.mean(axis=1)
        return means

    def _spread(self) -> float:
        """Root of the mean square of the centered kernel over the first pairs."""
        kernel = self.lesson(0, 1024).kernel.double()
        return max(1e-6, float(kernel.square().mean().sqrt()))
