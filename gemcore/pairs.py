"""Streams of pairs of cells with their similarity: what the encoder learns from (eq. 3)."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gemcore.arguments import check_in, check_int, check_seed, check_type
from gemcore.cell_batch import CellBatch
from gemcore.device_pairs import DevicePairs
from gemcore.graph import perturb, perturb_rules, prune
from gemcore.listed_space import ListedSpace
from gemcore.ops import OUTPUT
from gemcore.pair_mixture import PairDraws, PairKind, PairMixture
from gemcore.philox import Stream, derived_seed
from gemcore.sharing import SharedDataset
from gemcore.space import SearchSpace
from gemcore.wl import wl_pairs
from gemcore.wl_settings import read_settings

LARGEST_LESSON = 31 * 2**20  # Below DEFAULT_MMAP_THRESHOLD_MAX of glibc, 32 MB.
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
class PairStream(SharedDataset[PairBatch]):
    """An endless stream of pairs of cells and their Weisfeiler-Lehman similarity.

    Pair i depends on (``seed``, i) and the settings alone: not on the batch size, nor on how many
    workers and ranks share the work. In a ``torch.utils.data.DataLoader`` (give it
    ``batch_size=None``) each worker of each rank yields batches of its own; together they yield
    exactly those of a single process: rank r of R the batches r, r + R, r + 2 R, ..., in this order
    with any number of workers.

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
        if isinstance(self.space, ListedSpace):  # On a GPU cells are picked, not sampled: so here.
            object.__setattr__(self, "space", self.space.cells)
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
        part, num_parts = self._part()
        for number in itertools.count(part, num_parts):
            yield self.pairs(start=number * self.batch_size, num_pairs=self.batch_size)

    def pairs(self, *, start: int, num_pairs: int) -> PairBatch:
        """The pairs ``start`` .. ``start + num_pairs - 1`` of the stream.

        Raises:
            ValueError: If a number is negative, or ``start`` above 2^62.
        """
        start = check_int("start", start, 0, MAX_INDEX)
        num_pairs = check_int("num_pairs", num_pairs, 0)
        if self.device == "cuda":
            return PairBatch(*self._on_device.draw(start, num_pairs), start)
        _keep_freed_memory()
        draws = self.mixture.draw(self.seed, start, num_pairs)
        cells = self._cells(start, draws)
        partner = cells[2 * np.arange(num_pairs) + (draws.kind == PairKind.INDEPENDENT)]
        cells_a = cells[::2]
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
        return self.space[draws.picks(len(self.space)).reshape(num_cells)]

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

    @cached_property
    def _cell_seed(self) -> int:
        """Apart from ``seed`` itself: pairs must not hold the cells that ``sample(seed)`` gives."""
        return derived_seed(self.seed, Stream.PAIR_EDITS)


@cache
def _keep_freed_memory() -> None:
    """Lets glibc keep what a batch frees for the next one.

    It returns free memory beyond twice the largest block that was freed before, and pages that come
    anew cost more than the pairs in them: 1,900 page faults a batch of 4096 pairs of 30 nodes. A
    block of the largest size that it learns from, never touched, teaches it; others ignore it.
    """
    np.empty(LARGEST_LESSON, dtype=np.uint8)
