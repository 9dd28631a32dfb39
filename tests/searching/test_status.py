"""How far a run is, while it works and afterwards."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gemcore.searching.result import SearchResult
from gemcore.searching.status import read_status

MakeTask = Callable[..., Any]  # (at, act) -> a task that does something else at a call.
Run = Callable[..., SearchResult]  # (task, out, **settings)


def test_status_tells_how_far_a_run_is(tmp_path: Path, counter: MakeTask, run: Run) -> None:
    out, seen = tmp_path / "run", []

    def look() -> None:
        seen.append(read_status(out))

    run(counter(6, look), out)
    status = seen[0]
    assert (status.state, status.phase, len(status.trials)) == ("running", "candidates", 5)
    assert status.best is not None
    assert status.seconds_left is not None
    shown = status.describe().splitlines()
    assert shown[0] == f"Run of 'counter' in {out}"
    assert any(line.startswith("trials     5 of 8 (5 complete)") for line in shown)
    assert any(line.startswith("time left  about ") for line in shown)
    assert all(len(line) < 80 for line in shown[1:])
    status = read_status(out)
    assert (status.state, len(status.trials), status.seconds_left) == ("complete", 8, None)


def test_status_of_an_interrupted_run_says_how_to_go_on(interrupted: Path) -> None:
    status = read_status(interrupted)
    assert (status.state, len(status.trials)) == ("interrupted", 4)
    assert "to go on   give the same command again" in status.describe()


def test_status_of_a_killed_run_reads_its_store(interrupted: Path) -> None:
    path = interrupted / "result.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"status": "running", "trials": []}))
    status = read_status(interrupted)
    assert (status.state, len(status.trials)) == ("stopped", 4)
    assert len(SearchResult.load(interrupted).trials) == 4


def test_status_where_there_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no run in .*: it has no config\.toml"):
        read_status(tmp_path)
