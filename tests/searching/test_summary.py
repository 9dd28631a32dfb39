"""The summary fits a terminal of 80 columns, whatever a search came to."""

import dataclasses
from collections.abc import Callable

import pytest

from gemcore.cell import Cell
from gemcore.searching.config import SearchConfig
from gemcore.searching.record import FinalNetwork, RandomBaseline
from gemcore.searching.result import SearchResult
from gemcore.searching.setting import SearchSetting, TaskFacts
from gemcore.trials.trial import Trial

MakeResult = Callable[..., SearchResult]
MakeTrial = Callable[..., Trial]


def widest(text: str) -> int:
    return max(map(len, text.splitlines()))


def test_says_what_counts(result: MakeResult, trial: MakeTrial) -> None:
    text = result().summary()
    assert widest(text) < 80
    for line in (
        "Search of 'shapes' from seed 0, complete: 4 trials (3 complete, 1 failed).",
        "                          found   best of 2 random",
        "test accuracy            0.8750             0.7500",
        "validation accuracy      0.9000             0.8000",
        "multiply-adds         1,000,000          1,000,000",
        "score                    0.9000             0.8000",
        "  2 conv1x1 <- 1",
        "1 trial failed: no memory",
        "The space is exhausted.",
    ):
        assert line in text.splitlines()
    nothing = result(trials=[trial(0, None)], baseline=None).summary()
    assert "No trial is complete, so there is no best cell." in nothing
    assert "Search of 'shapes' from seed 0, failed: x: 0 trials." in (
        result(trials=[], status="failed: x").summary()
    )


def test_shows_the_metric_of_the_score(
    result: MakeResult, trial: MakeTrial, setting: SearchSetting
) -> None:
    config = SearchConfig(num_trials=4, embedding="adjacency", metric="macro_f1")
    other = dataclasses.replace(setting, config=config)
    found = trial(0, 0.9, metrics={"accuracy": 0.9, "macro_f1": 0.6}, score=0.5)
    final = FinalNetwork({"test_accuracy": 0.8, "test_macro_f1": 0.7}, {})
    lines = result(other, trials=[found], final=final, baseline=None).summary().splitlines()
    start = lines.index("test accuracy            0.8000")
    assert [line.split()[-2:] for line in lines[start + 1 : start + 4]] == [
        ["macro_f1", "0.7000"],
        ["accuracy", "0.9000"],
        ["macro_f1", "0.6000"],
    ]


def test_fits_whatever_the_names_and_numbers(
    result: MakeResult, trial: MakeTrial, setting: SearchSetting
) -> None:
    metric = "a_metric_of_" + "many_" * 30 + "words"
    config = SearchConfig(num_trials=4, embedding="adjacency", metric=metric)
    task = TaskFacts("name\nof " * 100, "f", ("a", "b"), setting.task.preprocessing)
    other = dataclasses.replace(setting, config=config, task=task, seed=2**64 - 1)
    huge = {"accuracy": 1.0, metric: -1e300}
    best = trial(0, 1.0, 2**62, params=2**62, score=-1e300, metrics=huge)
    failed = [trial(i, None, status="failed: " + f"{i}" * 900) for i in range(1, 8)]
    failed.append(trial(9, None, status="failed: " + "out of memory " * 90))
    text = result(
        other,
        trials=[best, *failed],
        final=FinalNetwork({f"test_{metric}": 1e300}, {}),
        baseline=RandomBaseline([best] * 3, {"test_accuracy": 0.5}),
        notes=("note " * 60, "n" * 300),
        seconds={f"phase {i}": 1e9 for i in range(9)},
    ).summary()
    assert widest(text) < 80
    assert "trials failed for other reasons." in text


@pytest.mark.parametrize("num_nodes", [1, 2, 30, 256])
def test_cells_of_any_size_fit(num_nodes: int, result: MakeResult, trial: MakeTrial) -> None:
    edges = tuple((u, v) for u in range(num_nodes) for v in range(u + 1, num_nodes))
    cell = Cell(("input", *["sepconv3x3"] * (num_nodes - 1)), edges)
    text = result(trials=[trial(0, 0.5, cell=cell)]).summary()
    assert widest(text) < 80
    assert text.count("sepconv3x3") == num_nodes - 1


def test_failures_are_counted_by_reason(result: MakeResult, trial: MakeTrial) -> None:
    reasons = ["no memory"] * 3 + ["nan"] * 2 + ["a: b", "c", "d", "e", "f"]
    trials = [trial(i, None, status=f"failed: {reason}") for i, reason in enumerate(reasons)]
    lines = result(trials=trials, notes=()).summary().splitlines()
    assert lines[-6:] == [
        "3 trials failed: no memory",
        "2 trials failed: nan",
        "1 trial failed: a: b",
        "1 trial failed: c",
        "1 trial failed: d",
        "2 trials failed for other reasons.",
    ]
