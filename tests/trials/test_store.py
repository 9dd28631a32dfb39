"""Stores keep trials and facts: both kinds alike, the one on disk from one process to the next."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gemcore.cell import Cell
from gemcore.trials.optuna_store import OptunaStore, remove_unfinished
from gemcore.trials.store import BASELINE, KNOWN, SEARCH, MemoryStore, TrialStore, copy_store
from gemcore.trials.trial import Trial

CELL = Cell(("input", "conv1x1"), ((0, 1),))
MakeStore = Callable[[Path], TrialStore]


def trial(index: int, status: str = "complete") -> Trial:
    good = status == "complete"
    metrics = {"accuracy": 0.1 + 0.2, "own": -1e-300} if good else {}
    accuracy, score = (0.1 + 0.2, -1.5) if good else (None, None)
    return Trial(index, CELL, status, accuracy, 2**40, 7, score, metrics, 0.25, seed=2**64 - 1)


STORES = [lambda folder: MemoryStore(), lambda folder: OptunaStore.create(folder / "trials.db")]


@pytest.mark.parametrize("make", STORES, ids=["memory", "optuna"])
def test_trials_come_back_to_the_bit_by_group_and_number(tmp_path: Path, make: MakeStore) -> None:
    store = make(tmp_path)
    trials = [trial(2), trial(0, "failed: out of memory"), trial(1)]
    for each in trials:
        store.add(each, SEARCH)
    store.add(trial(0), BASELINE)
    assert store.trials(SEARCH) == sorted(trials, key=lambda t: t.index)
    assert store.trials(BASELINE) == [trial(0)]
    assert store.trials(KNOWN) == []
    store.close()
    store.close()


@pytest.mark.parametrize("make", STORES, ids=["memory", "optuna"])
def test_a_fact_takes_the_place_of_the_one_before(tmp_path: Path, make: MakeStore) -> None:
    store = make(tmp_path)
    assert store.facts() == {}
    store.write("a", {"b": [1, 0.1 + 0.2, None, "ü"]})
    store.write("c", 1)
    store.write("c", 2)
    assert store.facts() == {"a": {"b": [1, 0.1 + 0.2, None, "ü"]}, "c": 2}
    store.facts()["a"]["b"].clear()
    assert store.facts()["a"]["b"]
    store.close()


def test_another_process_reads_what_one_wrote_and_both_may_write(tmp_path: Path) -> None:
    first = OptunaStore.create(tmp_path / "trials.db")
    second = OptunaStore(tmp_path / "trials.db")
    first.add(trial(0), SEARCH)
    second.add(trial(1), SEARCH)
    assert first.trials(SEARCH) == second.trials(SEARCH) == [trial(0), trial(1)]
    for store in (first, second):
        store.close()


def test_a_large_fact_fits(tmp_path: Path) -> None:
    store = OptunaStore.create(tmp_path / "trials.db")
    cells = [{"ops": ["input"] * 256}] * 500
    store.write("round 0", cells)
    assert store.facts()["round 0"] == cells
    store.close()


def test_copies_everything(tmp_path: Path) -> None:
    source, target = MemoryStore(), OptunaStore.create(tmp_path / "trials.db")
    source.add(trial(0), KNOWN)
    source.add(trial(1), SEARCH)
    source.write("a", 1)
    copy_store(source, target)
    assert (target.trials(KNOWN), target.trials(SEARCH)) == ([trial(0)], [trial(1)])
    assert target.facts() == {"a": 1}
    target.close()


def test_a_store_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "trials.db"
    for name in (".trials.db.new", ".trials.db.new-journal", "trials.db-journal"):
        (tmp_path / name).write_text("what a kill left")
    OptunaStore.create(path).close()
    assert os.listdir(tmp_path) == ["trials.db"]
    (tmp_path / ".trials.db.new").touch()
    remove_unfinished(path)
    assert os.listdir(tmp_path) == ["trials.db"]


def test_says_what_is_missing_or_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no such file: .*trials\.db"):
        OptunaStore(tmp_path / "trials.db")
    with pytest.raises(RuntimeError, match=r"trials\.db cannot be created: .*No such file"):
        OptunaStore.create(tmp_path / "missing" / "trials.db")


def test_a_trial_that_is_none_is_named(tmp_path: Path) -> None:
    store = OptunaStore.create(tmp_path / "trials.db")
    store.add(trial(0), SEARCH)
    connection = sqlite3.connect(tmp_path / "trials.db")
    with connection:
        connection.execute(
            "UPDATE trial_user_attributes SET value_json = '{\"index\": 0}' WHERE key = 'trial'"
        )
    connection.close()
    with pytest.raises(ValueError, match=r"trials\.db must hold trials, got .*must have the keys"):
        store.trials(SEARCH)
    store.close()
