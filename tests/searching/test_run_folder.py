"""The folder of a run: what goes on in it, what is refused, and what is left when things break."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from gemcore.cell import Cell
from gemcore.searching.config import SearchConfig
from gemcore.searching.result import SearchResult
from gemcore.searching.search import search
from gemcore.searching.status import read_status
from gemcore.tasks import EvaluationContext, ProxyTask, TrainingConfig
from gemcore.trials.optuna_store import OptunaStore


class Counter:
    """A task that is a function: more edges, better. It may do something else at a call."""

    __name__ = "counter"

    def __init__(self, at: int = 0, act: Callable[[], object] = lambda: None) -> None:
        self.cells: list[Cell] = []
        self.at, self.act = at, act

    def __call__(self, cell: Cell, context: EvaluationContext) -> float:
        self.cells.append(cell)
        if len(self.cells) == self.at:
            self.act()
        return len(cell.edges) / 100


def config(**changes: Any) -> SearchConfig:
    small: dict[str, Any] = {"num_trials": 8, "num_initial": 3, "cells_per_round": 2}
    training = TrainingConfig(epochs=1, final_epochs=1, batch_size=16)
    quick = {"bootstrap_samples": 200, "embedding": "adjacency", "training": training}
    return SearchConfig(**(small | quick | changes))


def run(task: Any, out: Path, **options: Any) -> SearchResult:
    return search(task, out=out, progress=False, **({"config": config()} | options))


def press_ctrl_c() -> None:
    raise KeyboardInterrupt


def content(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


@pytest.fixture
def interrupted(tmp_path: Path) -> Path:
    """A run that Ctrl-C ended in its fifth evaluation."""
    with pytest.raises(KeyboardInterrupt):
        run(Counter(5, press_ctrl_c), tmp_path / "run")
    return tmp_path / "run"


def test_the_same_command_goes_on_and_ends_as_if_undisturbed(
    interrupted: Path, tmp_path: Path
) -> None:
    assert SearchResult.load(interrupted).status == "interrupted"
    whole, again = Counter(), Counter()
    wanted = run(whole, tmp_path / "whole")
    found = run(again, interrupted)
    assert again.cells == whole.cells[4:]
    assert [t.cell for t in found.trials] == [t.cell for t in wanted.trials]
    assert [t.score for t in found.trials] == [t.score for t in wanted.trials]
    assert found.status == "complete"


def test_a_complete_run_is_read_and_nothing_is_trained(tmp_path: Path) -> None:
    first = run(Counter(), tmp_path / "run")
    before, task = content(tmp_path / "run"), Counter()
    second = run(task, tmp_path / "run", config=config(num_workers=3))
    assert not task.cells
    assert second.trials == first.trials
    assert content(tmp_path / "run") == before


def test_a_folder_of_any_name_holds_the_run_alone(tmp_path: Path) -> None:
    out = tmp_path / "100% of 50%2F #1 ?q=a&b 'x' ü"
    run(Counter(), out)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert (out / "trials.db").exists()


def test_another_configuration_is_refused_with_the_difference(interrupted: Path) -> None:
    before, task = content(interrupted), Counter()
    with pytest.raises(ValueError, match="whose run differs") as error:
        run(task, interrupted, config=config(num_trials=9, mac_penalty=0.2), seed=4)
    assert str(error.value).splitlines()[1:] == [
        "  seed: 0 -> 4",
        "  config.num_trials: 8 -> 9",
        "  config.mac_penalty: 0.1 -> 0.2",
    ]
    assert not task.cells
    assert content(interrupted) == before


def test_a_task_that_changed_is_refused(tmp_path: Path) -> None:
    labels = np.arange(60) % 2
    images = labels[:, None, None] + np.random.default_rng(0).normal(0, 0.1, (60, 8, 8))
    run(ProxyTask(images, labels), tmp_path / "run", config=config(num_workers=1))
    images[7] += 1
    with pytest.raises(
        ValueError, match=r"task\.fingerprint: .* \(images, labels or their split changed\)"
    ):
        run(ProxyTask(images, labels), tmp_path / "run", config=config(num_workers=1))


def test_other_knowledge_than_in_the_beginning_is_refused(tmp_path: Path) -> None:
    known = (Cell(("input", "conv1x1"), ((0, 1),)), 0.5)
    with pytest.raises(KeyboardInterrupt):
        run(Counter(2, press_ctrl_c), tmp_path / "run", initial=[known])
    with pytest.raises(ValueError, match="initial must hold the 1 cells that the run began with"):
        run(Counter(), tmp_path / "run")
    result = run(Counter(), tmp_path / "run", initial=[known])
    assert result.status == "complete"
    assert len(result.trials) == 9


def test_a_second_process_is_refused_while_the_first_works(tmp_path: Path) -> None:
    refused: list[str] = []

    def start_second() -> None:
        with pytest.raises(RuntimeError, match="is in use by another process") as error:
            run(Counter(), tmp_path / "run")
        refused.append(str(error.value))
        assert read_status(tmp_path / "run").state == "running"

    result = run(Counter(3, start_second), tmp_path / "run")
    assert len(refused) == 1
    assert result.status == "complete"


def test_a_lock_that_nobody_holds_keeps_nobody_out(interrupted: Path) -> None:
    with FileLock(interrupted / "run.lock"):
        pass
    assert (interrupted / "run.lock").exists()
    assert run(Counter(), interrupted).status == "complete"


def test_a_store_removed_under_the_run_ends_it_and_nothing_is_lost(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(RuntimeError, match=r"trials\.db was removed or replaced while the run"):
        run(Counter(5, (out / "trials.db").unlink), out)
    assert len(SearchResult.load(out).trials) == 5
    again = Counter()
    result = run(again, out)
    assert len(again.cells) == 3
    assert [t.cell for t in result.trials] == [
        t.cell for t in run(Counter(), tmp_path / "whole").trials
    ]


def test_a_store_truncated_under_the_run_is_named(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(RuntimeError, match=r"trials\.db cannot be written: "):
        run(Counter(5, lambda: os.truncate(out / "trials.db", 0)), out)
    assert len(SearchResult.load(out).trials) == 5
    with pytest.raises(ValueError, match=r"trials\.db must be a trial store, got an empty file"):
        run(Counter(), out)
    (out / "trials.db").unlink()  # As docs/runs.md says.
    again = Counter()
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
    interrupted: Path, change: Callable[[Path], None], message: str
) -> None:
    change(interrupted / "trials.db")
    before, task = content(interrupted), Counter()
    with pytest.raises(ValueError, match=message):
        run(task, interrupted)
    assert not task.cells
    assert content(interrupted) == before


def test_a_store_of_another_run_is_refused(interrupted: Path, tmp_path: Path) -> None:
    run(Counter(), tmp_path / "other", seed=1)
    shutil.copy(tmp_path / "other" / "trials.db", interrupted / "trials.db")
    with pytest.raises(ValueError, match=r"trials\.db must be of run [0-9a-f]{16}, got that of"):
        run(Counter(), interrupted)


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
    interrupted: Path, name: str, text: str, message: str
) -> None:
    (interrupted / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        run(Counter(), interrupted)


def test_a_function_that_is_mended_goes_on_with_the_next_cells(tmp_path: Path) -> None:
    def broken(cell: Cell, context: EvaluationContext) -> float:
        raise KeyError("no such file")

    broken.__name__ = "counter"
    with pytest.raises(RuntimeError, match="the first 5 candidates all failed: KeyError"):
        run(broken, tmp_path / "run")
    status = read_status(tmp_path / "run")
    assert status.failures == {"KeyError: 'no such file'": 5}
    task = Counter()
    result = run(task, tmp_path / "run")
    assert len(task.cells) == 3
    assert sum(trial.is_complete for trial in result.trials) == 3


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


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(small_disk: Path) -> None:
    filler, out = small_disk / "filler", small_disk / "run"

    def fill() -> None:
        free = os.statvfs(small_disk)
        filler.write_bytes(bytes(free.f_bavail * free.f_bsize))

    with pytest.raises(RuntimeError, match=r"trials\.db cannot be written: .*full"):
        run(Counter(4, fill), out, config=config(num_initial=6))
    filler.unlink()
    again = Counter()
    assert run(again, out, config=config(num_initial=6)).status == "complete"
    assert again.cells[0] not in [trial.cell for trial in SearchResult.load(out).trials[:3]]
    assert len(again.cells) == 5
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_a_disk_that_is_full_from_the_beginning_is_told_before_training(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes(3 * 2**20 - 8192))
    task = Counter()
    with pytest.raises(RuntimeError, match=r"cannot be (written|created)"):
        run(task, small_disk / "run")
    assert not task.cells


def test_what_cannot_be_written_is_named_before_training(interrupted: Path) -> None:
    told = _as_nobody(interrupted, read_only="trials.db")
    assert "trials.db cannot be written: it is read-only" in told
    os.chmod(interrupted / "trials.db", 0o666)
    told = _as_nobody(interrupted, read_only=".")
    assert "cannot be written" in told


def _as_nobody(out: Path, *, read_only: str) -> str:
    """What a run says that has no more rights than others, with the files read-only for it."""
    for path in [out, *out.parents[:3]]:
        os.chmod(path, 0o777 if path == out else 0o755)
    for path in out.iterdir():
        os.chmod(path, 0o777 if path.is_dir() else 0o666)
    os.chmod(out / read_only, 0o555 if read_only == "." else 0o444)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:  # Root may write everywhere.
                os.setuid(65534)
            run(Counter(), out)
            os.write(writing, b"it was written")
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as stream:
        return stream.read()


def test_status_tells_how_far_a_run_is(tmp_path: Path) -> None:
    out, seen = tmp_path / "run", []

    def look() -> None:
        seen.append(read_status(out))

    run(Counter(6, look), out)
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


def test_optuna_opens_the_store(interrupted: Path) -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, optuna; study = optuna.load_study(study_name='gemcore', storage="
            "f'sqlite:///{sys.argv[1]}'); print(len(study.trials), study.best_value)",
            str(interrupted / "trials.db"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    best = SearchResult.load(interrupted).best
    assert best is not None
    assert told.stdout.split() == ["4", str(best.score)]
