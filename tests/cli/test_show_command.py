"""``gemcore show``: cells of files and of runs, as text and as pictures."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gemcore.cell import Cell
from gemcore.cli import main
from gemcore.searching import SearchResult

Refuses = Callable[..., str]

CELL = Cell(("input", "conv1x1", "conv1x1", "sepconv3x3"), ((0, 1), (0, 3), (1, 3)))
TEXT = """\
4 nodes (1 input, 2 conv1x1, 1 sepconv3x3), 3 edges:
  0 input
  1 conv1x1 <- 0
  2 conv1x1
  3 sepconv3x3 <- 0, 1
"""


@pytest.fixture
def cell_file(tmp_path: Path) -> Path:
    path = tmp_path / "cell.json"
    path.write_text(CELL.to_json())
    return path


def test_a_cell_in_a_file_as_text(cell_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(cell_file)]) == 0
    assert capsys.readouterr().out == TEXT


def test_a_cell_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(CELL.to_json() + "\n"))
    assert main(["show", "-"]) == 0
    assert capsys.readouterr().out == TEXT


@pytest.mark.parametrize(("suffix", "head"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
def test_a_picture(
    cell_file: Path, capsys: pytest.CaptureFixture[str], suffix: str, head: bytes
) -> None:
    picture = cell_file.with_suffix(suffix)
    assert main(["show", str(cell_file), "--out", str(picture)]) == 0
    assert picture.read_bytes().startswith(head)
    assert capsys.readouterr().out == f"Written to {picture}\n"


def test_the_best_cell_of_a_run(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    best = SearchResult.load(run_folder).best
    assert best is not None
    assert main(["show", str(run_folder)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Trial {best.index}, the best: complete\n  score {best.score:.4f}\n")
    assert f"  {best.macs:,} multiply-adds\n  {best.params:,} parameters\n" in shown
    assert f"{best.cell.num_nodes} nodes (1 input, " in shown


def test_any_trial_of_a_run(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = SearchResult.load(run_folder)
    for trial in result.trials:
        assert main(["show", str(run_folder), "--trial", str(trial.index)]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith(f"Trial {trial.index}")
        assert (", the best" in shown) == (trial is result.best)
        assert "multiply-adds" in shown
        assert f"{len(trial.cell.edges)} edges:" in shown


def test_what_fails(run_folder: Path, cell_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(*words: str) -> str:
        assert main(["show", *words]) == 1
        return capsys.readouterr().err

    assert fails(str(run_folder), "--trial", "3") == (
        "gemcore: trial must be one of the run's, 0 .. 2, got 3\n"
    )
    missing = str(cell_file) + "x"
    assert fails(missing) == f"gemcore: No such file or directory: {missing!r}\n"
    cell_file.write_text("{}")
    assert f"gemcore: {cell_file} must hold a cell in JSON: text must be an obj" in fails(
        str(cell_file)
    )
    cell_file.write_bytes(b"\xff\xfe")
    assert f"{cell_file} must hold a cell in JSON" in fails(str(cell_file))
    assert fails(str(cell_file.parent)).startswith("gemcore: no run in ")


def test_wrong_usage(refuses: Refuses, cell_file: Path) -> None:
    said = refuses("show", str(cell_file), "--out", "cell.gif")
    assert "--out must end in .png, .svg or .pdf, got cell.gif" in said
    said = refuses("show", str(cell_file), "--trial", "1")
    assert "--trial goes with the folder of a run" in said


def test_a_closed_pipe_is_no_failure(tmp_path: Path) -> None:
    """Faults of old: a traceback, or ``gemcore: [Errno 32] Broken pipe``, after ``| head -1``."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "gemcore", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
        )
        for words in (["show", "-"], ["search", "--help"])
    ]
    for process in processes:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(CELL.to_json().encode())
        process.stdin.close()
    for process in processes:
        assert process.stderr is not None
        with process.stderr as said:
            assert said.read() == b""
        assert process.wait(timeout=60) == 0
