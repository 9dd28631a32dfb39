"""The folder of a run: what goes on in it, and what is refused."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from gemcore.cell import Cell
from gemcore.searching.result import SearchResult
from gemcore.searching.status import read_status
from gemcore.tasks import EvaluationContext, ProxyTask

MakeTask = Callable[..., Any]  # (at, act) -> a task that does something else at a call.
Run = Callable[..., SearchResult]  # (task, out, **settings)
Content = Callable[[Path], dict[str, bytes]]


def test_the_same_command_goes_on_and_ends_as_if_undisturbed(
    interrupted: Path, tmp_path: Path, counter: MakeTask, run: Run
) -> None:
    assert SearchResult.load(interrupted).status == "interrupted"
    whole, again = counter(), counter()
    wanted = run(whole, tmp_path / "whole")
    found = run(again, interrupted)
    assert again.cells == whole.cells[4:]
    assert [t.cell for t in found.trials] == [t.cell for t in wanted.trials]
    assert [t.score for t in found.trials] == [t.score for t in wanted.trials]
    assert found.status == "complete"


def test_a_complete_run_is_read_and_nothing_is_trained(
    tmp_path: Path, counter: MakeTask, run: Run, content: Content
) -> None:
    first = run(counter(), tmp_path / "run")
    before, task = content(tmp_path / "run"), counter()
    second = run(task, tmp_path / "run", num_workers=3)
    assert not task.cells
    assert second.trials == first.trials
    assert content(tmp_path / "run") == before


def test_a_folder_of_any_name_holds_the_run_alone(
    tmp_path: Path, counter: MakeTask, run: Run
) -> None:
    out = tmp_path / "100% of 50%2F #1 ?q=a&b 'x' ü"
    run(counter(), out)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert (out / "trials.db").exists()


def test_another_configuration_is_refused_with_the_difference(
    interrupted: Path, counter: MakeTask, run: Run, content: Content
) -> None:
    before, task = content(interrupted), counter()
    with pytest.raises(ValueError, match="whose run differs") as error:
        run(task, interrupted, num_trials=9, mac_penalty=0.2, seed=4)
    assert str(error.value).splitlines()[1:] == [
        "  seed: 0 -> 4",
        "  config.num_trials: 8 -> 9",
        "  config.mac_penalty: 0.1 -> 0.2",
    ]
    assert not task.cells
    assert content(interrupted) == before


def test_a_task_that_changed_is_refused(tmp_path: Path, run: Run) -> None:
    labels = np.arange(60) % 2
    images = labels[:, None, None] + np.random.default_rng(0).normal(0, 0.1, (60, 8, 8))
    run(ProxyTask(images, labels), tmp_path / "run", num_workers=1)
    images[7] += 1
    with pytest.raises(
        ValueError,
        match=r"task\.fingerprint: .* \(images, labels, their split or the table changed\)",
    ):
        run(ProxyTask(images, labels), tmp_path / "run", num_workers=1)


def test_other_knowledge_than_in_the_beginning_is_refused(
    tmp_path: Path, counter: MakeTask, run: Run
) -> None:
    known = (Cell(("input", "conv1x1"), ((0, 1),)), 0.5)

    def press_ctrl_c() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(counter(2, press_ctrl_c), tmp_path / "run", initial=[known])
    with pytest.raises(ValueError, match="initial must hold the 1 cells that the run began with"):
        run(counter(), tmp_path / "run")
    result = run(counter(), tmp_path / "run", initial=[known])
    assert result.status == "complete"
    assert len(result.trials) == 9


def test_a_second_process_is_refused_while_the_first_works(
    tmp_path: Path, counter: MakeTask, run: Run
) -> None:
    refused: list[str] = []

    def start_second() -> None:
        with pytest.raises(RuntimeError, match="is in use by another process") as error:
            run(counter(), tmp_path / "run")
        refused.append(str(error.value))
        assert read_status(tmp_path / "run").state == "running"

    result = run(counter(3, start_second), tmp_path / "run")
    assert len(refused) == 1
    assert result.status == "complete"


def test_a_lock_that_nobody_holds_keeps_nobody_out(
    interrupted: Path, counter: MakeTask, run: Run
) -> None:
    with FileLock(interrupted / "run.lock"):
        pass
    assert (interrupted / "run.lock").exists()
    assert run(counter(), interrupted).status == "complete"


def test_a_function_that_is_mended_goes_on_with_the_next_cells(
    tmp_path: Path, counter: MakeTask, run: Run
) -> None:
    def broken(cell: Cell, context: EvaluationContext) -> float:
        raise KeyError("no such file")

    broken.__name__ = "counter"
    with pytest.raises(RuntimeError, match="the first 5 candidates all failed: KeyError"):
        run(broken, tmp_path / "run")
    status = read_status(tmp_path / "run")
    assert status.failures == {"KeyError: 'no such file'": 5}
    task = counter()
    result = run(task, tmp_path / "run")
    assert len(task.cells) == 3
    assert sum(trial.is_complete for trial in result.trials) == 3


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
