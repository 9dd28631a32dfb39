"""gemcore.trials.local: candidates in child processes, whatever happens to them."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gemcore import Cell, Skeleton
from gemcore.tasks import ProxyTask, TrainingConfig, resolve_backend
from gemcore.trials import LocalRunner, Outcome, TrialSettings, make_runner
from gemcore.trials.payload import read_task, write_task

pytestmark = pytest.mark.skipif(os.name != "posix", reason="waits for pipes")

SKELETON = Skeleton.preset("proxy", width=4)
TRAINING = TrainingConfig(epochs=2, batch_size=16, threads=1, device="cpu")
# Chains of different lengths, so that two workers finish them in another order.
CELLS = [
    Cell(("input", *["sepconv3x3"] * n), tuple((v, v + 1) for v in range(n))) for n in (6, 1, 4, 1)
]


@pytest.fixture(scope="module")
def task() -> ProxyTask:
    labels = np.arange(100) % 2
    noise = np.random.Generator(np.random.Philox(0)).normal(0, 0.5, (100, 3, 8, 8))
    return ProxyTask(labels.reshape(-1, 1, 1, 1) + noise, labels)


@pytest.fixture(scope="module")
def settings(task: ProxyTask) -> TrialSettings:
    backend = resolve_backend(TRAINING, SKELETON, input_size=task.input_size)
    return TrialSettings(SKELETON, TRAINING, backend, seed=3)


@pytest.fixture(scope="module")
def runner(task: ProxyTask, settings: TrialSettings) -> Iterator[LocalRunner]:
    with LocalRunner(task, settings, num_workers=2) as runner:
        yield runner


def measured(outcomes: list[Outcome]) -> list[tuple[int, str, dict[str, float]]]:
    return [(outcome.index, outcome.status, outcome.metrics) for outcome in outcomes]


@pytest.mark.slow
def test_number_of_workers_changes_no_bit(
    task: ProxyTask, settings: TrialSettings, runner: LocalRunner
) -> None:
    indices = [5, 6, 7, 8]
    here = measured(make_runner(task, settings, num_workers=1).run(CELLS, indices))
    assert [status for _, status, _ in here] == ["complete"] * 4
    seen: list[Outcome] = []
    two = runner.run(CELLS, indices, on_outcome=seen.append)
    assert measured(two) == here
    assert sorted(measured(seen)) == here
    assert len(runner._children) == 2
    runner.num_workers = 1
    assert measured(runner.run(CELLS, indices)) == here
    runner.num_workers = 2


def test_failure_in_a_child_is_recorded_and_the_others_go_on(runner: LocalRunner) -> None:
    cells = [CELLS[1], Cell(("input", "unknown"), ((0, 1),)), CELLS[1]]
    first, failed, last = runner.run(cells, range(3))
    assert first.metrics == last.metrics
    assert failed.status.startswith("failed: ValueError: op must be one of")
    assert "got 'unknown'" in failed.status


def test_nothing_starts_once_it_may_not(runner: LocalRunner) -> None:
    allowed = iter([True, True, True, False])
    outcomes = runner.run(CELLS, range(4), may_start=lambda: next(allowed))
    assert [outcome.index for outcome in outcomes] == [0, 1, 2]
    assert runner.run(CELLS, range(4), may_start=lambda: False) == []


def test_no_cells_no_outcomes(runner: LocalRunner) -> None:
    assert runner.run([], []) == []


def test_child_that_dies_fails_its_candidate_alone(runner: LocalRunner) -> None:
    runner.run(CELLS[1:2], [0])
    started = 0

    def kill_the_first() -> bool:
        nonlocal started
        started += 1
        if started == 2:
            runner._children[0].process.kill()
        return True

    outcomes = runner.run(CELLS, range(4), may_start=kill_the_first)
    assert outcomes[0].status == "failed: process died (signal 9), perhaps for lack of memory"
    assert [outcome.is_complete for outcome in outcomes] == [False, True, True, True]
    assert runner.run(CELLS[:1], [0])[0].is_complete


def test_ctrl_c_ends_children_within_a_second(runner: LocalRunner) -> None:
    long = replace(runner.settings, training=replace(TRAINING, epochs=100_000))
    with LocalRunner(runner.task, long, num_workers=1) as busy:
        seen: list[Outcome] = []

        def interrupt() -> None:
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            busy.run(CELLS[:1], [0], on_outcome=seen.append)
        began = time.perf_counter()
        assert busy._children == []
        busy.close()
        assert time.perf_counter() - began < 1
        thread.join()
    # The same runner is ready for more: what was finished before is in the caller's hands.
    children = [child.process for child in runner._children]

    def stop(outcome: Outcome) -> None:
        seen.append(outcome)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.run(CELLS, range(4), on_outcome=stop)
    assert len(seen) == 1
    assert all(child.poll() == -signal.SIGKILL for child in children)
    assert runner._children == []


def test_reason_of_a_child_that_does_not_start_is_told(
    task: ProxyTask, settings: TrialSettings
) -> None:
    with LocalRunner(task, settings, num_workers=1) as runner:
        runner._open()
        runner._start["task"]["fingerprint"] = "another"
        (outcome,) = runner.run(CELLS[:1], [0])
    reason = "AssertionError: the task changed on its way"
    assert outcome.status == f"failed: process ended with status 1: {reason}"


def test_folder_of_a_forgotten_runner_is_removed(task: ProxyTask, settings: TrialSettings) -> None:
    runner = LocalRunner(task, settings, num_workers=1)
    folder = runner._open()
    assert folder.is_dir()
    del runner
    gc.collect()
    assert not folder.exists()


def test_number_of_workers_is_checked(task: ProxyTask, settings: TrialSettings) -> None:
    with pytest.raises(ValueError, match="num_workers must be >= 1, got 0"):
        LocalRunner(task, settings, num_workers=0)


def test_task_is_the_same_on_the_other_side(task: ProxyTask, tmp_path: Path) -> None:
    words = write_task(task, tmp_path)
    again = read_task(tmp_path, words)
    assert again.fingerprint == task.fingerprint
    assert again.preprocessing == task.preprocessing
    assert again.class_names == task.class_names


UNGUARDED = """
import sys
import numpy as np
from gemcore import Cell, Skeleton
from gemcore.tasks import ProxyTask, TrainingConfig, resolve_backend
from gemcore.trials import LocalRunner, TrialSettings

labels = np.arange(40) % 2
task = ProxyTask(labels.reshape(-1, 1, 1) * np.ones((1, 8, 8)), labels)
skeleton, training = Skeleton.preset("proxy", width=2), TrainingConfig(epochs=1, threads=1)
backend = resolve_backend(training, skeleton, input_size=task.input_size)
runner = LocalRunner(task, TrialSettings(skeleton, training, backend, 0), num_workers=1)
cell = Cell(("input", "conv1x1"), ((0, 1),))

def tell(outcome):
    print(outcome.status, runner._children[0].process.pid, runner._folders[0], flush=True)

runner.run([cell] * 100_000, range(100_000), on_outcome=tell)
"""


@pytest.mark.slow
def test_no_orphan_after_the_parent_is_killed(tmp_path: Path) -> None:
    # The script has no `if __name__ == "__main__"`: it must not be run again in the child.
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        line = next(line for line in parent.stdout if line.startswith(("complete", "failed")))
        status, pid, folder = line.split()
        parent.kill()
    assert status == "complete"
    deadline = time.monotonic() + 10
    while is_alive(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(int(pid))
    assert not Path(folder).exists()


def is_alive(pid: int) -> bool:
    """Whether the process is there and no zombie, as it stays in a container without an init."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and ") Z " in stat.read_text())
