"""The pairs of one training: fresh ones or a fixed set, held-out ones, those of the report."""

import enum
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from gemcore.cell_batch import CellBatch
from gemcore.encoder.config import EncoderConfig
from gemcore.encoder.features import FlatInput, GraphTensors
from gemcore.ops import RESERVED
from gemcore.pairs import PairBatch, PairStream
from gemcore.philox import Stream, derived_seed, torch_generator
from gemcore.space import SearchSpace


class Use(enum.IntEnum):
    """What pairs are for; each use draws from a stream of its own."""

    TRAINING = 0
    VALIDATION = 1
    REPORT = 2


@dataclass(frozen=True)
class PairTensors:
    """B pairs on the device of the networks.

    Args:
        graphs: The B first cells, then the B second ones.
        similarity: S_g, float32 ``[B]``.
    """

    graphs: GraphTensors
    similarity: Tensor

    def __getitem__(self, chosen: Tensor) -> "PairTensors":
        rows = torch.cat([chosen, chosen + len(self.similarity)])
        return PairTensors(self.graphs[rows], self.similarity[chosen])


class PairData:
    """The pairs of one training, each a function of the seed and its number alone.

    Args:
        space: What cells are drawn from.
        config: Which pairs, how many, and how cells are read.
        seed: 0 .. 2^64 - 1.
        device: Where tensors go.
    """

    def __init__(
        self,
        space: SearchSpace | CellBatch,
        config: EncoderConfig,
        seed: int,
        device: torch.device,
    ) -> None:
        self.flat = FlatInput.of(space, config)
        self._space = space
        self._config = config
        self._seed = seed
        self._device = device

    def pairs(self, use: Use, num_pairs: int, *, start: int = 0) -> PairBatch:
        """Pairs of one use, from number ``start`` on."""
        config = self._config
        labels = config.labels
        if labels == "auto":
            labels = "ops" if _num_ops(self._space) > 1 else "degree"
        stream = PairStream(
            self._space,
            seed=derived_seed(self._seed, Stream.ENCODER_BATCHES, use),
            mixture=config.mixture,
            n_iter=config.n_iter,
            direction=config.direction,
            round_weights=config.round_weights,
            labels=labels,
            prune=config.prune,
        )
        return stream.pairs(start=start, num_pairs=num_pairs)

    def tensors(self, pairs: PairBatch) -> PairTensors:
        """The pairs as the networks read them."""
        cells = CellBatch.concatenate([pairs.cells_a, pairs.cells_b])
        graphs = self.flat.expand(self.flat.prepare(cells), self._device)
        return PairTensors(graphs, pairs.similarity.to(self._device))

    def batch(self, step: int) -> PairTensors:
        """What step number ``step`` of training learns from."""
        size = self._config.batch_size
        if self._config.train_pairs is None:
            return self.tensors(self.pairs(Use.TRAINING, size, start=step * size))
        numbers = torch.arange(step * size, (step + 1) * size)
        epochs = numbers // self._config.train_pairs
        chosen = [
            self._order(epoch)[numbers[epochs == epoch] % self._config.train_pairs]
            for epoch in range(int(epochs[0]), int(epochs[-1]) + 1)
        ]
        return self._fixed[torch.cat(chosen).to(self._device)]

    @cached_property
    def _fixed(self) -> PairTensors:
        assert self._config.train_pairs is not None
        return self.tensors(self.pairs(Use.TRAINING, self._config.train_pairs))

    def _order(self, epoch: int) -> Tensor:
        assert self._config.train_pairs is not None
        generator = torch_generator(self._seed, Stream.ENCODER_BATCHES, epoch)
        return torch.randperm(self._config.train_pairs, generator=generator)


def _num_ops(space: SearchSpace | CellBatch) -> int:
    if isinstance(space, SearchSpace):
        return len(space.ops)
    return len(set(space.op_names) - set(RESERVED))
