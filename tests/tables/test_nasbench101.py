"""gemcore.tables.NASBench101: the official records, compact arrays, and what was saved."""

import json
import logging
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gemcore import Cell, CellBatch
from gemcore.tables import CellTable, NASBench101
from gemcore.tables.nasbench101_arrays import OP_NAMES

Trainings = tuple[Path, list[Cell]]
END = (108, 1000, 0.99, 0.9, 0.75)


def compact_arrays(cells: list[Cell]) -> dict[str, Any]:
    """The compact form, written cell by cell from its description."""
    bits = [sum(1 << (k + j * (j - 1) // 2) for k, j in cell.edges) for cell in cells]
    ops = np.full((len(cells), 5), 255, dtype=np.uint8)
    for row, cell in zip(ops, cells, strict=True):
        row[: cell.num_nodes - 2] = [OP_NAMES.index(op) - 1 for op in cell.ops[1:-1]]
    return {
        "n": np.array([cell.num_nodes for cell in cells], dtype=np.uint8),
        "adj_bits": np.array(bits, dtype=np.uint32),
        "ops": ops,
        "test_correct": np.arange(len(cells), dtype=np.uint16) + 7488,
        "params": np.arange(len(cells), dtype=np.uint32) + 10,
        "macs": np.arange(len(cells), dtype=np.uint64) + 100,
    }


def test_official_records(trainings: Trainings, caplog: pytest.LogCaptureFixture) -> None:
    path, cells = trainings
    table = NASBench101(path)
    assert list(table.cells) == cells
    assert table.cells.op_names == OP_NAMES
    assert (table.name, table.epochs, len(table)) == ("nasbench101", 108, 4)
    assert table.accuracy.tolist() == [0.75 + 1 / 64] * 4  # The mean of three.
    runs = table.metrics["accuracy_runs"]
    assert runs.tolist() == [[0.75, 0.75 + 1 / 64, 0.75 + 2 / 64]] * 4
    assert table.metrics["validation_accuracy"].tolist() == [0.9 + 1 / 64] * 4
    assert table.metrics["seconds"].tolist() == [1000, 1001, 1002, 1003]
    assert table.metrics["halfway_seconds"].tolist() == [500, 500.5, 501, 501.5]
    assert table.metrics["halfway_accuracy"].tolist() == [0.375 + 1 / 128] * 4
    assert table.params is not None
    assert table.params.tolist() == [1000] * 4
    assert table.macs is not None
    assert table.macs[0] == 27 * 128 * 1024 + 5120 + 1024 * 3 * 128**2 + 256 * (
        128 * 256 + 2 * 256**2
    ) + 64 * (256 * 512 + 2 * 512**2)
    assert caplog.messages == [f"{path} holds 4 of the 423624 cells."]


def test_epochs_of_the_full_file(tmp_path: Path, official: SimpleNamespace) -> None:
    cell, path = Cell(("input", "output"), ((0, 1),)), tmp_path / "nasbench_full.tfrecord"
    records = [
        official.frame(official.training("ab", cell, (e, 1, 0.5, 0.5, e / 256), epochs=e))
        for e in (4, 12, 36, 108)
    ]
    path.write_bytes(b"".join(records))
    assert NASBench101(path).accuracy.tolist() == [108 / 256]
    assert NASBench101(path, epochs=12).accuracy.tolist() == [12 / 256]
    with pytest.raises(ValueError, match=r"of 13 epochs, got those of 4, 12, 36, 108"):
        NASBench101(path, epochs=13)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"matrix": "0111"}, r"matrix must be 9 digits 0 or 1, got str '0111'"),
        ({"matrix": "01x001000"}, "matrix must be 9 digits 0 or 1"),
        ({"matrix": "010001010"}, "matrix must be upper triangular, got 010001010"),
        ({"matrix": "110001000"}, "matrix must be upper triangular"),
        ({"ops": "input,conv5x5,output"}, "operations must be input, up to 5 known ones"),
        ({"ops": "input,output,output"}, "operations must be input"),
        ({"ops": "conv3x3-bn-relu,input,output"}, "operations must be input"),
        ({"ops": "input"}, "operations must be input"),
        ({"epochs": "108"}, "it must be a list of hash, epochs, matrix, operations and metrics"),
        ({"encoded": "a"}, "its metrics must be in base64"),
        ({"encoded": "CgA="}, "metrics must hold 3 evaluations, got 1"),
        ({"other": 1}, "it must be a list of hash"),
    ],
)
def test_wrong_records_are_named(
    trainings: Trainings, official: SimpleNamespace, change: dict[str, Any], reason: str
) -> None:
    path, cells = trainings
    key, epochs, matrix, ops, encoded = json.loads(official.training("x", cells[1], END))
    fields = {"key": key, "epochs": epochs, "matrix": matrix, "ops": ops, "encoded": encoded}
    record = json.dumps(list((fields | change).values())).encode()
    path.write_bytes(path.read_bytes() + official.frame(record))
    with pytest.raises(ValueError, match=f"tfrecord must hold trainings, got record 12: {reason}"):
        NASBench101(path)


@pytest.mark.parametrize("content", [b"", b"[", b"[1]x", b"\xff", b"[" * 5000, b"null"])
def test_records_that_are_no_list(
    trainings: Trainings, official: SimpleNamespace, content: bytes
) -> None:
    path, _ = trainings
    path.write_bytes(path.read_bytes() + official.frame(content))
    with pytest.raises(ValueError, match="must hold trainings, got record 12: "):
        NASBench101(path)


def test_numbers_that_cannot_be(trainings: Trainings, official: SimpleNamespace) -> None:
    path, cells = trainings
    before = path.read_bytes()
    for wrong in (1.5, -0.1, float("nan")):
        record = official.training("x", cells[0], (108, 1, 0.5, wrong, 0.5))
        path.write_bytes(before + official.frame(record))
        with pytest.raises(ValueError, match=r"got record 12: accuracies must be in 0 \.\. 1"):
            NASBench101(path)


def test_cells_must_be_consistent(trainings: Trainings, official: SimpleNamespace) -> None:
    path, cells = trainings
    before = path.read_bytes()
    path.write_bytes(before + official.frame(official.training("0" * 32, cells[1], END)))
    with pytest.raises(
        ValueError, match=r"record 12: cell '0+' must be the same in all its record"
    ):
        NASBench101(path)
    path.write_bytes(before + official.frame(official.training("0" * 32, cells[0], END)))
    with pytest.raises(ValueError, match="as many trainings of each cell, got 3 to 4: it may be"):
        NASBench101(path)


def test_metrics_with_line_breaks(trainings: Trainings, official: SimpleNamespace) -> None:
    """Base64 as Python's encodebytes breaks it."""
    path, cells = trainings
    record = official.training("x", cells[0], END)
    broken = record[:-20] + rb"\n" + record[-20:]
    path.write_bytes(official.frame(broken))
    assert NASBench101(path).accuracy.tolist() == [0.75]


def test_compact_arrays(tmp_path: Path, trainings: Trainings) -> None:
    _, cells = trainings
    path = tmp_path / "nb101.npz"
    np.savez(path, **compact_arrays(cells))
    table = NASBench101(str(path))
    assert list(table.cells) == cells
    assert table.cells.op_names == OP_NAMES
    assert table.accuracy.tolist() == [(7488 + i) / 9984 for i in range(4)]
    assert table.macs is not None
    assert table.params is not None
    assert table.macs.tolist() == [100, 101, 102, 103]
    assert table.params.tolist() == [10, 11, 12, 13]
    with pytest.raises(ValueError, match="must hold trainings of 4 epochs, got those of 108"):
        NASBench101(path, epochs=4)


@pytest.mark.parametrize(
    ("name", "place", "value", "reason"),
    [
        ("n", (2,), 8, r"n must be in 2 \.\. 7, got other in row 2"),
        ("n", (3,), 1, r"n must be in 2 \.\. 7, got other in row 3"),
        ("adj_bits", (1,), 1 << 3, "adj_bits must join nodes below n, got other in row 1"),
        ("ops", (2, 0), 3, r"ops must be 0 \.\. 2, and 255 beyond the inner nodes, .* row 2"),
        ("ops", (0, 0), 0, r"ops must be 0 \.\. 2, and 255 beyond the inner nodes, .* row 0"),
        ("test_correct", (1,), 9985, r"test_correct must be in 0 \.\. 9984, got other in row 1"),
    ],
)
def test_wrong_compact_arrays(
    tmp_path: Path,
    trainings: Trainings,
    name: str,
    place: tuple[int, ...],
    value: int,
    reason: str,
) -> None:
    path = tmp_path / "nb101.npz"
    arrays = compact_arrays(trainings[1])
    arrays[name][place] = value
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=rf"nb101\.npz: {reason}"):
        NASBench101(path)


def test_missing_arrays_and_shapes(tmp_path: Path, trainings: Trainings) -> None:
    path = tmp_path / "nb101.npz"
    arrays = compact_arrays(trainings[1])
    np.savez(path, **{name: arrays[name] for name in arrays if name != "macs"})
    with pytest.raises(ValueError, match=r"must hold the arrays n, .*, got none for macs"):
        NASBench101(path)
    for wrong in (arrays["macs"][:-1], arrays["macs"].astype(float), arrays["macs"][:, None]):
        np.savez(path, **(arrays | {"macs": wrong}))
        with pytest.raises(ValueError, match=r"must hold integers of shape \[4\] as 'macs', got"):
            NASBench101(path)
    np.savez(path, other=np.zeros(3))
    with pytest.raises(ValueError, match="must hold the arrays of NAS-Bench-101, got other"):
        NASBench101(path)


def test_what_is_no_table_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for content in (b"", b"a", b"PK", b"a text that is long enough for a header"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"x must be a TFRecord file or an \.npz archive"):
            NASBench101(path)
    with pytest.raises(FileNotFoundError):
        NASBench101(tmp_path / "missing")
    with pytest.raises(TypeError, match="path must be of type str or PathLike, got int 3"):
        NASBench101(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="epochs must be >= 1, got 0"):
        NASBench101(path, epochs=0)


def test_saved_tables_are_read_again(trainings: Trainings, tmp_path: Path) -> None:
    table = NASBench101(trainings[0])
    saved = tmp_path / "saved.npz"
    table.save(saved)
    again = NASBench101(saved)
    assert again.fingerprint == table.fingerprint
    assert again.cells == table.cells
    assert (again.name, again.epochs) == ("nasbench101", 108)
    assert CellTable.read(saved).fingerprint == table.fingerprint
    with pytest.raises(ValueError, match="must hold trainings of 36 epochs, got those of 108"):
        NASBench101(saved, epochs=36)
    CellTable(table.cells, {"accuracy": table.accuracy}, name="mine").save(saved)
    with pytest.raises(ValueError, match="must be a table of 'nasbench101', got one of 'mine'"):
        NASBench101(saved)


def test_damaged_records(
    trainings: Trainings, official: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    path, cells = trainings
    wanted = NASBench101(path).fingerprint
    whole = path.read_bytes()
    ends = [match.end() for match in re.finditer(rb'="\]....', whole, re.DOTALL)]
    for content in [*official.damage(whole, 150), *(whole[:end] for end in ends)]:
        path.write_bytes(content)
        caplog.clear()
        table = official.read_or_refuse(NASBench101, path)
        if table is None:
            continue
        # What was cut between two cells' last records is whole as far as it goes, and says so.
        assert table.fingerprint == wanted or caplog.records[0].levelno == logging.WARNING
        assert list(table.cells) == cells[: len(table)]


@pytest.mark.parametrize("form", ["compact", "saved"])
def test_damaged_arrays(
    trainings: Trainings, tmp_path: Path, official: SimpleNamespace, form: str
) -> None:
    path = tmp_path / "t.npz"
    if form == "compact":
        np.savez_compressed(path, **compact_arrays(trainings[1]))
    else:
        NASBench101(trainings[0]).save(path)
    wanted = NASBench101(path)
    refused = 0
    for content in official.damage(path.read_bytes(), 300, seed=1):
        path.write_bytes(content)
        table = official.read_or_refuse(NASBench101, path)
        refused += table is None
        assert table is None or table.fingerprint == wanted.fingerprint
    assert refused > 400


def test_every_node_of_a_cell_counts(trainings: Trainings) -> None:
    table = NASBench101(trainings[0])
    (row,) = table.lookup(CellBatch.from_cells([trainings[1][3]]))
    assert row == 3
    other = Cell(trainings[1][3].ops, trainings[1][3].edges[:-1])
    assert table.lookup(CellBatch.from_cells([other])).tolist() == [-1]
