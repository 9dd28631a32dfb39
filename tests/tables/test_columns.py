"""gemcore.tables.CellTable.read: CSV, Parquet, and what is no cell there."""

import builtins
import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gemcore import Cell, CellBatch
from gemcore.tables import CellTable, columns
from gemcore.tables.columns import read_columns

FORK = Cell(("input", "conv1x1", "pool", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
CHAIN = Cell(("input", "pool", "output"), ((0, 1), (1, 2)))
DIGITS = ["0110000100010000", "010001000"]
NESTED = [FORK.to_dense().tolist(), CHAIN.to_dense().tolist()]


def write_csv(path: Path, head: Sequence[str], *rows: Sequence[Any]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
    return path


@pytest.mark.parametrize("adjacency", [DIGITS, [json.dumps(matrix) for matrix in NESTED]])
@pytest.mark.parametrize("as_json", [False, True])
def test_csv(tmp_path: Path, adjacency: list[str], as_json: bool) -> None:
    ops = [json.dumps(c.ops) if as_json else ", ".join(c.ops) for c in (FORK, CHAIN)]
    head = ("name", "adjacency", "ops", "accuracy", "macs", "loss")
    rows = [
        (name, matrix, op, accuracy, macs, loss)
        for name, matrix, op, accuracy, macs, loss in zip(
            "ab", adjacency, ops, (0.5, 1), (3e6, 12), (0.25, ""), strict=True
        )
    ]
    table = CellTable.read(write_csv(tmp_path / "mine.csv", head, *rows))
    assert list(table.cells) == [FORK, CHAIN]
    assert table.cells.op_names == ("input", "conv1x1", "pool", "output")
    assert table.name == "mine"
    assert list(table.metrics) == ["accuracy", "loss"]
    assert table.accuracy.tolist() == [0.5, 1]
    np.testing.assert_array_equal(table.metrics["loss"], [0.25, np.nan])
    assert table.macs is not None
    assert table.macs.tolist() == [3_000_000, 12]
    assert table.params is None


@pytest.mark.parametrize("chunk", [1, 2, 1024])
def test_any_numbering_and_many_rows(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(columns, "CHUNK", chunk)
    turned = [[0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]]  # 0 -> 3 -> 1 -> 2.
    found = read_columns(
        {
            "adjacency": [NESTED[1], turned, DIGITS[0]],
            "ops": [list(CHAIN.ops), ("input", "b", "output", "a"), list(FORK.ops)],
            "test": [0.1, 0.2, 0.3],
            "accuracy": ["high", "low", ""],
        },
        accuracy="test",
    )
    straight = Cell(("input", "a", "b", "output"), ((0, 1), (1, 2), (2, 3)))
    assert list(found["cells"]) == [CHAIN, straight, FORK]
    assert found["cells"].op_names == ("input", "a", "b", "conv1x1", "pool", "output")
    assert found["metrics"] == {"accuracy": [0.1, 0.2, 0.3]}


def test_equal_to_a_table_made_of_arrays(tmp_path: Path, cells: CellBatch) -> None:
    rows = [
        ("".join(map(str, cell.to_dense().ravel())), ",".join(cell.ops), i / 20)
        for i, cell in enumerate(cells)
    ]
    path = write_csv(tmp_path / "t.csv", ("adjacency", "ops", "accuracy"), *rows)
    made = CellTable(cells, {"accuracy": np.arange(20) / 20})
    read = CellTable.read(path)
    assert read.lookup(cells).tolist() == list(range(20))
    assert read.accuracy.tolist() == made.accuracy.tolist()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"adjacency": "0110"}, "row 1: adjacency must be a nested list or 9 digits 0 or 1 for 3"),
        ({"adjacency": "010001002"}, "row 1: adjacency must be a nested list or 9 digits 0 or 1"),
        ({"adjacency": ""}, "row 1: adjacency must be a nested list or 9 digits"),
        ({"adjacency": "[[0, 1"}, "row 1: adjacency must be JSON where it begins with '['"),
        ({"adjacency": "[" * 5000}, "row 1: "),
        ({"adjacency": "[[0,1,0],[0,0,1]]"}, "row 1: adjacency must be 3 lists of 3 for 3 ops"),
        ({"adjacency": "[[0,1,0],[0,0,2],[0,0,0]]"}, "row 1: adjacency must hold 0 and 1 alone"),
        ({"adjacency": "[1, 2, 3]"}, "row 1: adjacency must be a list or a text, got int 1"),
        ({"adjacency": "010001100"}, "row 1: edges must not close a cycle"),
        ({"adjacency": "110001000"}, "row 1: edges must not be self loops, got (0, 0)"),
        ({"adjacency": 3.5}, "row 1: adjacency must be a nested list or 9 digits"),
        ({"ops": ""}, "row 1: ops must be names, got list ['']"),
        ({"ops": "input,,output"}, "row 1: ops must be names"),
        ({"ops": "[1, 2, 3]"}, "row 1: ops must be names, got list [1, 2, 3]"),
        ({"ops": "pool,pool,output"}, "at node 0 and nowhere else, got Cell"),
        ({"accuracy": "good"}, "row 1: accuracy must be a number, got str 'good'"),
        ({"accuracy": "80"}, "metrics['accuracy'] must be fractions in 0 .. 1, got 80 in row 1"),
        ({"accuracy": ""}, "metrics['accuracy'] must be fractions in 0 .. 1, got nan in row 1"),
        ({"macs": "1.5"}, "row 1: macs must be a whole number, got 1.5"),
        ({"macs": ""}, "row 1: macs must be a whole number, got nan"),
        ({"macs": "many"}, "row 1: macs must be a number, got str 'many'"),
        ({"macs": "-3"}, "macs must be >= 0, got -3"),
    ],
)
def test_wrong_rows_are_named(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    good = {"adjacency": DIGITS[1], "ops": ",".join(CHAIN.ops), "accuracy": "0.5", "macs": "7"}
    path = write_csv(
        tmp_path / "t.csv", list(good), list(good.values()), list((good | change).values())
    )
    with pytest.raises(ValueError, match=re.escape(reason)) as error:
        CellTable.read(path)
    assert str(error.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "must have a line that names the columns, got an empty file"),
        (b"adjacency,ops,accuracy\n", "columns must hold at least one row, got none"),
        (b"adjacency,ops\n0,input\n", "columns must hold 'accuracy', got adjacency, ops"),
        (b"a,a\n1,2\n", "must name each column once, got 'a' twice"),
        (b"a,b\n1,2\n\n1\n", "damaged line near 4: got 1 fields for the 2 columns"),
        (b'a,b\n1,"2\n', "damaged line near 2: unexpected end of data"),
        (b"a,b\n1,\xff\n", "must be a CSV file in UTF-8, got a damaged line near"),
        (b"a,b\n1," + b"2" * 200_000, "field larger than field limit"),
    ],
)
def test_damaged_csv(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(reason)) as error:
        CellTable.read(path)
    assert str(error.value).startswith(str(path))


def test_a_mark_of_the_byte_order_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('\ufeffadjacency,ops,accuracy\n010001000,"input,pool,output",.5\n')
    assert CellTable.read(path).accuracy.tolist() == [0.5]


def test_other_names_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"path must end in \.csv, \.parquet or \.npz, got '.*txt'"
    ):
        CellTable.read(tmp_path / "t.txt")
    for name in ("t.csv", "t.npz"):
        with pytest.raises(FileNotFoundError):
            CellTable.read(tmp_path / name)
    with pytest.raises(TypeError, match="path must be of type str or PathLike, got NoneType"):
        CellTable.read(None)  # type: ignore[arg-type]


def test_damage_is_refused_or_another_table(tmp_path: Path, official: SimpleNamespace) -> None:
    """CSV has no checksums: what is read must be a table at least."""
    path = write_csv(
        tmp_path / "t.csv",
        ("adjacency", "ops", "accuracy"),
        (DIGITS[0], ",".join(FORK.ops), 0.5),
        (json.dumps(NESTED[1]), json.dumps(CHAIN.ops), 0.75),
    )
    for content in official.damage(path.read_bytes(), 300):
        path.write_bytes(content)
        table = official.read_or_refuse(CellTable.read, path)
        assert table is None or len(table) in (1, 2)


def write_parquet(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table(columns), path, **options)
    return path


@pytest.mark.parametrize("adjacency", [DIGITS, NESTED])
def test_parquet(tmp_path: Path, adjacency: list[Any]) -> None:
    contents = {
        "adjacency": adjacency,
        "ops": [list(FORK.ops), list(CHAIN.ops)],
        "accuracy": [0.5, 0.75],
        "params": [7, 8],
        "loss": [None, 0.5],
        "note": ["x", None],
    }
    table = CellTable.read(write_parquet(tmp_path / "t.parquet", contents))
    assert list(table.cells) == [FORK, CHAIN]
    assert table.params is not None
    assert table.params.tolist() == [7, 8]
    assert list(table.metrics) == ["accuracy", "loss"]
    np.testing.assert_array_equal(table.metrics["loss"], [np.nan, 0.5])


def test_damaged_parquet(tmp_path: Path, official: SimpleNamespace) -> None:
    contents: dict[str, Any] = {
        "adjacency": DIGITS,
        "ops": [",".join(c.ops) for c in (FORK, CHAIN)],
    }
    contents["accuracy"] = [0.5, 0.75]
    path = write_parquet(tmp_path / "t.parquet", contents, write_page_checksum=True)
    refused = 0
    for content in official.damage(path.read_bytes(), 100):
        path.write_bytes(content)
        table = official.read_or_refuse(CellTable.read, path)
        refused += table is None
        assert table is None or len(table) in (1, 2)
    assert refused > 100


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "pyarrow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    wanted = r"Parquet files are read by pyarrow, .*: pip install 'gemcore\[parquet\]'"
    with pytest.raises(RuntimeError, match=wanted):
        CellTable.read(tmp_path / "t.parquet")
