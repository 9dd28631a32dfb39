"""Files of a run that break, vanish or fill the disk: what is said, and what is left."""

import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gemcore.searching.result import SearchResult
from gemcore.trials.optuna_store import OptunaStore

MakeTask = Callable[..., Any]  # (at, act) -> a task that does something else at a call.
Run = Callable[..., SearchResult]  # (task, out, **settings)
Content = Callable[[Path], dict[str, bytes]]


def test_a_store_removed_under_the_run_ends_it_and_nothing_is_lost(
    tmp_path: Path, counter: MakeTask, run: Run
) -> None:
    out = tmp_path / "run"
    with pytest.raises(RuntimeError, match=r"trials\.db was removed or replaced while the run"):
        run(counter(5, (out / "trials.db").unlink), out)
    assert len(SearchResult.load(out).trials) == 5
    again = counter()
    result = run(again, out)
    assert len(again.cells) == 3
    assert [t.cell for t in result.trials] == [
        t.cell for t in run(counter(), tmp_path / "whole").trials
    ]


def test_a_store_truncated_under_the_run_is_named(
    tmp_path: Path, counter: MakeTask, run: Run
) -> None:
    out = tmp_path / "run"
    with pytest.raises(RuntimeError, match=r"trials\.db cannot be written: "):
        run(counter(5, lambda: os.truncate(out / "trials.db", 0)), out)
    assert len(SearchResult.load(out).trials) == 5
    with pytest.raises(ValueError, match=r"trials\.db must be a trial store, got an empty file"):
        run(counter(), out)
    (out / "trials.db").unlink()  # As docs/runs.md says.
    again = counter()
    assert len(run(again, out).trials) == 8
    assert len(again.cells) == 3


def spoil(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 100)


def make_other(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE customers (name TEXT)")
    connection.commit()
    connection.close()


def rename_study(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE studies SET study_name = 'theirs'")
    connection.commit()
    connection.close()


def make_older(path: Path) -> None:
    store = OptunaStore(path)
    store.write("store", {"format": "gemcore.trials", "version": 0})
    store.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (spoil, r"trials\.db must be a trial store, got a damaged file"),
        (make_other, r"trials\.db must be a trial store of gemcore, got one of another project"),
        (rename_study, r"trials\.db must be a trial store of gemcore, got one of another project"),
        (make_older, r"must be a store of layout 1 of gemcore\.trials, got .*'version': 0"),
    ],
)
def test_a_store_that_is_not_ours_is_named_and_left_alone(
    interrupted: Path,
    change: Callable[[Path], None],
    message: str,
    counter: MakeTask,
    run: Run,
    content: Content,
) -> None:
    change(interrupted / "trials.db")
    before, task = content(interrupted), counter()
    with pytest.raises(ValueError, match=message):
        run(task, interrupted)
    assert not task.cells
    assert content(interrupted) == before


def test_a_store_of_another_run_is_refused(
    interrupted: Path, tmp_path: Path, counter: MakeTask, run: Run
) -> None:
    run(counter(), tmp_path / "other", seed=1)
    shutil.copy(tmp_path / "other" / "trials.db", interrupted / "trials.db")
    with pytest.raises(ValueError, match=r"trials\.db must be of run [0-9a-f]{16}, got that of"):
        run(counter(), interrupted)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("config.toml", "seed = [", r"config\.toml must hold TOML, got a corrupt file"),
        ("result.json", "{", r"result\.json must hold JSON, got a corrupt file"),
        (
            "result.json",
            '{"format": "gemcore.result", "version": 99}',
            r"result\.json must have a version from 1 to 2",
        ),
    ],
)
def test_damaged_and_newer_files_are_named(
    interrupted: Path, name: str, text: str, message: str, counter: MakeTask, run: Run
) -> None:
    (interrupted / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        run(counter(), interrupted)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(
    small_disk: Path, counter: MakeTask, run: Run
) -> None:
    filler, out = small_disk / "filler", small_disk / "run"

    def fill() -> None:
        free = os.statvfs(small_disk)
        filler.write_bytes(bytes(free.f_bavail * free.f_bsize))

    with pytest.raises(RuntimeError, match=r"trials\.db cannot be written: .*full"):
        run(counter(4, fill), out, num_initial=6)
    filler.unlink()
    again = counter()
    assert run(again, out, num_initial=6).status == "complete"
    assert again.cells[0] not in [trial.cell for trial in SearchResult.load(out).trials[:3]]
    assert len(again.cells) == 5
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_a_disk_that_is_full_from_the_beginning_is_told_before_training(
    small_disk: Path, counter: MakeTask, run: Run
) -> None:
    (small_disk / "filler").write_bytes(bytes(3 * 2**20 - 8192))
    task = counter()
    with pytest.raises(RuntimeError, match=r"cannot be (written|created)"):
        run(task, small_disk / "run")
    assert not task.cells


def test_what_cannot_be_written_is_named_before_training(
    interrupted: Path, counter: MakeTask, run: Run
) -> None:
    told = _as_nobody(interrupted, counter, run, read_only="trials.db")
    assert "trials.db cannot be written: it is read-only" in told
    os.chmod(interrupted / "trials.db", 0o666)
    told = _as_nobody(interrupted, counter, run, read_only=".")
    assert "cannot be written" in told


def _as_nobody(out: Path, counter: MakeTask, run: Run, *, read_only: str) -> str:
    """What a run says that has no more rights than others, with the files read-only for it."""
    for path in out.parents:
        if stat.S_IMODE(path.stat().st_mode) == 0o700:  # As pytest makes them.
            os.chmod(path, 0o755)
    os.chmod(out, 0o777)
    for path in out.iterdir():
        os.chmod(path, 0o777 if path.is_dir() else 0o666)
    os.chmod(out / read_only, 0o555 if read_only == "." else 0o444)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:  # Root may write everywhere.
                os.setuid(65534)
            run(counter(), out)
            os.write(writing, b"it was written")
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as stream:
        return stream.read()
