"""Items that are made ahead, in a thread."""

import threading

import pytest
import torch

from gemcore import EncoderConfig, SearchSpace
from gemcore.encoder.ahead import DEPTH, Ahead
from gemcore.encoder.data import PAIRS_AT_ONCE, PairData, Use


def test_the_next_items_are_made_while_one_is_used() -> None:
    made: list[int] = []
    is_made = threading.Event()

    def make(number: int) -> str:
        made.append(number)
        if number == 7 + DEPTH:
            is_made.set()
        return f"item {number}"

    ahead = Ahead(make)
    assert ahead.item(7) == "item 7"
    assert is_made.wait(timeout=60)  # Without being asked for.
    assert ahead.item(8) == "item 8"
    assert ahead.item(3) == "item 3"  # Out of turn.
    assert made[: 1 + DEPTH] == list(range(7, 8 + DEPTH))


def test_what_making_raises_the_caller_gets() -> None:
    def make(number: int) -> float:
        return 1 / (2 - number)

    ahead = Ahead(make)
    assert ahead.item(1) == 1
    with pytest.raises(ZeroDivisionError):
        ahead.item(2)
    assert ahead.item(3) == -1


def test_pairs_made_for_some_steps_at_once_are_those_of_the_stream() -> None:
    space = SearchSpace.preset("small")
    config = EncoderConfig(batch_size=3, num_steps=100_000)
    data = PairData(space, config, 3, torch.device("cpu"))
    last = PAIRS_AT_ONCE // 3 - 1  # Of those that are made with step 0
    for step in (0, 1, last, last + 1, 2 * last, 1):
        found = data.batch(step)
        wanted = data.tensors(data.pairs(Use.TRAINING, 3, start=3 * step))
        assert torch.equal(found.similarity, wanted.similarity)
        assert torch.equal(found.graphs.edges, wanted.graphs.edges)
        assert torch.equal(found.graphs.ops, wanted.graphs.ops)


def test_pairs_made_ahead_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    space = SearchSpace.preset("small")
    config = EncoderConfig(batch_size=16)
    here = PairData(space, config, 3, torch.device("cpu"))
    ahead = PairData(space, config, 3, torch.device("cpu"))
    monkeypatch.setattr(ahead, "_ahead", Ahead(ahead._make))
    for step in (0, 1, 2, 300, 5):
        one, other = here.batch(step), ahead.batch(step)
        assert torch.equal(one.similarity, other.similarity)
        assert torch.equal(one.graphs.edges, other.graphs.edges)
        assert torch.equal(one.graphs.ops, other.graphs.ops)
