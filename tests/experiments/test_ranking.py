"""What is trained on and what is ranked."""

import dataclasses
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kendalltau

from fig5_bias import BiasSettings
from gemcore.cell_batch import CellBatch
from gemcore.tables import CellTable, synthetic
from harness import ranking
from harness.methods import (
    METHODS,
    PAPER_ENCODER,
    PredictorSettings,
    make_method,
    plan_learning,
)
from harness.ranking import (
    RankingContext,
    RankingSettings,
    column,
    compare,
    measure_ranking,
    summarize,
)
from harness.rows import Row
from harness.tables import (
    open_nasbench101,
    open_nasbench201,
    reporting_rows,
    synthetic_nasbench201,
)
from paper_pipeline import PipelineSettings


class Counter:
    """Predicts the number of edges, says so with a spread of .01, and notes what it was shown."""

    shown: tuple[CellBatch, NDArray[Any], CellBatch]

    def fit(self, cells: CellBatch, scores: NDArray[Any], **options: bool) -> Self:
        self.trained = cells, scores
        return self

    def predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        Counter.shown = *self.trained, cells
        return 0.9 + 0.001 * cells.num_edges.astype(np.float64), np.full(len(cells), 0.01)


def context_of(table: CellTable, folder: Path) -> RankingContext:
    settings = RankingSettings(methods=("adjacency",), sizes=(20,), out=folder)
    return RankingContext(settings, table, reporting_rows(table), folder, {"adjacency"})


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "make_method", lambda *arguments: Counter())


@pytest.mark.usefixtures("counter")
def test_nothing_of_the_tuning_third_is_trained_on_or_ranked(tmp_path: Path) -> None:
    table = synthetic(300)
    measured = measure_ranking(context_of(table, tmp_path), (20, "adjacency", 3))
    train, scores, test = Counter.shown
    rows = [table.lookup(cells) for cells in (train, test)]
    assert (table.accuracy[rows[0]] == scores).all()
    assert len(rows[0]) == 20
    both = np.concatenate(rows)
    assert sorted(both.tolist()) == np.flatnonzero(~table.tuning).tolist()
    truth = table.accuracy[rows[1]]
    predicted = 0.9 + 0.001 * test.num_edges
    assert measured.values["tau"] == pytest.approx(kendalltau(predicted, truth).statistic)
    inside = np.abs(truth - predicted) < 0.01645
    assert measured.values["coverage"] == inside.mean()
    assert measured.values["tested"] == len(truth)
    assert set(measured.seconds) == {"fit", "predict"}


@pytest.mark.usefixtures("counter")
def test_splits_differ_and_sizes_of_a_split_are_nested(tmp_path: Path) -> None:
    table = synthetic(300)
    trained = {}
    for n, split in ((5, 0), (20, 0), (20, 1)):
        measure_ranking(context_of(table, tmp_path), (n, "adjacency", split))
        trained[n, split] = set(table.lookup(Counter.shown[0]).tolist())
    assert trained[5, 0] < trained[20, 0]
    assert trained[20, 0] != trained[20, 1]


@pytest.mark.usefixtures("counter")
def test_twins_of_training_cells_are_not_ranked(tmp_path: Path) -> None:
    table = synthetic_nasbench201(400)
    networks = table.lookup(table.cells)
    assert len(set(networks.tolist())) < 400
    measured = measure_ranking(context_of(table, tmp_path), (100, "adjacency", 0))
    train, _, test = Counter.shown
    assert not set(table.lookup(train).tolist()) & set(table.lookup(test).tolist())
    assert measured.values["tested"] < (~table.tuning).sum() - 100


def test_predictions_that_are_all_alike_rank_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Counter, "predict", lambda self, cells: (np.ones(len(cells)),) * 2)
    monkeypatch.setattr(ranking, "make_method", lambda *arguments: Counter())
    with pytest.warns(match="constant"):
        measured = measure_ranking(context_of(synthetic(100), tmp_path), (5, "adjacency", 0))
    assert measured.values["tau"] == measured.values["pearson"] == 0


def test_summaries_and_tests_pair_splits_in_their_order() -> None:
    settings = RankingSettings(methods=("default", "adjacency"), sizes=(20,))
    rows: list[Row] = [
        {"n": 20, "method": method, "split": split, "tau": tau + split / 10}
        for split in (2, 0, 1)
        for method, tau in (("adjacency", 0.25), ("default", 0.5 + 0.01 * split))
    ]
    assert column(rows, "tau", 20, "default") == pytest.approx([0.5, 0.61, 0.72])
    found = summarize(rows, settings)
    assert [row["method"] for row in found] == ["default", "flattened adjacency + MLP"]
    assert found[1]["tau"] == pytest.approx(0.35)
    (test,) = compare(rows, settings, [("default", "adjacency"), ("paper", "default")])
    assert test["difference"] == pytest.approx(0.26)
    assert test["won/tied/lost"] == "3/0/0"


def test_methods_with_encoders_share_them_within_a_group(tmp_path: Path) -> None:
    settings = PredictorSettings(repeats=7, num_encoders=2).quickened()
    settings = dataclasses.replace(settings, repeats=7, num_encoders=2)
    assert plan_learning(settings) == [
        ("paper", 0), ("autoencoder", 0), ("paper", 1), ("autoencoder", 1),
    ]  # fmt: skip
    cells = synthetic(100).cells
    made = [make_method("paper", cells, tmp_path, settings, repeat) for repeat in (0, 1, 2)]
    embedded = [predictor.embedding.embed(cells[:5]) for predictor in made]  # type: ignore[attr-defined]
    assert (embedded[0] == embedded[2]).all()
    assert not (embedded[0] == embedded[1]).all()
    assert sorted(p.name for p in (tmp_path / "encoders").iterdir()) == [
        "kernel_guided-0",
        "kernel_guided-1",
    ]


@pytest.mark.parametrize("settings", [PipelineSettings(), BiasSettings()])
def test_the_papers_pipeline_trains_the_encoder_that_was_chosen_for_it(
    settings: PredictorSettings,
) -> None:
    assert settings.encoder == PAPER_ENCODER
    assert "n_iter=1, num_steps=1000" in settings.identity["encoder"]


def test_every_predictor_of_the_package_has_a_name_here() -> None:
    assert {"default", "paper", "autoencoder", "adjacency"} <= set(METHODS)
    with pytest.raises(ValueError, match=r"methods must be one of 'default', .*, got 'oracle'"):
        PredictorSettings(methods=("oracle",))


def test_a_missing_table_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "none.npz"
    with pytest.raises(FileNotFoundError, match="--table must be a table of NAS-Bench-101, got no"):
        open_nasbench101(path, quick=False)
    with pytest.raises(FileNotFoundError, match="--quick runs on a made-up one"):
        open_nasbench201(path, "cifar10", quick=False)
    assert open_nasbench101(path, quick=True).name == "synthetic"
    assert open_nasbench201(path, "cifar10", quick=True).name == "synthetic"
