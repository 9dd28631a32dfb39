"""Which batches of a data set a DataLoader worker of a rank yields."""

from typing import Any, TypeVar

import torch.distributed
from torch.utils.data import IterableDataset, get_worker_info

Batch = TypeVar("Batch", covariant=True)


class SharedDataset(IterableDataset[Batch]):
    """A data set whose batches are shared by workers and ranks: each is yielded once.

    Batch i goes to rank i mod R and there to worker (i div R) mod W. So the batches of a rank, in
    the order in which a DataLoader hands them over, don't depend on its number of workers.
    """

    def _rank(self) -> tuple[int, int]:
        """The rank of this process, and how many there are."""
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            return torch.distributed.get_rank(), torch.distributed.get_world_size()
        # A worker that was spawned, not forked, knows of no process group.
        of_parent: tuple[int, int] = self.__dict__.get("_rank_of_parent", (0, 1))
        return (0, 1) if get_worker_info() is None else of_parent

    def _part(self) -> tuple[int, int]:
        """Which part of the batches this worker of this rank yields, and how many there are."""
        info = get_worker_info()
        worker, num_workers = (0, 1) if info is None else (info.id, info.num_workers)
        rank, num_ranks = self._rank()
        return worker * num_ranks + rank, num_workers * num_ranks

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_rank_of_parent": self._rank()}
