"""Several objectives: what is chosen next, what is on the front, what is refused."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.searching.config import SearchConfig
from gemcore.searching.hypervolume import Front, Numbers, hypervolume
from gemcore.searching.objectives import Objectives, choose_greedily, log_costs
from gemcore.searching.result import SearchResult
from gemcore.searching.search import search
from gemcore.searching.setting import SearchSetting
from gemcore.searching.status import read_status
from gemcore.tables import CellTable, synthetic
from gemcore.trials.trial import Trial

MakeResult = Callable[..., SearchResult]
MakeTrial = Callable[..., Trial]
TWO, THREE = ("accuracy", "macs"), ("accuracy", "macs", "params")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("accuracy", "latency"), "objectives must be one of 'accuracy', 'macs', 'params', got"),
        (("macro_f1", "macs"), "objectives must be one of 'accuracy', .*, got 'macro_f1'"),
        (("accuracy", "macs", "macs"), "objectives must differ, got 'accuracy', 'macs', 'macs'"),
        (("macs", "params"), "objectives must hold the metric 'accuracy' and .*'macs', 'params'"),
        (("accuracy",), "objectives must hold the metric 'accuracy' and 'macs', 'params' or both"),
        ((), "objectives must hold the metric .* or both, got none"),
    ],
)
def test_refuses_what_is_no_set_of_objectives(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SearchConfig(objectives=names)


def test_refuses_other_kinds_and_a_predicted_score() -> None:
    with pytest.raises(TypeError, match="objectives must be of type tuple or list, got str 'macs'"):
        SearchConfig(objectives="macs")  # type: ignore[arg-type]
    message = "target must be 'metric' where there are objectives, got 'score'"
    with pytest.raises(ValueError, match=message):
        SearchConfig(objectives=TWO, target="score")
    assert SearchConfig(objectives=["macs", "accuracy"]).objectives == ("macs", "accuracy")  # type: ignore[arg-type]
    assert SearchConfig(objectives=("f1", "params"), metric="f1").objectives == ("f1", "params")


def test_refuses_a_cost_that_the_table_does_not_know() -> None:
    cells = [Cell(("input", "conv1x1"), ((0, 1),)), Cell(("input", "conv3x3"), ((0, 1),))]
    table = CellTable(CellBatch.from_cells(cells), {"accuracy": [0.5, 0.6]}, macs=[1, 2])
    config = SearchConfig(num_trials=2, objectives=THREE, mac_penalty=0.0)
    message = "objectives must be without 'params' where the task does not know .*'macs', 'params'"
    with pytest.raises(ValueError, match=message):
        search(table, config=config, progress=False)


def test_the_front_by_hand(trial: MakeTrial) -> None:
    trials = [
        trial(0, 0.5, 1_000_000, params=900),
        trial(1, 0.9, 9_000_000, params=100),
        trial(2, 0.9, 9_000_000, params=100),  # As good as 1.
        trial(3, 0.4, 2_000_000, params=950),  # Beaten by 0 in all.
        trial(4, None),
        trial(5, 0.5, 2_000_000, params=500),  # Better than 0 in parameters alone.
    ]
    two, three = Objectives("accuracy", ("macs",)), Objectives("accuracy", ("macs", "params"))
    assert [t.index for t in two.front(trials)] == [0, 1]
    assert [t.index for t in three.front(trials)] == [0, 5, 1]
    assert [t.index for t in Objectives("accuracy", ("params",)).front(trials)] == [1]
    assert [t.index for t in two.best(trials, 4)] == [0, 1, 5, 2]
    assert [t.index for t in two.best(trials, 99)] == [0, 1, 5, 2, 3]
    # From .4 and 9 M: .1 higher from 1 M on.
    assert two.hypervolume(trials) == pytest.approx(0.1 * np.log10(9))
    assert two.hypervolume([]) == three.hypervolume(trials[4:5]) == 0
    assert two.front([]) == two.best([], 3) == []


def slowly(front: Front, mean: Numbers, std: Numbers, costs: Numbers, number: int) -> list[int]:
    """The greedy choice, everything judged anew in each step."""
    chosen: list[int] = []
    while len(chosen) < min(number, len(mean)):
        worth = front.expected_improvement(mean, std, costs)
        worth[chosen] = -1.0
        chosen.append(int(np.argmax(worth)))
        front = front.joined_by(float(mean[chosen[-1]]), costs[chosen[-1]])
    return chosen


@pytest.mark.parametrize("num_costs", [1, 2])
@pytest.mark.parametrize("number", [0, 1, 2, 3000])
def test_lazy_choice_equals_the_slow_one(number: int, num_costs: int) -> None:
    random = np.random.default_rng(number)
    values, known = random.random(9), random.random((9, num_costs))
    front = Front(values, known, float(values.min()), np.full(num_costs, 1.1))
    mean, std = random.random(number), random.random(number) / 5
    costs = random.random((number, num_costs))
    wanted = slowly(front, mean, std, costs, 12)
    assert choose_greedily(front, mean, std, costs, 12).tolist() == wanted
    assert len(set(wanted)) == min(12, number)


def volume(result: SearchResult, table: CellTable, names: tuple[str, ...]) -> float:
    """Share of what the whole table dominates, within a reference that is the table's."""
    goals = Objectives("accuracy", names[1:])
    costs = log_costs(goals.of_cost(table))  # type: ignore[arg-type]
    worst, end = float(table.accuracy.min()), costs.max(axis=0)
    found = hypervolume(
        goals.values(result.trials), log_costs(goals.of_trials(result.trials)), worst, end
    )
    return found / hypervolume(table.accuracy, costs, worst, end)


@pytest.mark.parametrize("names", [TWO, THREE])
def test_finds_a_better_front_than_random_search(names: tuple[str, ...]) -> None:
    table = synthetic(1000, seed=3)
    quick: dict[str, Any] = {"predictor": "extra_trees", "bootstrap_samples": 1000}
    shares = []
    for seed in range(2):
        common: dict[str, Any] = {"num_trials": 45, "mac_penalty": 0.0, "objectives": names}
        ours = SearchConfig(**common, **quick)
        random = SearchConfig(**common, num_initial=45)
        results = [search(table, config=c, seed=seed, progress=False) for c in (ours, random)]
        shares.append([volume(result, table, names) for result in results])
    (ours_a, random_a), (ours_b, random_b) = shares
    assert min(ours_a, ours_b) > 0.85
    assert min(ours_a - random_a, ours_b - random_b) > 0.06


@pytest.mark.parametrize("acquisition", ["thompson", "bootstrap"])
def test_the_same_seed_chooses_the_same_and_goes_on_where_it_was(
    acquisition: str, tmp_path: Path
) -> None:
    table = synthetic(300, seed=1)
    settings: dict[str, Any] = {"num_trials": 14, "predictor": "extra_trees", "mac_penalty": 0.0}
    settings |= {"objectives": TWO, "bootstrap_samples": 200, "acquisition": acquisition}
    config = SearchConfig(**settings)
    whole = search(table, config=config, progress=False)
    answers = 0

    class Interrupted(CellTable):
        def __call__(self, cell: Cell, context: object = None) -> dict[str, float]:
            nonlocal answers
            answers += 1
            if answers == 9:
                raise KeyboardInterrupt
            return super().__call__(cell, context)

    twin = Interrupted(
        table.cells, table.metrics, macs=table.macs, params=table.params, name=table.name
    )
    with pytest.raises(KeyboardInterrupt):
        search(twin, config=config, out=tmp_path / "run", progress=False)
    assert "of accuracy, macs (Pareto), hypervolume" in read_status(tmp_path / "run").describe()
    resumed = search(twin, config=config, out=tmp_path / "run", progress=False)
    assert [t.cell for t in resumed.trials] == [t.cell for t in whole.trials]
    with pytest.raises(ValueError, match=r"config\.objectives"):
        search(
            twin,
            config=dataclasses.replace(config, objectives=THREE),
            out=tmp_path / "run",
            progress=False,
        )
    kept = json.loads((tmp_path / "run" / "result.json").read_text())["pareto"]
    assert kept["objectives"] == ["accuracy", "macs"]
    assert kept["trials"] == [trial.index for trial in resumed.pareto()]
    assert kept["hypervolume"] == resumed.hypervolume > 0
    assert SearchResult.load(tmp_path / "run").pareto() == resumed.pareto()


def test_the_summary_shows_the_front(
    result: MakeResult, trial: MakeTrial, setting: SearchSetting
) -> None:
    config = dataclasses.replace(setting.config, objectives=THREE)
    several = dataclasses.replace(setting, config=config)
    trials = [trial(0, 0.5), trial(1, 0.9, 10_000_000), trial(2, 0.2, params=400)]
    lines = result(several, trials=trials).summary().splitlines()
    start = lines.index("Pareto front of accuracy, macs, params: 2 trials, hypervolume 0.1806:")
    assert lines[start + 1 : start + 4] == [
        "          multiply-adds   parameters   accuracy",
        "trial 0       1,000,000          100     0.5000",
        "trial 1      10,000,000          100     0.9000",
    ]
    assert "Pareto" not in result().summary()
    many = [trial(i, i / 100, 1000 + i) for i in range(40)]
    lines = result(several, trials=many).summary().splitlines()
    shown = [line for line in lines if line.startswith("trial ")]
    assert len(shown) == 16
    assert shown[0].startswith("trial 0 ")
    assert shown[-1].startswith("trial 39")
    assert ", 16 of them:" in " ".join(line.strip() for line in lines)
