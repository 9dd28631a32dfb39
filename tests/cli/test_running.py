"""``gemcore version`` and ``gemcore status``, exit statuses, and what is said where."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gemcore.cli import main
from gemcore.cli.version_command import VersionCommand

Refuses = Callable[..., str]

HEAVY = ("optuna", "sklearn.datasets", "matplotlib")


def test_version_names_the_build(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    shown = capsys.readouterr().out
    for name in ("gemcore", "native code", "SIMD level", "CUDA", "torch", "Python"):
        assert f"{name} " in shown


def test_status_of_a_run(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(run_folder)]) == 0
    shown = capsys.readouterr().out
    assert "complete" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_status_of_what_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path, tmp_path / "none"):
        assert main(["status", str(path)]) == 1
        said = capsys.readouterr().err
        assert said.startswith("gemcore: ")
        assert said.count("\n") == 1


def test_wrong_usage(refuses: Refuses) -> None:
    assert "Expected one of {search, pairs, encode, show, status, version}" in refuses()
    refuses("dance")
    refuses("status")
    refuses("version", "--fast")


def test_ctrl_c_and_failures_of_any_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, status, said in (
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (ValueError("x must be y:\n  z"), 1, "gemcore: x must be y:\n  z\n"),
        (OSError(28, "No space left on device", "a"), 1, "gemcore: No space left on device: 'a'\n"),
        (RuntimeError("[op] z"), 1, "gemcore: [op] z\n"),
    ):

        def run(self: VersionCommand, error: BaseException = error) -> str:
            raise error

        monkeypatch.setattr(VersionCommand, "run", run)
        assert main(["version"]) == status
        shown = capsys.readouterr()
        assert shown.err == said
        assert not shown.out


def test_a_light_start_and_warnings_on_standard_error(tmp_path: Path) -> None:
    code = (
        "import logging, sys, gemcore.cli as cli; cli.main(['version'])\n"
        "try: cli.main(['search', '--help'])\n"
        "except SystemExit: pass\n"
        "logging.getLogger('gemcore.tasks').warning('careful')\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stderr == "WARNING: careful\n"
    assert done.stdout.splitlines()[-1] == "[]"
