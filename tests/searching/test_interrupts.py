"""Ctrl-C ends a search within two seconds in any phase, with what was learned so far saved."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("interrupted_search.py")
TRIALS_KEPT = {"candidates": 1, "fit": 2, "bootstrap": 2, "final": 4, "baseline": 4}


@pytest.mark.slow
def test_ctrl_c_ends_every_phase_soon_and_saves(tmp_path: Path) -> None:
    # In a process of its own: a KeyboardInterrupt that comes late must not end the tests.
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    ends = {end["phase"]: end for end in map(json.loads, done.stdout.splitlines())}
    assert len(ends) == 7, done.stderr
    for phase, end in ends.items():
        assert end["status"] == "interrupted", (phase, end)
        assert end["seconds"] < 2, (phase, end)
        assert end["n"] >= TRIALS_KEPT.get(phase, 0), (phase, end)
