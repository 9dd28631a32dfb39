"""gemcore.sharing: each batch goes to one worker of one rank, however workers are started."""

import pickle
from collections.abc import Iterator

import pytest
import torch

import gemcore.sharing
from gemcore.sharing import SharedDataset


class Numbers(SharedDataset[int]):
    """The numbers of its part of 0 .. 23."""

    def __iter__(self) -> Iterator[int]:
        part, num_parts = self._part()
        return iter(range(part, 24, num_parts))


class Info:
    """A worker."""

    def __init__(self, number: int, num_workers: int) -> None:
        self.id, self.num_workers = number, num_workers


def test_a_spawned_worker_knows_the_rank_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as in_rank:
        in_rank.setattr(torch.distributed, "is_initialized", lambda: True)
        in_rank.setattr(torch.distributed, "get_rank", lambda: 1)
        in_rank.setattr(torch.distributed, "get_world_size", lambda: 3)
        sent = pickle.dumps(Numbers())
    monkeypatch.setattr(gemcore.sharing, "get_worker_info", lambda: Info(1, 2))
    assert list(pickle.loads(sent)) == [4, 10, 16, 22]  # Of 1, 4, 7, 10, ... every second.


def test_a_copy_outside_of_workers_has_no_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as in_rank:
        in_rank.setattr(torch.distributed, "is_initialized", lambda: True)
        in_rank.setattr(torch.distributed, "get_rank", lambda: 1)
        in_rank.setattr(torch.distributed, "get_world_size", lambda: 3)
        sent = pickle.dumps(Numbers())
    assert list(pickle.loads(sent)) == list(range(24))
