"""A killed search goes on where it was: nothing is lost or repeated, the same bits come out."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gemcore.atomic_files import read_tensors

pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).with_name("killed_search.py")
CHOSEN, TIMED = 27, 4  # Moments of killed_search.py.


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """The folders of all runs, and what is told of each attempt."""
    if not hasattr(os, "fork"):
        pytest.skip("needs processes that fork")
    folder = tmp_path_factory.mktemp("runs")
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    attempts = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(attempts) == 1 + CHOSEN + 1 + TIMED + 1, done.stderr
    return folder, attempts


def test_each_moment_was_met_and_the_last_run_ended(
    killed: tuple[Path, list[dict[str, Any]]],
) -> None:
    _, attempts = killed
    for attempt in attempts[1 : 1 + CHOSEN]:
        assert attempt["killed"], attempt["moment"]
    assert all(attempts[place]["status"] == 0 for place in (0, CHOSEN + 1, -1))


def test_no_finished_trial_is_lost_or_repeated(killed: tuple[Path, list[dict[str, Any]]]) -> None:
    _, attempts = killed
    for attempt in attempts:
        assert set(attempt["before"]) <= set(attempt["after"])
        again = [cell for cell in attempt["evaluated"] if cell in attempt["before"]]
        assert not again, attempt["moment"]
    whole, last = attempts[0], attempts[CHOSEN + 1]
    assert last["after"] == whole["after"]
    assert len(set(whole["after"])) == len(whole["after"]) == 10 + 2 * 2


@pytest.mark.parametrize("name", ["killed", "timed"])
def test_the_result_equals_that_of_an_undisturbed_run(
    killed: tuple[Path, list[dict[str, Any]]], name: str
) -> None:
    folder, _ = killed
    assert numbers(folder / name) == numbers(folder / "whole")
    for path in sorted((folder / "whole").rglob("*.safetensors")):
        wanted = read_tensors(path)
        found = read_tensors(folder / name / path.relative_to(folder / "whole"))
        assert found.keys() == wanted.keys()
        for key, tensor in wanted.items():
            assert np.array_equal(found[key].numpy(), tensor.numpy()), (path.name, key)
    for text in ("model.py", "classes.json", "config.toml", "cell.svg", "README.md"):
        assert (folder / name / text).read_bytes() == (folder / "whole" / text).read_bytes()


@pytest.mark.parametrize("name", ["killed", "timed"])
def test_no_temporary_file_is_left(killed: tuple[Path, list[dict[str, Any]]], name: str) -> None:
    folder, _ = killed
    assert listing(folder / name) == listing(folder / "whole")
    assert not [path for path in listing(folder / "whole") if path.startswith(".")]


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def numbers(folder: Path) -> Any:
    """What ``result.json`` says, but for times."""

    def without_times(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: without_times(v) for k, v in value.items() if k != "seconds"}
        return [without_times(item) for item in value] if isinstance(value, list) else value

    return without_times(json.loads((folder / "result.json").read_text()))
