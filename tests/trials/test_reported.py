"""gemcore.trials.reported: what a task returns, of any kind of number."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from gemcore.trials import read_metrics


@pytest.mark.parametrize(
    "value",
    [
        0.75,
        np.float32(0.75),
        np.float64(0.75),
        np.float16(0.75),
        np.array(0.75),
        torch.tensor(0.75),
    ],
    ids=["float", "float32", "float64", "float16", "array", "tensor"],
)
def test_every_kind_of_number_is_a_number(value: Any) -> None:
    for returned in (value, {"accuracy": value}):
        read = read_metrics(returned)
        assert read == {"accuracy": 0.75}
        assert type(read["accuracy"]) is float


def test_dictionaries_are_read_number_by_number() -> None:
    returned = {"accuracy": 1, "loss": np.float64(0.5), "images": np.int64(1797), "low": -3}
    read = read_metrics(returned)
    assert read == {"accuracy": 1.0, "loss": 0.5, "images": 1797.0, "low": -3.0}
    assert {type(value) for value in read.values()} == {float}


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (None, TypeError, "task must return a number as 'accuracy', got NoneType None"),
        ("0.5", TypeError, "task must return a number as 'accuracy', got str '0.5'"),
        (True, TypeError, "task must return a number as 'accuracy', got bool True"),
        (np.bool_(True), TypeError, "task must return a number as 'accuracy', got bool"),
        (np.array([0.5]), TypeError, "task must return a number as 'accuracy', got ndarray"),
        (0.5j, TypeError, "task must return a number as 'accuracy', got complex"),
        (93.2, ValueError, r"task must return an accuracy in 0 \.\. 1, got 93\.2"),
        (-0.1, ValueError, r"task must return an accuracy in 0 \.\. 1, got -0\.1"),
        (math.nan, ValueError, "task must return a finite number as 'accuracy', got nan"),
        ({}, ValueError, "task must return a number or a dict with 'accuracy', got dict {}"),
        ({"loss": 1}, ValueError, "task must return a number or a dict with 'accuracy', got dict"),
        ({"accuracy": 1, "loss": math.inf}, ValueError, "a finite number as 'loss', got inf"),
        ({"accuracy": 1, "note": "x"}, TypeError, "a number as 'note', got str 'x'"),
        ({"accuracy": 1, 3: 1}, TypeError, "a dict with string keys, got int 3"),
    ],
)
def test_what_is_no_result_is_refused(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_metrics(value)
