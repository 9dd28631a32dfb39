"""gemcore.tables.CellTable: numbers of cells, found by the cells."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gemcore import Cell, CellBatch, EvaluationContext, ListedSpace, graph_hash, perturb, prune
from gemcore.tables import CellTable
from gemcore.tables.array_files import read_arrays, write_arrays


@pytest.fixture
def table(cells: CellBatch) -> CellTable:
    number = len(cells)
    metrics = {
        "accuracy": np.arange(number) / number,
        "loss": np.where(np.arange(number) == 3, np.nan, 2.0),
        "accuracy_runs": np.zeros((number, 3)),
    }
    return CellTable(cells, metrics, macs=np.arange(number) + 5, params=[7] * number, name="mine")


def test_what_it_holds(table: CellTable, cells: CellBatch) -> None:
    assert len(table) == len(cells) == 20
    assert table.cells == cells
    assert table.accuracy.tolist() == (np.arange(20) / 20).tolist()
    assert table.accuracy.dtype == np.float64
    assert list(table.metrics) == ["accuracy", "loss", "accuracy_runs"]
    assert table.macs is not None
    assert table.macs.dtype == np.int64
    assert table.known_costs == {"macs", "params"}
    assert repr(table) == "CellTable('mine': 20 cells, accuracy, loss, accuracy_runs)"
    assert table.space == ListedSpace(cells)
    assert (table.config["num_trials"], table.config["mac_penalty"]) == (150, 0)


def test_it_cannot_be_changed(table: CellTable) -> None:
    assert table.macs is not None
    for array in (table.accuracy, table.macs, table.metrics["loss"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError, match="item assignment"):
        table.metrics["loss"] = np.zeros(20)  # type: ignore[index]


def test_lookup_in_any_numbering(table: CellTable) -> None:
    again = perturb(table.cells, 0, seed=1, renumber=True)[::-1]
    assert table.lookup(again).tolist() == list(range(20))[::-1]
    assert table.lookup(again[:0]).tolist() == []
    with pytest.raises(TypeError, match="cells must be of type CellBatch, got Cell"):
        table.lookup(table.cells[0])  # type: ignore[arg-type]


def test_tuning_is_a_third_by_hash(cells: CellBatch) -> None:
    table = CellTable(cells, {"accuracy": np.zeros(len(cells))})
    hashes = graph_hash(prune(cells, to_output=True)).tolist()
    assert table.tuning.tolist() == [value % 3 == 0 for value in hashes]
    renumbered = perturb(cells, 0, seed=1, renumber=True)
    again = CellTable(renumbered, {"accuracy": np.zeros(len(cells))})
    assert again.tuning.tolist() == table.tuning.tolist()


def test_the_tuning_third_never_changes() -> None:
    """Frozen: what is tuned on one part must never be reported on it."""
    chains = [
        Cell(
            ("input", *["conv3x3"] * length, "output"), tuple((i, i + 1) for i in range(length + 1))
        )
        for length in range(1, 13)
    ]
    table = CellTable(CellBatch.from_cells(chains), {"accuracy": np.zeros(12)})
    assert "".join(map(str, table.tuning.astype(int))) == "100001000001"


def test_as_a_task(table: CellTable) -> None:
    context: EvaluationContext | None = None
    assert table(table.cells[2], context) == {"accuracy": 0.1, "loss": 2.0}
    assert table(table.cells[3]) == {"accuracy": 0.15}  # NaN is no number.
    stranger = Cell(("input", "conv9x9", "output"), ((0, 1), (1, 2)))
    with pytest.raises(ValueError, match="cell must be in the table 'mine', got Cell"):
        table(stranger)


def test_costs(table: CellTable, cells: CellBatch) -> None:
    cost = table.cost(cells[[4, 2]])
    assert cost.macs.tolist() == [9, 7]
    assert cost.params.tolist() == [7, 7]
    bare = CellTable(cells, {"accuracy": np.zeros(20)}, params=np.arange(20))
    assert bare.known_costs == {"params"}
    assert bare.macs is None
    assert bare.cost(cells[[4, 2]]).macs.tolist() == [0, 0]
    assert bare.cost(cells[[4, 2]]).params.tolist() == [4, 2]
    with pytest.raises(ValueError, match="cell must be in the table"):
        table.cost(CellBatch.from_cells([cells[1], Cell(("input", "x"), ((0, 1),))]))


def test_fingerprints_tell_tables_apart(table: CellTable, cells: CellBatch) -> None:
    metrics = dict(table.metrics)
    same: dict[str, Any] = {"macs": table.macs, "params": table.params}
    assert CellTable(cells, metrics, **same, name="other").fingerprint == table.fingerprint
    changed = [
        CellTable(cells, metrics, macs=table.macs),
        CellTable(cells, metrics | {"loss": np.ones(20)}, **same),
        CellTable(cells, {"accuracy": table.accuracy}, **same),
        CellTable(cells[::-1], metrics, **same),
        CellTable(cells, metrics, macs=table.params, params=table.macs),
    ]
    assert len({table.fingerprint, *(other.fingerprint for other in changed)}) == 6


@pytest.mark.parametrize(
    ("metrics", "costs", "reason"),
    [
        ({}, {}, "metrics must hold 'accuracy', got none"),
        ({"loss": [0.0] * 20}, {}, "metrics must hold 'accuracy', got loss"),
        ({"accuracy": [0.0] * 19}, {}, "metrics['accuracy'] must have shape [20] or [20, runs]"),
        ({"accuracy": [[0.0]] * 20}, {}, "metrics['accuracy'] must have one axis, got 2"),
        ({"accuracy": [0.0] * 19 + [1.5]}, {}, "must be fractions in 0 .. 1, got 1.5 in row 19"),
        ({"accuracy": [np.nan] * 20}, {}, "must be fractions in 0 .. 1, got nan in row 0"),
        ({"accuracy": [0.0] * 20}, {"macs": [1] * 19}, "macs must have shape [20], got [19]"),
        ({"accuracy": [0.0] * 20}, {"params": [-1] * 20}, "params must be >= 0, got -1"),
    ],
)
def test_wrong_values(
    cells: CellBatch, metrics: dict[str, Any], costs: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        CellTable(cells, metrics, **costs)


def test_wrong_kinds(cells: CellBatch) -> None:
    accuracy = {"accuracy": [0.0] * 20}
    with pytest.raises(TypeError, match="metrics must be of type Mapping, got list"):
        CellTable(cells, [0.0] * 20)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"metrics\['name'\] must be real numbers, got <U1"):
        CellTable(cells, accuracy | {"name": ["a"] * 20})
    with pytest.raises(TypeError, match="macs must be integers, got float64"):
        CellTable(cells, accuracy, macs=[0.5] * 20)
    with pytest.raises(TypeError, match="name must be of type str, got int 3"):
        CellTable(cells, accuracy, name=3)  # type: ignore[arg-type]


def test_inputs_must_come_first() -> None:
    wrong = [
        Cell(("conv1x1", "input"), ((0, 1),)),
        Cell(("input", "input"), ((0, 1),)),
    ]
    for cell in wrong:
        cells = CellBatch.from_cells([Cell(("input", "conv1x1"), ((0, 1),)), cell])
        with pytest.raises(
            ValueError, match=r"'input' at node 0 and nowhere else, got .* in row 1"
        ):
            CellTable(cells, {"accuracy": [0, 0]})


@pytest.mark.parametrize("num_nodes", [7, 9, 70])
def test_saved_and_read(table: CellTable, tmp_path: Path, num_nodes: int) -> None:
    wide = CellTable(
        table.cells.widen(num_nodes), table.metrics, params=table.params, facts={"x": [1, "a"]}
    )
    wide.save(tmp_path / "t.npz")
    again = CellTable.read(tmp_path / "t.npz")
    assert again.cells == wide.cells
    assert again.fingerprint == wide.fingerprint
    assert (again.name, dict(again.facts)) == ("table", {"x": [1, "a"]})
    assert again.known_costs == {"params"}
    assert CellTable.read(str(tmp_path / "t.npz"), name="b").name == "b"


def test_files_of_others_and_newer_ones(table: CellTable, tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    np.savez(path, a=np.zeros(3))
    with pytest.raises(ValueError, match=r"t\.npz must be a table that gemcore wrote, got another"):
        CellTable.read(path)
    table.save(path)
    arrays = read_arrays(path)
    about = arrays["about"].tobytes()
    newer = about.replace(b'"version": 1', b'"version": 2')
    write_arrays(path, arrays | {"about": np.frombuffer(newer, dtype=np.uint8)})
    with pytest.raises(ValueError, match=r"must have version 1 \(a newer one needs a newer gemcor"):
        CellTable.read(path)
    write_arrays(path, {name: arrays[name] for name in arrays if name != "metric.loss"})
    with pytest.raises(ValueError, match=r"the arrays it lists, got none for metric\.loss"):
        CellTable.read(path)
    write_arrays(path, arrays | {"sizes": arrays["sizes"] * 0})
    with pytest.raises(ValueError, match=r"t\.npz must hold a table: sizes must be in 1 \.\. 7"):
        CellTable.read(path)
    write_arrays(path, arrays | {"adjacency": arrays["adjacency"].astype(float)})
    with pytest.raises(ValueError, match="must hold a table: adjacency must be unsigned, got floa"):
        CellTable.read(path)
    write_arrays(path, arrays | {"metric.accuracy": arrays["metric.accuracy"] + 2})
    with pytest.raises(ValueError, match=r"t\.npz: metrics\['accuracy'\] must be fractions"):
        CellTable.read(path)


def test_damaged_files(table: CellTable, tmp_path: Path, official: SimpleNamespace) -> None:
    path = tmp_path / "t.npz"
    table.save(path)
    refused = 0
    for content in official.damage(path.read_bytes(), 200, seed=2):
        path.write_bytes(content)
        found = official.read_or_refuse(CellTable.read, path)
        refused += found is None
        assert found is None or found.fingerprint == table.fingerprint
    assert refused > 300
