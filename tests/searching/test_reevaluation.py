"""The best cells are evaluated again from other seeds, and the best mean wins."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gemcore.cell import Cell
from gemcore.searching.config import SearchConfig
from gemcore.searching.record import FinalNetwork
from gemcore.searching.reruns import average, best_trials, choose_best
from gemcore.searching.result import SearchResult
from gemcore.searching.search import search
from gemcore.searching.setting import SearchSetting
from gemcore.searching.status import read_status
from gemcore.tables import synthetic
from gemcore.tasks import EvaluationContext, ProxyTask, TrainingConfig
from gemcore.trials.trial import Trial

MakeResult = Callable[..., SearchResult]
MakeTrial = Callable[..., Trial]
Run = Callable[..., SearchResult]


class LuckyTask:
    """Worth by the number of edges, but a cell of few edges is lucky with the search's seed.

    Args:
        failing_at: The call that raises, counted from 1.
        error: What it raises.
    """

    __name__ = "lucky"

    def __init__(self, failing_at: int = 0, error: BaseException | None = None) -> None:
        self.calls: list[tuple[Cell, int]] = []
        self.failing_at, self.error = failing_at, error

    def __call__(self, cell: Cell, context: EvaluationContext) -> dict[str, float]:
        self.calls.append((cell, context.seed))
        if len(self.calls) == self.failing_at and self.error is not None:
            raise self.error
        worth = len(cell.edges) / 100
        lucky = context.seed == 0 and len(cell.edges) % 2 == 0
        return {"accuracy": worth + 0.5 * lucky, "seed": float(context.seed % 1000)}


SMALL: dict[str, Any] = {"mac_penalty": 0.0, "predictor": "extra_trees"}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("reevaluate", -1, "reevaluate must be >= 0, got -1"),
        ("reevaluations", 0, "reevaluations must be >= 1, got 0"),
    ],
)
def test_rejects_bad_values(field: str, value: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SearchConfig(**{field: value})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=f"{field} must be an integer, got float 1.5"):
        SearchConfig(**{field: 1.5})  # type: ignore[arg-type]


def test_the_best_mean_wins_and_each_run_is_kept(tmp_path: Path, run: Run) -> None:
    task = LuckyTask()
    result = run(task, tmp_path / "run", reevaluate=3, reevaluations=2, **SMALL)
    first, again = task.calls[:8], task.calls[8:]
    rivals = best_trials(result.trials, 3)
    assert result.notes == ()
    assert {seed for _, seed in first} == {0}
    assert [cell for cell, _ in again] == [trial.cell for trial in rivals] * 2
    seeds = [seed for _, seed in again]
    assert seeds == [seeds[0]] * 3 + [seeds[3]] * 3
    assert len({0, *seeds}) == 3
    # The score of a lucky cell is its worth and a third of the luck.
    means = [np.mean([r.score for r in (t, *runs(result, t))]) for t in rivals]
    best = result.best
    assert best is not None
    assert best.index == rivals[int(np.argmax(means))].index
    assert best.score == best.accuracy == pytest.approx(max(means), abs=1e-15)
    kept = [best.metrics[f"accuracy_run{i}"] for i in range(3)]
    assert kept == [r.accuracy for r in (result.trials[best.index], *runs(result, best))]
    assert best.metrics["accuracy"] == pytest.approx(np.mean(kept), abs=1e-15)
    assert result.trials[best.index].metrics.keys() == {"accuracy", "seed"}
    assert SearchResult.load(tmp_path / "run").best == best == read_status(tmp_path / "run").best


def runs(result: SearchResult, trial: Trial) -> list[Trial]:
    """The further runs of a cell, by definition."""
    return [rerun for rerun in result.reruns if rerun.cell == trial.cell]


@pytest.mark.parametrize("call", [9, 10, 12])
def test_what_ended_is_not_run_again_after_an_interrupt(
    call: int, tmp_path: Path, run: Run
) -> None:
    settings: dict[str, Any] = {"reevaluate": 2, "reevaluations": 2, **SMALL}
    whole = run(LuckyTask(), tmp_path / "whole", **settings)
    first, second = LuckyTask(call, KeyboardInterrupt()), LuckyTask()
    with pytest.raises(KeyboardInterrupt):
        run(first, tmp_path / "run", **settings)
    status = read_status(tmp_path / "run")
    assert (status.state, status.phase) == ("interrupted", "re-evaluation")
    assert len(status.reruns) == call - 9
    (tmp_path / "run" / "trials.db").unlink()  # What lies in result.json is enough.
    resumed = run(second, tmp_path / "run", **settings)
    assert len(first.calls) - 1 + len(second.calls) == 12
    assert plain(resumed) == plain(whole)


def plain(result: SearchResult) -> list[Any]:
    """Further runs and the choice, but their times."""
    trials = [*result.reruns, *([] if result.best is None else [result.best])]
    return [dataclasses.replace(trial, seconds=0.0) for trial in trials]


def test_a_cell_of_which_a_run_failed_does_not_win(tmp_path: Path, run: Run) -> None:
    whole = run(LuckyTask(), tmp_path / "whole", reevaluate=2, **SMALL)
    assert whole.best is not None
    place = [trial.index for trial in best_trials(whole.trials, 2)].index(whole.best.index)
    task = LuckyTask(9 + place, MemoryError("no room"))
    result = run(task, tmp_path / "run", reevaluate=2, **SMALL)
    assert result.best is not None
    assert result.best.index == best_trials(whole.trials, 2)[1 - place].index
    assert "1 of 2 re-evaluations failed: out of memory: no room" in result.notes
    assert "1 (1 failed)" in result.summary()


def test_the_choice_by_hand(trial: MakeTrial) -> None:
    def make(index: int, accuracy: float | None, place: int = 0) -> Trial:
        cell = trial(index, 0.5).cell
        return trial(place, accuracy, cell=cell, score=accuracy, seed=place + 7)

    trials = [trial(0, 0.5), trial(1, 0.9), trial(2, None), trial(3, 0.8), trial(4, 0.7)]
    lower, higher = make(1, 0.1, 0), make(3, 0.4, 1)

    def chosen(reruns: list[Trial]) -> int | None:
        best = choose_best(trials, reruns, number=2, times=1)
        return None if best is None else best.index

    assert chosen([]) == 1
    assert chosen([lower]) == 1  # Not before all have ended.
    assert chosen([lower, higher]) == 3  # .6 beats .5, and .7, which was run once, is no rival.
    assert chosen([lower, make(3, None, 1)]) == 1
    assert chosen([make(1, None, 0), make(3, None, 1)]) == 1
    assert choose_best([], [], number=2, times=1) is None
    assert choose_best(trials[2:3], [], number=2, times=1) is None
    assert average(trials[1], [make(1, None)]) == trials[1]
    assert average(trials[2], []) == trials[2]
    mean = average(trials[1], [make(1, 0.3, 0), make(1, 0.6, 1)])
    assert mean.accuracy == pytest.approx(0.6)
    assert mean.seconds == 4.5


def test_tasks_that_give_one_answer_say_so(tmp_path: Path, run: Run) -> None:
    table = synthetic(100, seed=1)
    config = SearchConfig(num_trials=6, reevaluate=2, predictor="extra_trees", mac_penalty=0.0)
    result = search(table, config=config, progress=False)
    assert result.notes == ("Nothing was evaluated again: the task has one answer for each cell.",)
    assert result.reruns == []
    assert result.best == best_trials(result.trials, 1)[0]
    constant = run(lambda cell, context: len(cell.edges) / 100, tmp_path / "run", reevaluate=2)
    assert len(constant.reruns) == 2
    assert constant.notes == (
        "Evaluating again told nothing: the task gave each cell the same numbers again.",
    )


@pytest.mark.slow
def test_networks_are_trained_from_other_weights(tmp_path: Path, run: Run) -> None:
    labels = np.arange(80) % 2
    noise = np.random.default_rng(0).normal(0, 2.0, (80, 8, 8))
    task = ProxyTask(labels[:, None, None] + noise, labels)
    training = TrainingConfig(epochs=1, final_epochs=1, batch_size=16, threads=1)
    small: dict[str, Any] = {"num_trials": 3, "num_initial": 3, "training": training}
    result = run(task, tmp_path / "run", reevaluate=2, num_workers=2, **small)
    assert [rerun.index for rerun in result.reruns] == [0, 1]
    for rerun in result.reruns:
        first = next(trial for trial in result.trials if trial.cell == rerun.cell)
        assert rerun.metrics["train_loss"] != first.metrics["train_loss"]
        assert (rerun.macs, rerun.params) == (first.macs, first.params)
    assert result.best is not None
    assert result.final is not None
    assert "train_loss_run1" in result.best.metrics
    assert result.build().state_dict().keys() == result.final.weights.keys()


def test_the_summary_shows_the_runs(
    result: MakeResult, trial: MakeTrial, setting: SearchSetting
) -> None:
    config = dataclasses.replace(setting.config, reevaluate=2)
    twice = dataclasses.replace(setting, config=config)
    reruns = [trial(0, 0.1, cell=trial(1, 0.5).cell), trial(1, 0.8, cell=trial(3, 0.5).cell)]
    found = result(twice, reruns=reruns, final=FinalNetwork({}, {}), baseline=None)
    lines = found.summary().splitlines()
    start = lines.index("The best cells, trained again from other seeds:")
    assert lines[start + 1 : start + 4] == [
        "          mean score   lowest   highest   runs",
        "trial 3       0.8500   0.8000    0.9000      2",
        "trial 1       0.5000   0.1000    0.9000      2",
    ]
    assert "validation accuracy      0.8500" in lines  # The mean.
    assert "again" not in result().summary()
