"""Streams of pairs of cells with their similarity: what the encoder learns from (eq. 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.distributed
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from gemcore.arguments import check_in, check_int, check_seed, check_type
from gemcore.cell_batch import CellBatch
from gemcore.device_pairs import DevicePairs
from gemcore.graph import perturb, perturb_rules, prune
from gemcore.ops import OUTPUT
from gemcore.pair_mixture import PairDraws, PairKind, PairMixture
from gemcore.philox import Stream, derived_seed
from gemcore.space import SearchSpace
from gemcore.wl import wl_pairs
from gemcore.wl_settings import read_settings

MAX_INDEX = 2**62  # A pair's two cells have indices twice as large; both must fit in 64 bits.


@dataclass(frozen=True, eq=False)
class PairBatch:
    """Consecutive pairs of a stream.

    Args:
        cells_a: B cells: a CellBatch, or :class:`gemcore.DeviceCells` from a stream on a GPU.
        cells_b: B cells, each the partner of the cell at the same place.
        similarity: S_g of each pair (eq. 1), float32 ``[B]``, in [0, 1].
        kind: A :class:`PairKind` for each pair, uint8 ``[B]``.
        start: Index of the first pair in the stream.

    The tensors are where the cells are.
    """

    cells_a: Any
    cells_b: Any
    similarity: Tensor
    kind: Tensor
    start: int

    def __len__(self) -> int:
        return len(self.similarity)


@dataclass(frozen=True, eq=False)
class PairStream(IterableDataset[PairBatch]):
    """An endless stream of pairs of cells and their Weisfeiler-Lehman similarity.

    Pair i depends on (``seed``, i) and the settings alone: not on the batch size, nor on how many
    workers and ranks share the work. In a ``torch.utils.data.DataLoader`` (give it
    ``batch_size=None``) each worker of each rank yields batches of its own; together they yield
    exactly those of a single process.

    Args:
        space: What cells are drawn from: a space, or a batch of at most 2^32 cells (with
            replacement).
        batch_size: Pairs in a batch.
        seed: 0 .. 2^64 - 1.
        mixture: Shares of independent, perturbed and isomorphic pairs.
        n_iter: Rounds of refinement of the similarity, h in the paper.
        direction: See :func:`gemcore.wl_pairs`, as for the next two.
        round_weights: Weights of the rounds 0 .. ``n_iter``; default 1 for all.
        labels: Colors before the first round.
        prune: Drop nodes that no data reaches before cells are compared and yielded.
        device: ``"cpu"``, or ``"cuda"``: the same pairs to the bit, drawn and left on the CUDA
            device that torch works on now. Such a stream needs no workers.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of range.
        RuntimeError: If the device is ``"cuda"`` and CUDA can't be used, saying why.

    Example:
        >>> stream = PairStream(SearchSpace.preset("small"), batch_size=8, seed=1)
        >>> batch = next(iter(stream))
        >>> len(batch.cells_a), batch.similarity.shape, batch.similarity.dtype
        (8, torch.Size([8]), torch.float32)
        >>> part = stream.pairs(start=3, num_pairs=2)
        >>> part.cells_b == batch.cells_b[3:5]
        True

    Source: Cheng et al., "NASGEM", AAAI 2021, section 3.1; the mixture is ours.
    """

    space: SearchSpace | CellBatch
    batch_size: int = 4096
    seed: int = 0
    mixture: PairMixture = field(default_factory=PairMixture)
    n_iter: int = 3
    direction: str = "in_out"
    round_weights: tuple[float, ...] | None = None
    labels: str = "ops"
    prune: bool = True
    device: str = "cpu"

    def __post_init__(self) -> None:
        check_type("space", self.space, (SearchSpace, CellBatch))
        if isinstance(self.space, CellBatch) and not len(self.space):
            raise ValueError("space must hold at least one cell, got an empty batch")
        check_int("batch_size", self.batch_size, 1)
        check_seed(self.seed)
        check_type("mixture", self.mixture, PairMixture)
        check_type("prune", self.prune, bool)
        nothing = CellBatch.from_cells([], op_names=self.space.op_names)
        self._compare(nothing, nothing)  # Checks the options of the similarity.
        check_in("device", self.device, ("cpu", "cuda"))
        if self.device == "cuda":
            self._on_device  # noqa: B018 (checks that CUDA can be used)

    def __iter__(self) -> Iterator[PairBatch]:
        shard, num_shards = _shard()
        number = shard
        while True:
            yield self.pairs(start=number * self.batch_size, num_pairs=self.batch_size)
            number += num_shards

    def pairs(self, *, start: int, num_pairs: int) -> PairBatch:
        """The pairs ``start`` .. ``start + num_pairs - 1`` of the stream.

        Raises:
            ValueError: If a number is negative, or ``start`` above 2^62.
        """
        start = check_int("start", start, 0, MAX_INDEX)
        num_pairs = check_int("num_pairs", num_pairs, 0)
        if self.device == "cuda":
            return PairBatch(*self._on_device.draw(start, num_pairs), start)
        draws = self.mixture.draw(self.seed, start, num_pairs)
        cells = self._cells(start, draws)
        first = 2 * np.arange(num_pairs)
        partner = cells[first + (draws.kind == PairKind.INDEPENDENT)]
        cells_a = cells[first]
        cells_b = perturb(
            partner, draws.num_edits, self._cell_seed, start=start, renumber=draws.renumber
        )
        if self.prune:
            to_output = OUTPUT in cells.op_names
            cells_a, cells_b = (prune(c, to_output=to_output) for c in (cells_a, cells_b))
        similarity = self._compare(cells_a, cells_b)
        return PairBatch(cells_a, cells_b, similarity, torch.from_numpy(draws.kind), start)

    def _cells(self, start: int, draws: PairDraws) -> CellBatch:
        """Two independent cells for each pair, one after the other."""
        num_cells = 2 * len(draws.kind)
        if isinstance(self.space, SearchSpace):
            return self.space.sample(num_cells, self._cell_seed, start=2 * start)
        picks = draws.picks * np.uint64(len(self.space)) >> np.uint64(32)
        return self.space[picks.reshape(num_cells)]

    def _compare(self, cells_a: CellBatch, cells_b: CellBatch) -> Tensor:
        similarity = wl_pairs(
            cells_a,
            cells_b,
            n_iter=self.n_iter,
            direction=self.direction,
            round_weights=self.round_weights,
            labels=self.labels,
        )
        return torch.from_numpy(similarity.astype(np.float32))

    @cached_property
    def _on_device(self) -> DevicePairs:
        return DevicePairs(
            self.space,
            (self.seed, self._cell_seed),
            self.mixture,
            perturb_rules(self.space.op_names),
            read_settings(self.n_iter, self.direction, True, self.round_weights, self.labels),
            self.prune,
        )

    @property
    def _cell_seed(self) -> int:
        """Apart from ``seed`` itself: pairs must not hold the cells that ``sample(seed)`` gives."""
        return derived_seed(self.seed, Stream.PAIR_EDITS)


def _shard() -> tuple[int, int]:
    """Which part of the stream this worker of this rank reads, and how many parts there are."""
    worker = get_worker_info()
    part, num_parts = (0, 1) if worker is None else (worker.id, worker.num_workers)
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        rank, num_ranks = torch.distributed.get_rank(), torch.distributed.get_world_size()
        return rank * num_parts + part, num_ranks * num_parts
    return part, num_parts
