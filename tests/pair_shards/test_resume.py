"""Killed writing goes on: the bytes of an undisturbed run, and no temporary file."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("killed_writing.py")
CHOSEN, GROWING, TIMED = 9, 4, 12  # Moments of killed_writing.py.


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """The folders of all runs, and what is told of each attempt."""
    if not hasattr(os, "fork"):
        pytest.skip("needs processes that fork")
    folder = tmp_path_factory.mktemp("killed")
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder)], capture_output=True, text=True, timeout=120
    )
    attempts = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(attempts) == 1 + CHOSEN + 1 + 1 + GROWING + 1 + TIMED + 3, done.stderr
    return folder, attempts


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_each_moment_was_met_and_the_last_runs_ended(
    killed: tuple[Path, list[dict[str, Any]]],
) -> None:
    _, attempts = killed
    timed = attempts[-3 - TIMED : -3]
    for attempt in attempts:
        if attempt["moment"] is not None:
            assert attempt["killed"], attempt["moment"]
        elif attempt not in timed:
            assert attempt["status"] == 0
    assert any(attempt["killed"] for attempt in timed)


@pytest.mark.parametrize("name", ["killed", "grown", "timed0", "timed1", "timed2"])
def test_bytes_and_files_are_those_of_an_undisturbed_run(
    killed: tuple[Path, list[dict[str, Any]]], name: str
) -> None:
    folder, _ = killed
    wanted = contents(folder / "whole")
    assert sorted(wanted) == ["manifest.json", *(f"pairs-0000{k}.safetensors" for k in range(8))]
    assert contents(folder / name) == wanted


def test_no_shard_that_was_whole_is_lost(killed: tuple[Path, list[dict[str, Any]]]) -> None:
    _, attempts = killed
    shards: set[str] = set()
    for attempt in attempts[1 : 2 + CHOSEN]:
        found = {name for name in attempt["files"] if name.startswith("pairs-0")}
        assert shards <= found
        shards = found
