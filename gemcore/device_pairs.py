"""The pair stream of :class:`gemcore.PairStream` on a CUDA device, in one kernel, the same bits."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gemcore import cuda
from gemcore.cell_batch import CellBatch
from gemcore.device_cells import DeviceCells
from gemcore.device_graph import PerturbRules, label_table
from gemcore.pair_mixture import PairMixture
from gemcore.space import SearchSpace
from gemcore.wl_settings import WlSettings

MOST_THRESHOLDS = 2**16  # The search for them takes 0.2 s.
NO_SPEC = (1, 1, False, 0, 0, -1)  # Where cells come from a batch.


@dataclass(frozen=True, eq=False)
class DevicePairs:
    """Pairs drawn on the CUDA device that torch works on now.

    Args:
        space: What cells are drawn from.
        seeds: Of the mixture, and of the cells.
        mixture: Shares of the kinds of pairs.
        rules: What may be edited.
        settings: How pairs are compared.
        prune: Whether nodes that no data reaches are dropped.

    Raises:
        RuntimeError: If CUDA can't be used, saying why.
        ValueError: If the numbers of edits of the mixture range over more than 2^16.
    """

    space: SearchSpace | CellBatch
    seeds: tuple[int, int]
    mixture: PairMixture
    rules: PerturbRules
    settings: WlSettings
    prune: bool

    def __post_init__(self) -> None:
        cuda.require_cuda("PairStream")
        most = self.mixture.min_edits + MOST_THRESHOLDS
        if self.mixture.max_edits > most:
            raise ValueError(
                f"mixture.max_edits must be at most {most} on a GPU, got {self.mixture.max_edits}"
            )

    def draw(self, start: int, num_pairs: int) -> tuple[DeviceCells, DeviceCells, Tensor, Tensor]:
        """Cells a, cells b, similarity and kind of the pairs ``start`` ... of the stream."""
        module = cuda.require_cuda("PairStream")
        device, names = self._device, tuple(self.space.op_names)
        num_nodes = self.space.num_nodes
        cells_a, cells_b = (
            DeviceCells.empty(num_pairs, num_nodes, names, device) for _ in range(2)
        )
        similarity = torch.empty(num_pairs, dtype=torch.float32, device=device)
        kind = torch.empty(num_pairs, dtype=torch.uint8, device=device)
        labels = label_table(tuple(range(len(names))), device)
        with cuda.launching(device) as stream:
            module.pair_stream(
                self._source,
                self._native_mixture,
                self.rules,
                (self.prune, labels.data_ptr(), self.settings.native()),
                (cells_a.native(), cells_b.native(), similarity.data_ptr(), kind.data_ptr()),
                start,
                stream,
            )
        return cells_a, cells_b, similarity, kind

    @cached_property
    def _device(self) -> torch.device:
        return cuda.current_device()

    @cached_property
    def _pool(self) -> DeviceCells | None:
        if isinstance(self.space, SearchSpace):
            return None
        with cuda.launching(self._device):
            return DeviceCells.from_cells(self.space)

    @property
    def _source(self) -> tuple[Any, tuple[int, int, int, int, int]]:
        if isinstance(self.space, SearchSpace):
            return self.space.native(), (0, 0, 0, 0, self.space.num_nodes)
        assert self._pool is not None
        return NO_SPEC, self._pool.native()

    @cached_property
    def _thresholds(self) -> Tensor:
        return torch.from_numpy(edit_thresholds(self.mixture).view(np.int64)).to(self._device)

    @property
    def _native_mixture(self) -> tuple[tuple[int, int], tuple[float, float, float], Any]:
        edited = 1 - self.mixture.independent
        below = edited * self.mixture.unedited, edited, self.mixture.renumbered
        thresholds = self._thresholds
        edits = self.mixture.min_edits, len(thresholds), thresholds.data_ptr()
        return self.seeds, below, edits


def edit_thresholds(mixture: PairMixture) -> NDArray[np.uint64]:
    """From which of its 2^53 random numbers on a pair has min_edits + 1, + 2, ... edits.

    The number of edits is a power of the random number, and powers differ in their last bit from
    machine to machine: so the power is taken here, as the CPU takes it, and the device compares.
    """
    edits = np.arange(mixture.min_edits + 1, mixture.max_edits + 1)
    low = np.zeros(len(edits), dtype=np.uint64)
    high = np.full(len(edits), 2**53, dtype=np.uint64)
    while (low < high).any():
        middle = (low + high) // np.uint64(2)
        reached = mixture.num_edits(middle * 2.0**-53) >= edits
        high = np.where(reached, middle, high)
        low = np.where(reached, low, np.minimum(middle + np.uint64(1), high))
    return low
