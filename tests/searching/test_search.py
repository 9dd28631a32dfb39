"""The whole search in one call: its order, its ends, its refusals, and what it leaves behind."""

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gemcore.bootstrap import identify
from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.encoder import EncoderConfig
from gemcore.networks.skeleton import Skeleton
from gemcore.predictor.stacked import StackedPredictor
from gemcore.searching.config import SearchConfig
from gemcore.searching.result import SearchResult
from gemcore.searching.search import make_setting, search, suited_config
from gemcore.space import SearchSpace
from gemcore.tasks import EvaluationContext, ProxyTask, TrainingConfig

TINY = SearchSpace(num_nodes=3, ops=("conv1x1",), edge_prob=0.5)
CONFIG: dict[str, Any] = {
    "num_trials": 6,
    "num_initial": 2,
    "cells_per_round": 2,
    "bootstrap_samples": 200,
}


def quick(**changes: Any) -> SearchConfig:
    training = TrainingConfig(epochs=1, final_epochs=1, batch_size=16)
    settings: dict[str, Any] = {"embedding": "adjacency", "training": training}
    return SearchConfig(**(CONFIG | settings | changes))


class Recorder:
    """A task that is a function: more edges, better. It remembers what it was asked."""

    __name__ = "recorder"

    def __init__(self, answer: Callable[[Cell], Any] | None = None) -> None:
        self.cells: list[Cell] = []
        self.contexts: list[EvaluationContext] = []
        self.answer = answer or (lambda cell: len(cell.edges) / 100)

    def __call__(self, cell: Cell, context: EvaluationContext) -> Any:
        self.cells.append(cell)
        self.contexts.append(context)
        return self.answer(cell)


def run(task: Any = None, **options: Any) -> SearchResult:
    settings: dict[str, Any] = {"config": quick(), "progress": False}
    return search(Recorder() if task is None else task, **(settings | options))


def images(num_images: int = 60, shape: tuple[int, ...] = (8, 8)) -> ProxyTask:
    """Dark and bright images with noise."""
    labels = np.arange(num_images) % 2
    noise = np.random.default_rng(0).normal(0, 0.1, (num_images, *shape))
    return ProxyTask(labels.reshape(-1, *[1] * len(shape)) + noise, labels, name="bright")


def test_a_function_is_asked_once_for_each_network_and_told_the_context() -> None:
    task = Recorder()
    result = run(task, seed=3)
    assert task.cells == [trial.cell for trial in result.trials]
    assert len({*identify(CellBatch.from_cells(task.cells))}) == 6
    assert [context.index for context in task.contexts] == list(range(6))
    context = task.contexts[0]
    assert (context.seed, context.input_size, context.num_classes) == (3, (3, 32, 32), 10)
    assert context.skeleton == Skeleton.preset("proxy")
    assert result.setting.task.name == "recorder"
    assert result.final is None
    assert result.status == "complete"


def test_numpy_numbers_and_dictionaries_are_kept(tmp_path: Path) -> None:
    answers = [np.float32(0.75), np.array(0.75), {"accuracy": np.float64(0.75), "n": np.int64(3)}]
    for number, answer in enumerate(answers):
        out = tmp_path / str(number)
        result = run(lambda cell, context, answer=answer: answer, out=out)
        assert [trial.accuracy for trial in result.trials] == [0.75] * 6
        assert SearchResult.load(out).trials == result.trials


def test_same_seed_same_result_another_seed_another() -> None:
    first, again, other = (run(seed=seed) for seed in (0, 0, 1))
    cells = [[trial.cell for trial in result.trials] for result in (first, again, other)]
    assert cells[0] == cells[1] != cells[2]


def test_a_space_with_fewer_networks_ends_by_itself_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    task = Recorder()
    with caplog.at_level(logging.WARNING, "gemcore"):
        result = run(task, space=TINY, config=quick(num_trials=50, num_initial=20))
    assert len(task.cells) == 4
    assert "The space is exhausted: it has 4 different networks" in result.summary()
    assert "exhausted" in caplog.text


def test_failed_trials_are_kept_with_their_reason_and_the_search_goes_on() -> None:
    def sometimes(cell: Cell) -> float:
        if cell.num_nodes % 2:
            raise MemoryError("too big")
        return 0.5

    result = run(Recorder(sometimes), config=quick(num_trials=20))
    reasons = {trial.status for trial in result.trials}
    assert reasons == {"complete", "failed: out of memory: too big"}
    assert "trials failed: out of memory: too big" in result.summary()
    assert result.best is not None


@pytest.mark.parametrize("num_trials", [3, 20])
def test_stops_where_every_trial_fails_alike_and_quotes_the_reason(
    tmp_path: Path, num_trials: int
) -> None:
    def broken(cell: Cell) -> float:
        raise FileNotFoundError("no such file: /data/labels")

    task = Recorder(broken)
    with pytest.raises(RuntimeError, match="no such file: /data/labels"):
        run(task, config=quick(num_trials=num_trials), out=tmp_path / "run")
    assert len(task.cells) == min(5, num_trials)
    kept = SearchResult.load(tmp_path / "run")
    assert kept.best is None
    assert kept.status.startswith("failed: ")
    assert len(kept.trials) == len(task.cells)


def test_what_is_known_starts_it_warm(tmp_path: Path) -> None:
    before = run(seed=9)
    task = Recorder()
    known = [(trial.cell, trial.metrics) for trial in before.trials]
    result = run(task, initial=known, config=quick(num_initial=6), out=tmp_path / "run")
    assert len(task.cells) == 6
    assert len(result.trials) == 12
    assert not {*task.cells} & {trial.cell for trial in before.trials}
    assert SearchResult.load(tmp_path / "run").trials == result.trials


def test_keeps_to_its_time() -> None:
    def slow(cell: Cell) -> float:
        time.sleep(0.05)
        return 0.5

    began = time.perf_counter()
    result = run(Recorder(slow), config=quick(num_trials=600, num_initial=500, max_seconds=1.0))
    assert time.perf_counter() - began < 2
    assert 2 <= len(result.trials) < 25
    assert "max_seconds = 1 were used up" in " ".join(result.summary().split())
    with pytest.raises(RuntimeError, match="no candidate is complete, the last one none ended in"):
        run(config=quick(max_seconds=0.0))


def test_random_cells_for_comparison_share_the_first_and_are_as_many() -> None:
    task = Recorder()
    result = run(task, config=quick(random_baseline=True))
    assert result.baseline is not None
    random = result.baseline.trials
    assert len(random) == len(result.trials) == 6
    assert [t.cell for t in random[:2]] == [t.cell for t in result.trials[:2]]
    assert len(task.cells) == len({*task.cells}) <= 10
    assert "best of 6 random" in result.summary()


def test_images_are_searched_trained_and_predicted(tmp_path: Path) -> None:
    task = images()
    result = run(task, config=quick(num_workers=1, random_baseline=True), out=tmp_path / "run")
    assert all(trial.is_complete for trial in result.trials)
    assert result.final is not None
    assert 0 <= result.final.metrics["test_accuracy"] <= 1
    assert result.baseline is not None
    assert "test_accuracy" in result.baseline.metrics
    kept = SearchResult.load(tmp_path / "run")
    assert kept.trials == result.trials
    np.testing.assert_array_equal(
        kept.predict(task.images[:, 0]).probabilities, result.predict(task.images).probabilities
    )
    with open(tmp_path / "run" / "result.json") as file:
        json.load(file, parse_constant=lambda token: pytest.fail(f"{token} is not JSON"))


@pytest.mark.slow
def test_the_number_of_workers_changes_no_bit() -> None:
    results = [run(images(), config=quick(num_workers=number)) for number in (1, 2)]
    kept = [[(t.cell, t.metrics) for t in result.trials] for result in results]
    assert kept[0] == kept[1]
    assert results[0].final is not None
    assert results[1].final is not None
    for name, tensor in results[0].final.weights.items():
        assert torch.equal(tensor, results[1].final.weights[name])


def test_an_encoder_is_trained_after_the_random_cells_and_kept(tmp_path: Path) -> None:
    encoder = EncoderConfig(embedding_dim=8, num_steps=20)
    config = quick(predictor="mlp", embedding="kernel_guided", encoder=encoder)
    result = run(config=config, out=tmp_path / "run")
    assert result.encoder is not None
    assert [*result.seconds][:2] == ["candidates", "encoder"]
    cells = SearchSpace.preset("small").sample(5)
    kept = SearchResult.load(tmp_path / "run").encoder
    assert kept is not None
    assert torch.equal(kept.encode(cells), result.encoder.encode(cells))


@pytest.mark.parametrize("pretrain", [False, True])
def test_the_graph_network_is_prepared_where_the_config_says_so(
    pretrain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits: list[StackedPredictor] = []
    monkeypatch.setattr(StackedPredictor, "prepare", lambda self: fits.append(self))
    result = run(config=quick(pretrain=pretrain))
    assert len(fits) == pretrain
    assert ("pre-training" in result.seconds) == pretrain


def test_works_in_a_thread() -> None:
    found: list[SearchResult] = []
    thread = threading.Thread(target=lambda: found.append(run()))
    thread.start()
    thread.join()
    assert found[0].best is not None


def test_leaves_torch_as_it_was() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        state, threads = torch.get_rng_state(), torch.get_num_threads()
        result = run(images(), config=quick(num_workers=1))
        assert all(trial.is_complete for trial in result.trials)
        assert torch.get_default_dtype() == torch.float64
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_default_dtype(torch.float32)


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    run(out=tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "cell.png").write_text("mine too")
    with pytest.raises(ValueError, match=r"has no config\.toml and holds cell\.png"):
        run(out=tmp_path / "other")


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_trained(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("in the way")
    task = Recorder()
    with pytest.raises(RuntimeError, match=r"file/run' cannot be written: .*[Nn]ot a directory"):
        run(task, out=tmp_path / "file" / "run")
    assert not task.cells


def test_bad_arguments_are_told_before_anything_is_trained(tmp_path: Path) -> None:
    task, out = Recorder(), tmp_path / "run"
    known = Cell(("input", "conv3x3"), ((0, 1),))
    for error, message, options in (
        (ValueError, "task must be one of 'digits', .*, got 'svhn'", {"task": "svhn"}),
        (ValueError, "directory must be where the files of 'mnist' lie", {"task": "mnist"}),
        (TypeError, "task must be a name, a ProxyTask or a function, got int 3", {"task": 3}),
        (TypeError, "space must be of type SearchSpace, got str", {"space": "small"}),
        (TypeError, "config must be of type SearchConfig, got dict", {"config": {"a": 1}}),
        (ValueError, "seed must be in 0", {"seed": -1}),
        (TypeError, r"initial must hold pairs \(cell, metrics\), got Cell", {"initial": [known]}),
        (ValueError, "cell must have operations of the space", {"initial": [(known, 0.5)]}),
        (ValueError, "max_macs must be met by a cell", {"config": quick(max_macs=1)}),
        (ValueError, "device must be", {"config": quick(device="tpu")}),
        (
            ValueError,
            "metric must be one of 'accuracy'",
            {"task": images(), "config": quick(metric="f1")},
        ),
        (
            ValueError,
            "class_weights must be 2 numbers, one a class, got 3",
            {
                "task": images(),
                "config": quick(training=TrainingConfig(class_weights=(1.0, 2.0, 3.0))),
            },
        ),
    ):
        with pytest.raises(error, match=message):
            run(**({"task": task, "out": out} | options))
    assert not task.cells
    assert not out.exists()


def test_a_task_suggests_and_the_caller_decides() -> None:
    hinted = ProxyTask(
        images().images,
        images().labels,
        space=TINY,
        skeleton=Skeleton.preset("proxy", width=4),
        config={"num_trials": 3},
    )
    assert suited_config(hinted) == SearchConfig(num_trials=3)
    setting = make_setting(hinted)
    assert (setting.space, setting.skeleton.stem_width, setting.config.num_trials) == (TINY, 4, 3)
    own = make_setting(hinted, SearchSpace.preset("paper"), SearchConfig(width=5), seed=7)
    assert own.space == SearchSpace.preset("paper")
    assert (own.skeleton.stem_width, own.config.num_trials, own.seed) == (5, 96, 7)
    plain = make_setting(images())
    assert plain.space == SearchSpace.preset("small")
    assert plain.skeleton == Skeleton.preset("proxy")


def test_progress_tells_an_estimate_and_the_phases(capsys: pytest.CaptureFixture[str]) -> None:
    run(images(), config=quick(num_workers=1, random_baseline=True), progress=True)
    shown = capsys.readouterr()
    assert not shown.out
    for part in ("Estimate: ", "in all.", "candidates", "final training", "random baseline"):
        assert part in shown.err
    run(progress=True)
    assert "only the task's function knows" in capsys.readouterr().err
