"""A search on a table: the same loop, with the table's numbers and costs."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gemcore import Cell, CellBatch, ListedSpace, SearchConfig, SearchResult, SearchSpace, search
from gemcore.searching.ask_tell import Search
from gemcore.searching.costs import cost_of, network_costs
from gemcore.searching.search import make_setting
from gemcore.tables import CellTable, synthetic

TABLE = synthetic(300, seed=4)
CONFIG = SearchConfig(
    num_trials=12, num_initial=6, mac_penalty=0, predictor="constant", bootstrap_samples=200
)


def run(table: Any = TABLE, **options: Any) -> SearchResult:
    return search(table, **{"config": CONFIG, "progress": False, **options})


def test_trials_have_the_tables_numbers_and_costs() -> None:
    result = run()
    assert len(result.trials) == 12
    assert result.setting.task.name == "synthetic"
    assert result.setting.task.fingerprint == TABLE.fingerprint
    assert result.setting.space == TABLE.space
    rows = TABLE.lookup(CellBatch.from_cells(trial.cell for trial in result.trials))
    assert len(set(rows.tolist())) == 12
    assert rows.min() >= 0
    assert TABLE.macs is not None
    assert TABLE.params is not None
    for trial, row in zip(result.trials, rows, strict=True):
        assert trial.metrics == {name: column[row] for name, column in TABLE.metrics.items()}
        assert (trial.macs, trial.params) == (TABLE.macs[row], TABLE.params[row])
        assert trial.score == trial.accuracy == TABLE.accuracy[row]


def test_the_tables_own_configuration_is_the_default() -> None:
    config = make_setting(TABLE).config
    assert (config.num_trials, config.mac_penalty) == (150, 0)


def test_limits_and_prices_are_the_tables() -> None:
    assert TABLE.macs is not None
    limit = int(np.quantile(TABLE.macs, 0.3))
    config = dataclasses.replace(CONFIG, max_macs=limit, mac_penalty=0.1)
    result = run(config=config)
    assert all(trial.macs <= limit for trial in result.trials)
    for trial in result.trials:
        assert trial.score is not None
        assert trial.accuracy is not None
        assert trial.score == pytest.approx(trial.accuracy - 0.1 * np.log10(trial.macs / 1e6))
    too_low = dataclasses.replace(CONFIG, max_macs=int(TABLE.macs.min()) - 1)
    with pytest.raises(ValueError, match="max_macs must be met by a cell of the space"):
        run(config=too_low)


def test_a_table_without_costs() -> None:
    bare = CellTable(TABLE.cells, {"accuracy": TABLE.accuracy}, name="bare")
    result = run(bare)
    assert {(trial.macs, trial.params) for trial in result.trials} == {(0, 0)}
    assert "multiply-adds" not in result.summary()
    assert "parameters" not in result.summary()
    half = CellTable(TABLE.cells, {"accuracy": TABLE.accuracy}, params=TABLE.params)
    assert all(trial.params > 0 for trial in run(half).trials)
    for change in ({"max_macs": 10**9}, {"mac_penalty": 0.1}):
        (name,) = change
        with pytest.raises(
            ValueError, match=f"{name} must be .* does not know the macs of its netw"
        ):
            run(half, config=dataclasses.replace(CONFIG, **change))
    with pytest.raises(ValueError, match=r"max_params must be None where .* know the params"):
        run(bare, config=dataclasses.replace(CONFIG, max_params=5))
    assert run(half, config=dataclasses.replace(CONFIG, max_params=10**9)).trials


def test_another_task_may_know_its_costs() -> None:
    class Task:
        """One multiply-add an edge."""

        name = "edges"

        def __call__(self, cell: Cell, context: object) -> float:
            return len(cell.edges) / 100

        def cost(self, cells: CellBatch) -> Any:
            return dataclasses.make_dataclass("Cost", ["macs", "params"])(
                cells.num_edges, cells.sizes.astype(np.int64)
            )

    config = dataclasses.replace(CONFIG, max_macs=7)
    result = run(Task(), space=SearchSpace.preset("small"), config=config)
    for trial in result.trials:
        assert trial.macs == len(trial.cell.edges) <= 7
        assert trial.params == trial.cell.num_nodes
    setting = make_setting(lambda cell, context: 0.5)
    cells = setting.space.sample(3)
    usual, same = network_costs(setting)(cells), cost_of(lambda: 0, setting)(cells)
    assert usual.macs.tolist() == same.macs.tolist()


def test_cells_that_the_table_lacks() -> None:
    space = SearchSpace(num_nodes=3, ops=("conv1x1",), has_output=True, edge_prob=0.5)
    with pytest.raises(ValueError, match="cell must be in the table 'synthetic', got Cell"):
        run(space=SearchSpace(num_nodes=7, ops=("conv3x3",), has_output=True, edge_prob=0.9))
    with pytest.raises(ValueError, match="cell must have operations of the space"):
        run(initial=[(space.sample(1)[0], 0.5), (Cell(("input", "x"), ((0, 1),)), 0.5)])


def test_a_run_folder_goes_on_and_tells_tables_apart(tmp_path: Path) -> None:
    first = run(out=tmp_path / "r")
    again = run(out=tmp_path / "r")
    assert [t.cell for t in again.trials] == [t.cell for t in first.trials]
    loaded = SearchResult.load(tmp_path / "r")
    assert isinstance(loaded.setting.space, ListedSpace)
    assert loaded.setting.space == TABLE.space
    assert loaded.setting.run_id == first.setting.run_id
    with pytest.raises(RuntimeError, match="the 300 listed cells are not in this file"):
        loaded.setting.space.sample(1)
    accuracy = TABLE.accuracy.copy()
    accuracy[0] = 0.5
    other = CellTable(
        TABLE.cells, {"accuracy": accuracy}, macs=TABLE.macs, params=TABLE.params, name="synthetic"
    )
    with pytest.raises(ValueError, match=r"whose run differs .*\n  task\.fingerprint: "):
        run(other, out=tmp_path / "r")
    fewer = CellTable(TABLE.cells[:299], {"accuracy": TABLE.accuracy[:299]}, name="synthetic")
    with pytest.raises(ValueError, match=r"space\.num_cells: 300 -> 299"):
        run(fewer, out=tmp_path / "r")


def test_operations_that_nobody_registered(tmp_path: Path) -> None:
    cells = [
        Cell(("input", *ops, "output"), ((0, 1), (1, 2), (2, 3)))
        for ops in (("a", "b"), ("b", "a"), ("a", "a"), ("b", "b"))
    ]
    table = CellTable(CellBatch.from_cells(cells), {"accuracy": [0.1, 0.2, 0.4, 0.3]})
    result = run(table, out=tmp_path / "r")
    assert result.best is not None
    assert result.best.cell.ops == ("input", "a", "a", "output")
    assert "The space is exhausted: it has 4 different networks" in result.notes[0]
    assert (tmp_path / "r" / "cell.png").exists()
    assert not (tmp_path / "r" / "model.py").exists()


def test_ask_and_tell_with_a_tables_costs() -> None:
    setting = make_setting(TABLE, config=CONFIG)
    loop = Search.of(setting, cost_of(TABLE, setting))
    while cells := loop.ask(4):
        for cell in cells:
            trial = loop.tell(cell, TABLE(cell))
            assert trial.macs == TABLE.cost(CellBatch.from_cells([cell])).macs[0]
    assert len(loop.trials) == 12
    assert loop.result().setting == setting


def test_a_random_baseline_costs_what_the_table_says() -> None:
    result = run(config=dataclasses.replace(CONFIG, random_baseline=True))
    assert result.baseline is not None
    trials = result.baseline.trials
    wanted = TABLE.cost(CellBatch.from_cells(trial.cell for trial in trials))
    assert [trial.macs for trial in trials] == wanted.macs.tolist()
