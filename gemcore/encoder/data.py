"""The pairs of one training: fresh ones or a fixed set, held-out ones, those of the report."""

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from gemcore.arguments import check_type
from gemcore.cell_batch import CellBatch
from gemcore.encoder.ahead import Ahead
from gemcore.encoder.config import EncoderConfig
from gemcore.encoder.features import FlatInput, GraphTensors, PackedTensors
from gemcore.ops import RESERVED
from gemcore.pair_shards import PairShards, settings_of
from gemcore.pairs import PairBatch, PairStream
from gemcore.philox import Stream, derived_seed, torch_generator
from gemcore.plain_difference import plain_difference
from gemcore.space import SearchSpace

PAIRS_AT_ONCE = 4096


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


@dataclass(frozen=True)
class PackedPairs:
    """The same, packed: B first cells, then B second ones."""

    graphs: PackedTensors
    similarity: Tensor

    def pinned(self) -> "PackedPairs":
        """In memory from which a GPU copies while the CPU goes on."""
        return self._map(Tensor.pin_memory)

    def to(self, device: torch.device) -> "PackedPairs":
        """On the device."""
        return self._map(lambda part: part.to(device, non_blocking=True))

    def part(self, pairs: slice) -> "PackedPairs":
        """Some of the pairs."""
        halves = (part.view(2, -1, part.shape[1]) for part in self._of_graphs())
        graphs = (half[:, pairs].flatten(0, 1) for half in halves)
        return PackedPairs(PackedTensors(*graphs), self.similarity[pairs])

    def _map(self, change: Callable[[Tensor], Tensor]) -> "PackedPairs":
        graphs = PackedTensors(*map(change, self._of_graphs()))
        return PackedPairs(graphs, change(self.similarity))

    def _of_graphs(self) -> tuple[Tensor, Tensor]:
        return self.graphs.octets, self.graphs.ops


class PairData:
    """The pairs of one training, each a function of the seed and its number alone.

    Fresh pairs are made for some steps at once, which then share what a call costs apart from its
    pairs. For a GPU the next ones are made while it works.

    Args:
        space: What cells are drawn from.
        config: Which pairs, how many, and how cells are read.
        seed: 0 .. 2^64 - 1.
        device: Where tensors go.
        shards: Pairs to train on, instead of those of the seed.

    Raises:
        ValueError: If the shards are of another space or similarity.
    """

    def __init__(
        self,
        space: SearchSpace | CellBatch,
        config: EncoderConfig,
        seed: int,
        device: torch.device,
        shards: PairShards | None = None,
    ) -> None:
        self.flat = FlatInput.of(space, config)
        self._space = space
        self._config = config
        self._seed = seed
        self._device = device
        self._streams: dict[Use, PairStream] = {}
        self._ahead = Ahead(self._pinned) if device.type == "cuda" else None
        self._made: tuple[int, PackedPairs] | None = None
        self._steps_at_once = max(1, min(PAIRS_AT_ONCE // config.batch_size, config.num_steps))
        self._shards: PairShards | None = None
        if shards is not None:
            self._check(shards)
            self._shards = replace(shards, batch_size=config.batch_size)
            self._steps_at_once = 1

    def pairs(self, use: Use, num_pairs: int, *, start: int = 0) -> PairBatch:
        """Pairs of one use, from number ``start`` on."""
        return self._stream(use).pairs(start=start, num_pairs=num_pairs)

    def tensors(self, pairs: PairBatch) -> PairTensors:
        """The pairs as the networks read them."""
        return self._unpacked(self._packed(pairs))

    def batch(self, step: int) -> PairTensors:
        """What step number ``step`` of training learns from."""
        size = self._config.batch_size
        if self._shards is not None or self._config.train_pairs is None:
            number, place = divmod(step, self._steps_at_once)
            return self._unpacked(self._run(number).part(slice(place * size, (place + 1) * size)))
        numbers = torch.arange(step * size, (step + 1) * size)
        epochs = numbers // self._config.train_pairs
        chosen = [
            self._order(epoch)[numbers[epochs == epoch] % self._config.train_pairs]
            for epoch in range(int(epochs[0]), int(epochs[-1]) + 1)
        ]
        return self._fixed[torch.cat(chosen).to(self._device)]

    def _run(self, number: int) -> PackedPairs:
        """The pairs of run number ``number`` of ``_steps_at_once`` steps, on the device."""
        if self._made is None or self._made[0] != number:
            made = self._make(number) if self._ahead is None else self._ahead.item(number)
            self._made = number, made.to(self._device)
        return self._made[1]

    def _make(self, number: int) -> PackedPairs:
        if self._shards is not None:
            return self._packed(self._shards.batch(number))
        size = self._steps_at_once * self._config.batch_size
        return self._packed(self.pairs(Use.TRAINING, size, start=number * size))

    def _pinned(self, number: int) -> PackedPairs:
        return self._make(number).pinned()

    def _packed(self, pairs: PairBatch) -> PackedPairs:
        cells = CellBatch.concatenate([pairs.cells_a, pairs.cells_b])
        ordered = replace(self.flat, prune=False).prepare(cells)  # Pruned they are, if at all.
        return PackedPairs(PackedTensors.of(ordered), pairs.similarity)

    def _unpacked(self, packed: PackedPairs) -> PairTensors:
        graphs = self.flat.unpack(packed.graphs, self._device)
        return PairTensors(graphs, packed.similarity.to(self._device))

    @cached_property
    def _fixed(self) -> PairTensors:
        assert self._config.train_pairs is not None
        return self.tensors(self.pairs(Use.TRAINING, self._config.train_pairs))

    def _stream(self, use: Use) -> PairStream:
        if use not in self._streams:
            self._streams[use] = self._new_stream(use)
        return self._streams[use]

    def _new_stream(self, use: Use) -> PairStream:
        config = self._config
        return PairStream(
            self._space,
            seed=derived_seed(self._seed, Stream.ENCODER_BATCHES, use),
            mixture=config.mixture,
            n_iter=config.n_iter,
            direction=config.direction,
            round_weights=config.round_weights,
            labels=read_labels(config.labels, self._space),
            prune=config.prune,
        )

    def _check(self, shards: PairShards) -> None:
        check_type("space", self._space, SearchSpace)
        if self._config.train_pairs is not None:
            raise ValueError(f"train_pairs must be None with pairs, got {self._config.train_pairs}")
        wanted = settings_of(self._stream(Use.TRAINING))
        if difference := plain_difference(shards.settings, wanted, ignored=["seed"]):
            raise ValueError(
                f"pairs must be of the same space and config, got {str(shards.directory)!r}, whose "
                f"settings differ (there -> now):\n{difference}"
            )

    def _order(self, epoch: int) -> Tensor:
        assert self._config.train_pairs is not None
        generator = torch_generator(self._seed, Stream.ENCODER_BATCHES, epoch)
        return torch.randperm(self._config.train_pairs, generator=generator)


def read_labels(labels: str, space: SearchSpace | CellBatch) -> str:
    """What ``"auto"`` means in a space: degrees where operations tell no nodes apart."""
    if labels != "auto":
        return labels
    ops = space.ops if isinstance(space, SearchSpace) else set(space.op_names) - set(RESERVED)
    return "ops" if len(ops) > 1 else "degree"
