"""gemcore.trials.runner and .making: one candidate's failure is its own."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gemcore import Cell, Skeleton, register_op, unregister_op
from gemcore.tasks import EvaluationContext, ProxyTask, TrainingConfig, num_cores, resolve_backend
from gemcore.trials import (
    InProcessRunner,
    LocalRunner,
    Outcome,
    TrialSettings,
    choose_num_workers,
    make_runner,
)

CELLS = [Cell(("input", *["conv1x1"] * n), tuple((0, v + 1) for v in range(n))) for n in (1, 2, 3)]
SKELETON = Skeleton.preset("proxy", width=2)
TRAINING = TrainingConfig(epochs=1, batch_size=8, threads=1, device="cpu")


@pytest.fixture(scope="module")
def task() -> ProxyTask:
    labels = np.arange(20) % 2
    return ProxyTask(labels.reshape(-1, 1, 1) * np.ones((1, 4, 4)), labels)


@pytest.fixture(scope="module")
def settings() -> TrialSettings:
    backend = resolve_backend(TRAINING, SKELETON, input_size=(1, 4, 4))
    return TrialSettings(SKELETON, TRAINING, backend, 5, input_size=(1, 4, 4), num_classes=2)


def share_of_edges(cell: Cell, index: int) -> float:
    return len(cell.edges) / 10


def test_outcomes_come_in_the_order_asked() -> None:
    seen: list[Outcome] = []
    with InProcessRunner(share_of_edges) as runner:
        outcomes = runner.run(CELLS, [4, 9, 2], on_outcome=seen.append)
    assert [outcome.index for outcome in outcomes] == [4, 9, 2]
    assert [outcome.metrics["accuracy"] for outcome in outcomes] == [0.1, 0.2, 0.3]
    assert seen == outcomes


@pytest.mark.parametrize(
    ("returned", "status"),
    [
        (ZeroDivisionError("by zero"), "failed: ZeroDivisionError: by zero"),
        (MemoryError(), "failed: out of memory"),
        (torch.OutOfMemoryError("CUDA out of memory"), "failed: out of memory: CUDA out of memory"),
        (float("nan"), "failed: ValueError: task must return a finite number"),
        (None, "failed: TypeError: task must return a number"),
        (93.0, "failed: ValueError: task must return an accuracy in 0 .. 1, got 93"),
        (1.5, "failed: ValueError: task must return an accuracy in 0 .. 1, got 1.5"),
        ("0.5", "failed: TypeError: task must return a number as 'accuracy', got str '0.5'"),
        ({"loss": 1}, "failed: ValueError: task must return a number or a dict with 'accuracy'"),
    ],
    ids=["exception", "memory", "cuda", "nan", "none", "percent", "1.5", "string", "no accuracy"],
)
def test_failed_candidate_is_recorded_and_the_others_go_on(returned: Any, status: str) -> None:
    def evaluate(cell: Cell, index: int) -> Any:
        if index != 1:
            return 0.5
        if isinstance(returned, Exception):
            raise returned
        return returned

    outcomes = InProcessRunner(evaluate).run(CELLS, range(3))
    assert [outcome.is_complete for outcome in outcomes] == [True, False, True]
    assert outcomes[1].status.startswith(status)
    assert outcomes[1].metrics == {}


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_interrupts_go_through_and_finished_outcomes_are_known(
    error: type[BaseException],
) -> None:
    def evaluate(cell: Cell, index: int) -> float:
        if index == 2:
            raise error
        return 0.5

    seen: list[Outcome] = []
    with pytest.raises(error):
        InProcessRunner(evaluate).run(CELLS, range(3), on_outcome=seen.append)
    assert [outcome.index for outcome in seen] == [0, 1]


def test_nothing_starts_once_it_may_not() -> None:
    allowed = iter([True, True, False])
    runner = InProcessRunner(share_of_edges)
    outcomes = runner.run(CELLS, range(3), may_start=lambda: next(allowed))
    assert [outcome.index for outcome in outcomes] == [0, 1]


def test_diverging_candidate_fails_with_its_reason(
    task: ProxyTask, settings: TrialSettings
) -> None:
    wild = TrainingConfig(epochs=3, batch_size=8, threads=1, learning_rate=1e30)
    wild_settings = TrialSettings(SKELETON, wild, settings.backend, 0)
    (outcome,) = make_runner(task, wild_settings, num_workers=1).run(CELLS[:1], [0])
    assert outcome.status.startswith("failed: the training loss became nan in epoch ")


def test_function_is_told_what_it_needs(settings: TrialSettings) -> None:
    told: list[EvaluationContext] = []

    def evaluate(cell: Cell, context: EvaluationContext) -> dict[str, Any]:
        told.append(context)
        return {"accuracy": np.float32(0.5), "edges": np.int64(len(cell.edges))}

    outcomes = make_runner(evaluate, settings, num_workers=1).run(CELLS, [3, 4, 5])
    assert [outcome.metrics["edges"] for outcome in outcomes] == [1, 2, 3]
    assert told[1] == EvaluationContext(5, 4, SKELETON, TRAINING, (1, 4, 4), 2)


def test_own_operation_is_trained_in_this_process(task: ProxyTask, settings: TrialSettings) -> None:
    def build(in_channels: int, out_channels: int) -> nn.Module:
        return nn.Conv2d(in_channels, out_channels, 1)

    register_op(
        "own", build, macs=lambda i, o, h, w: i * o * h * w, params=lambda i, o: (i + 1) * o
    )
    try:
        assert choose_num_workers(task, ops=("input", "own"), device="cpu", num_workers=2) == 1
        cell = Cell(("input", "own"), ((0, 1),))
        (outcome,) = make_runner(task, settings, num_workers=1).run([cell], [0])
        assert outcome.status == "complete"
    finally:
        unregister_op("own")


def test_number_of_workers(task: ProxyTask) -> None:
    ops = ("input", "conv1x1", "sepconv3x3", "output")
    assert choose_num_workers(task, ops=ops, device="cpu") == min(2, num_cores())
    assert choose_num_workers(task, ops=ops, device="cpu", num_workers=5) == 5
    assert choose_num_workers(task, ops=ops, device="cuda:0", num_workers=5) == 1
    assert choose_num_workers(lambda cell, context: 0.5, ops=ops, device="cpu") == 1
    with pytest.raises(ValueError, match="num_workers must be >= 1, got 0"):
        choose_num_workers(task, ops=ops, device="cpu", num_workers=0)


def test_runner_follows_from_the_number_of_workers(
    task: ProxyTask, settings: TrialSettings
) -> None:
    assert isinstance(make_runner(task, settings, num_workers=1), InProcessRunner)
    assert isinstance(make_runner(task, settings, num_workers=2), LocalRunner)
    with pytest.raises(TypeError, match="task must be a ProxyTask or a function, got str 'digits'"):
        make_runner("digits", settings, num_workers=1)  # type: ignore[arg-type]


def test_settings_travel_as_json(settings: TrialSettings) -> None:
    again = TrialSettings.from_dict(settings.to_dict())
    assert again == TrialSettings(SKELETON, TRAINING, settings.backend, 5)
