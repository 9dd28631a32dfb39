"""Every experiment in its quick form, twice: the same numbers."""

import csv
import importlib
import re
import shlex
from pathlib import Path

import pytest

from harness.experiment import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "experiments.md"
COMMANDS = re.findall(r"^python experiments/(\w+)\.py(.*)$", PAGE.read_text(), re.MULTILINE)
# Here; all of them in `.ci/run`.
FEWER = {
    "kendall_tau": ["--methods", "fast", "paper"],
    "fig5_bias": ["--methods", "fast", "adjacency"],
    "query_curves": ["--searches", "gemcore", "local_search", "evolution", "bananas"],
}
CLOCKS = {"seconds", "time", "date", "commit"}


def numbers(folder: Path) -> dict[str, list[dict[str, str]]]:
    """All tables of a folder without their clock columns."""
    found = {}
    for path in sorted(folder.rglob("*.csv")):
        with open(path, newline="") as stream:
            rows = list(csv.DictReader(stream))
        found[path.name] = [{k: v for k, v in row.items() if k not in CLOCKS} for row in rows]
    return found


def test_every_script_stands_on_the_page() -> None:
    scripts = {path.stem for path in (ROOT / "experiments").glob("*.py")}
    assert {name for name, _ in COMMANDS} == scripts


@pytest.mark.slow
@pytest.mark.parametrize(("name", "words"), COMMANDS)
def test_two_quick_runs_give_the_same_numbers(
    name: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = PAGE.read_bytes()
    experiment = importlib.import_module(name).EXPERIMENT
    monkeypatch.chdir(tmp_path)  # No table lies beside it.
    for out in ("one", "two"):
        args = [*shlex.split(words), *FEWER.get(name, []), "--quick", "--jobs", "1", "--out", out]
        monkeypatch.setattr("sys.argv", [f"{name}.py", *args])
        main(experiment, None)
    said = capsys.readouterr().out
    assert said.count("Table: synthetic") == 2 * (name != "fig6_similarity")
    tables = numbers(tmp_path / "one")
    assert "rows.csv" in tables
    assert all(tables.values()), "a table without rows"
    assert tables == numbers(tmp_path / "two")
    figures = sorted((tmp_path / "one").rglob("*.svg"))
    assert figures
    for path in figures:
        twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == twin.read_bytes()
        assert path.with_suffix(".png").stat().st_size > 5000
    assert PAGE.read_bytes() == page
