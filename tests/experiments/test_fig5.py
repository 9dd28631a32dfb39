"""Samples, training cells and the second run of Fig. 5."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import NDArray

import fig5_bias
from baselines.second_run import SecondRun, read_second_run
from fig5_bias import BiasContext, BiasSettings, measure
from gemcore.cell_batch import CellBatch
from gemcore.tables import CellTable, synthetic
from harness.tables import reporting_rows


class Last:
    """Predicts that later cells are better; notes what it was trained on and shown."""

    trained: CellBatch
    shown: CellBatch

    def fit(self, cells: CellBatch, scores: NDArray[Any], **options: bool) -> Self:
        Last.trained = cells
        return self

    def predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        Last.shown = cells
        return np.arange(len(cells), dtype=np.float64), np.zeros(len(cells))


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BiasContext:
    monkeypatch.setattr(fig5_bias, "make_method", lambda *arguments: Last())
    table = synthetic(400)
    settings = BiasSettings(samples=150, table=tmp_path / "none.npz")
    second = SecondRun(np.arange(400), table.metrics["validation_accuracy"])
    return BiasContext(settings, table, reporting_rows(table), tmp_path, second)


def test_samples_are_shared_and_hold_no_training_cell(context: BiasContext) -> None:
    table = context.table
    pools = []
    for n in (20, 100):
        measured = measure(context, ("default", n, 1)).values
        train, pool = (table.lookup(cells).tolist() for cells in (Last.trained, Last.shown))
        assert len(train) == n
        assert not set(train) & set(pool)
        assert not table.tuning[[*train, *pool]].any()
        assert len(set(pool)) == len(pool) <= 150
        assert measured["best"] == table.accuracy[pool].max()
        assert measured["picked"] == table.accuracy[pool[-1]]
        assert measured["bias"] == measured["best"] - table.accuracy[pool[-1]] >= 0
        pools.append(pool)
    assert pools[0] == pools[1]
    measure(context, ("default", 20, 2))
    assert table.lookup(Last.shown).tolist() != pools[0]


def test_the_oracle_is_no_better_than_the_best_and_better_than_chance(context: BiasContext) -> None:
    table: CellTable = context.table
    biases = [measure(context, ("oracle", 0, repeat)).values["bias"] for repeat in range(20)]
    chance = np.mean([measure(context, ("default", 20, r)).values["bias"] for r in range(20)])
    assert min(map(float, biases)) >= 0
    assert 0 < np.mean(np.array(biases, dtype=float)) < chance / 2
    assert table.metrics["expected_accuracy"].max() < table.accuracy.max() + 1


def test_a_second_run_is_read_from_an_archive(context: BiasContext, tmp_path: Path) -> None:
    path = tmp_path / "second.npz"
    np.savez(path, index=np.array([3, 5], dtype=np.int32), valid_acc=np.array([0.5, 0.25]))
    second = read_second_run(context.table, path, beside=tmp_path / "table.npz")
    assert (second.rows.tolist(), second.accuracy.tolist()) == ([3, 5], [0.5, 0.25])
    np.savez(path, index=np.array([400]), valid_acc=np.array([0.5]))
    with pytest.raises(ValueError, match=r"second.npz must hold rows of the table as index, got"):
        read_second_run(context.table, path, beside=tmp_path / "table.npz")
    np.savez(path, index=np.array([4]))
    with pytest.raises(ValueError, match="must hold index and valid_acc, got none"):
        read_second_run(context.table, path, beside=tmp_path / "table.npz")


def test_without_a_second_run_there_is_no_oracle(context: BiasContext, tmp_path: Path) -> None:
    table = context.table
    bare = CellTable(table.cells, {"accuracy": table.accuracy})
    with pytest.raises(ValueError, match=r"--second-run must be an archive .* --no-oracle goes"):
        read_second_run(bare, None, beside=tmp_path / "table.npz")
    beside = tmp_path / "table.npz"
    assert len(read_second_run(table, None, beside=beside).rows) == 400  # The table's own.


def test_sizes_beyond_what_is_kept_out_are_refused() -> None:
    with pytest.raises(ValueError, match=r"sizes must be in 1 .. 2000, got 2001"):
        BiasSettings(sizes=(200, 2001))
