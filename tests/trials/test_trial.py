"""gemcore.trials.trial and .outcome: valid by construction, safe in JSON."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gemcore import Cell
from gemcore.trials import Outcome, Trial
from gemcore.trials.failure import LONGEST, describe_failure

CELL = Cell(("input", "conv1x1"), ((0, 1),))
COMPLETE = Trial(
    index=3,
    cell=CELL,
    status="complete",
    accuracy=0.5,
    macs=1000,
    params=10,
    score=0.8,
    metrics={"accuracy": 0.5, "loss": 1.5},
    seconds=2.0,
    seed=7,
)
FAILED = replace(COMPLETE, status="failed: out of memory", accuracy=None, score=None, metrics={})


@pytest.mark.parametrize("trial", [COMPLETE, FAILED])
def test_json_round_trip(trial: Trial) -> None:
    text = json.dumps(trial.to_dict(), allow_nan=False)
    again = Trial.from_dict(json.loads(text))
    assert again == trial
    assert hash(again) == hash(trial)


def test_numpy_numbers_are_stored_as_plain_ones() -> None:
    numbers: dict[str, Any] = {"index": np.int64(3), "macs": np.int64(1000)}
    numbers |= {"accuracy": np.float64(0.5), "score": np.float64(0.8), "seed": np.uint64(7)}
    numbers["metrics"] = {"accuracy": np.float32(0.5), "loss": np.float64(1.5)}
    trial = replace(COMPLETE, **numbers)
    assert json.loads(json.dumps(trial.to_dict())) == COMPLETE.to_dict() | {
        "cell": {"ops": ["input", "conv1x1"], "edges": [[0, 1]]}
    }


def test_metrics_are_copied() -> None:
    metrics = {"accuracy": 0.5}
    trial = replace(COMPLETE, metrics=metrics)
    metrics["accuracy"] = 0.1
    trial.to_dict()["metrics"]["accuracy"] = 0.2
    assert trial.metrics == {"accuracy": 0.5}


@pytest.mark.parametrize(
    ("trial", "change", "error", "message"),
    [
        (COMPLETE, {"status": "done"}, ValueError, "status must be 'complete' or 'failed: <why>'"),
        (COMPLETE, {"status": None}, TypeError, "status must be of type str"),
        (COMPLETE, {"accuracy": 1.5}, ValueError, r"accuracy must be in 0 \.\. 1, got 1\.5"),
        (COMPLETE, {"accuracy": None}, TypeError, "accuracy must be a number, got NoneType None"),
        (COMPLETE, {"score": math.nan}, ValueError, "score must be .*, got nan"),
        (COMPLETE, {"macs": -1}, ValueError, "macs must be >= 0, got -1"),
        (COMPLETE, {"params": 1.5}, TypeError, "params must be an integer, got float 1.5"),
        (COMPLETE, {"seconds": -1}, ValueError, "seconds must be >= 0, got -1"),
        (COMPLETE, {"seed": -1}, ValueError, "seed must be"),
        (COMPLETE, {"cell": "x"}, TypeError, "cell must be of type Cell, got str 'x'"),
        (COMPLETE, {"metrics": {}}, ValueError, "task must return .* 'accuracy', got dict {}"),
        (FAILED, {"accuracy": 0.5}, ValueError, "must be None and empty in a failed trial"),
        (FAILED, {"score": 0.5}, ValueError, "must be None and empty in a failed trial"),
        (FAILED, {"metrics": {"a": 1}}, ValueError, "must be None and empty in a failed trial"),
    ],
)
def test_bad_trials_are_refused(
    trial: Trial, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        replace(trial, **change)


def test_foreign_dictionaries_are_refused() -> None:
    with pytest.raises(ValueError, match=r"trial must have the keys index, .*, got index"):
        Trial.from_dict({"index": 0})
    with pytest.raises(TypeError, match="trial must be of type Mapping, got list"):
        Trial.from_dict([])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="metrics must be of type Mapping, got int 3"):
        Trial.from_dict(COMPLETE.to_dict() | {"metrics": 3})
    with pytest.raises(ValueError, match="text must be an object with 'ops' and 'edges'"):
        Trial.from_dict(COMPLETE.to_dict() | {"cell": {}})


def test_outcomes_travel_as_json() -> None:
    outcome = Outcome(1, "complete", {"accuracy": 1 / 3}, 0.1)
    assert Outcome.from_dict(json.loads(json.dumps(outcome.to_dict()))) == outcome
    with pytest.raises(ValueError, match="task must return"):
        Outcome(1, "complete", {}, 0.1)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FileNotFoundError("no such file: /data"), "FileNotFoundError: no such file: /data"),
        (FloatingPointError("the loss became nan"), "the loss became nan"),
        (KeyError(), "KeyError"),
        (ValueError("two\n  lines"), "ValueError: two lines"),
        (MemoryError(), "out of memory"),
        (MemoryError("unable to allocate"), "out of memory: unable to allocate"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried"),
            "out of memory: [enforce fail] DefaultCPUAllocator: not enough memory: you tried",
        ),
        (RuntimeError("something else"), "RuntimeError: something else"),
        (ValueError("not enough memory"), "ValueError: not enough memory"),
    ],
)
def test_reasons_of_failure(error: Exception, reason: str) -> None:
    assert describe_failure(error) == reason


def test_long_reasons_are_cut() -> None:
    reason = describe_failure(ValueError("x" * 10_000))
    assert len(reason) == LONGEST
    assert reason.endswith("x...")
