"""The command line: exit statuses, help, and what a run leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gemcore.cli import main
from gemcore.searching.result import SearchResult
from gemcore.searching.search import suited_config
from gemcore.tasks import load_task

QUICK = [
    "--config.num-trials=2",
    "--config.num-initial=1",
    "--config.embedding=adjacency",
    "--config.bootstrap-samples=100",
    "--config.num-workers=1",
    "--config.training.epochs=1",
    "--config.training.final-epochs=1",
    "--config.no-random-baseline",
]


def fails_with(status: int, *words: str) -> None:
    with pytest.raises(SystemExit) as error:
        main(words)
    assert error.value.code == status


def test_search_prints_the_summary_and_fills_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(["search", "digits", "--out", str(out), "--seed", "3", "--quiet", *QUICK]) == 0
    printed = capsys.readouterr()
    result = SearchResult.load(out)
    assert printed.out == f"{result.summary()}\n\nWritten to {out}\n"
    assert not printed.err
    assert result.setting.seed == 3
    assert result.setting.config.num_trials == 2
    for name in ("config.toml", "result.json", "model.safetensors", "cell.png", "cell.svg"):
        assert (out / name).exists()


def test_without_quiet_progress_goes_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", "digits", "--out", str(tmp_path / "run"), *QUICK]) == 0
    printed = capsys.readouterr()
    assert "Estimate: " in printed.err
    assert "candidates" in printed.err
    assert printed.out.startswith("Search of 'digits'")


def test_a_failure_is_one_line_and_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["search", "digits", "--out", str(tmp_path / "run"), "--config.max-macs", "1"]
    assert main(words) == 1
    assert capsys.readouterr().err.startswith("gemcore: max_macs must be met by a cell")
    (tmp_path / "cell.png").write_text("mine")
    assert main(["search", "digits", "--out", str(tmp_path), *QUICK]) == 1
    assert "out must be a new folder" in capsys.readouterr().err


def test_wrong_usage_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "run")
    fails_with(2)
    fails_with(2, "dance")
    fails_with(2, "search", "--out", out)
    fails_with(2, "search", "digits")
    fails_with(2, "search", "mnist", "--out", out)
    fails_with(2, "search", "digits", "--out", out, "--config.num-trials", "0")
    assert "num_trials must be >= 1, got 0" in capsys.readouterr().err
    fails_with(2, "search", "digits", "--out", out, "--seed", "-1")
    fails_with(2, "search", "digits", "--out", out, "--config.predictor", "gnn")
    fails_with(2, "search", "digits", "--out", out, "--warp", "9")
    assert not Path(out).exists()


def test_help_describes_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    fails_with(0, "--help")
    shown = capsys.readouterr().out
    assert "search" in shown
    assert "version" in shown
    fails_with(0, "search", "digits", "--help")
    shown = capsys.readouterr().out
    for part in ("--config.num-trials", "--config.encoder.", "--config.training.epochs"):
        assert part in shown
    assert "Price lambda of the multiply-adds" in shown
    num_trials = suited_config(load_task("digits")).num_trials
    assert f"(default: {num_trials})" in shown


def test_version_names_the_build(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    shown = capsys.readouterr().out
    for name in ("gemcore", "SIMD level", "CUDA", "torch", "Python"):
        assert name in shown


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_is_status_130_and_keeps_the_trials(tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["search", "digits", "--out", str(out), *QUICK, "--config.num-trials=500"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gemcore", *words],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,  # A source tree's own folder has no native module.
    )
    assert process.stderr is not None
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None and num_trials(out) < 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, said = process.communicate(timeout=20)
        assert time.monotonic() - began < 3  # Two for the search, and an interpreter to end.
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Interrupted; what was learned so far is saved." in said
    kept = SearchResult.load(out)
    assert kept.status == "interrupted"
    assert len(kept.trials) >= 2


def num_trials(out: Path) -> int:
    path = out / "result.json"
    return len(json.loads(path.read_text())["trials"]) if path.exists() else 0
