"""Every experiment, run as its page says with --quick behind: twice the same numbers."""

import csv
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "experiments.md").read_text()
COMMANDS = re.findall(r"^python (experiments/\w+\.py.*)$", PAGE, re.MULTILINE)
CLOCKS = {"seconds", "time", "date", "commit"}


def run_quick(command: str, out: Path, *more: str) -> str:
    # --table: where nothing is, whatever lies beside this folder.
    words = [*shlex.split(command), "--table", str(out / "none.npz")]
    if "fig6" in command:
        words = words[:-2]
    done = subprocess.run(
        [sys.executable, *words, "--quick", "--out", str(out), *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers(folder: Path) -> dict[str, list[dict[str, str]]]:
    """All tables of a folder without their clock columns."""
    found = {}
    for path in sorted(folder.rglob("*.csv")):
        with open(path, newline="") as stream:
            rows = list(csv.DictReader(stream))
        found[path.name] = [{k: v for k, v in row.items() if k not in CLOCKS} for row in rows]
    return found


def test_every_script_stands_on_the_page() -> None:
    scripts = {f"experiments/{path.name}" for path in (ROOT / "experiments").glob("*.py")}
    assert {command.split()[0] for command in COMMANDS} == scripts


@pytest.mark.parametrize("command", COMMANDS)
def test_two_runs_give_the_same_numbers_whatever_the_processes(
    command: str, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    said = run_quick(command, one, "--jobs", "1")
    run_quick(command, two, "--jobs", "2")
    assert "fig6" in command or "Table: synthetic" in said
    tables = numbers(one)
    assert all(tables.values()), "a table without rows"
    assert "rows.csv" in tables
    assert tables == numbers(two)
    figures = [path.relative_to(one) for path in one.rglob("*.svg")]
    assert figures
    for path in figures:
        assert (one / path).read_bytes() == (two / path).read_bytes()
        assert (one / path).with_suffix(".png").stat().st_size > 5000
    assert (ROOT / "docs" / "experiments.md").read_text() == PAGE
