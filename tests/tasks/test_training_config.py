"""gemcore.tasks.training_config and the backend that it resolves to."""

import json
import os
from typing import Any

import pytest
import torch

from gemcore import Skeleton
from gemcore.tasks import ResolvedBackend, TrainingConfig, num_cores, resolve_backend


def resolve(
    training: TrainingConfig, width: int = 8, size: int = 8, **more: int
) -> ResolvedBackend:
    skeleton = Skeleton.preset("proxy", width=width)
    return resolve_backend(training, skeleton, input_size=(3, size, size), **more)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be >= 1, got 0"),
        ({"epochs": 1.5}, TypeError, "epochs must be an integer, got float 1.5"),
        ({"final_epochs": 0}, ValueError, "final_epochs must be >= 1, got 0"),
        ({"batch_size": 1}, ValueError, "batch_size must be >= 2, got 1"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be > 0, got 0"),
        ({"learning_rate": -1}, ValueError, "learning_rate must be >= 0, got -1"),
        ({"learning_rate": float("nan")}, ValueError, "learning_rate must be"),
        ({"momentum": 1}, ValueError, "momentum must be below 1, got 1"),
        ({"label_smoothing": 1.0}, ValueError, "label_smoothing must be below 1, got 1"),
        ({"label_smoothing": 2}, ValueError, r"label_smoothing must be in 0 \.\. 1, got 2"),
        ({"weight_decay": -1}, ValueError, "weight_decay must be >= 0, got -1"),
        ({"augment": "flip"}, ValueError, "augment must be one of .*, got 'flip'"),
        ({"device": 0}, TypeError, "device must be of type str, got int 0"),
        ({"precision": "half"}, ValueError, "precision must be one of .*, got 'half'"),
        ({"threads": 0}, ValueError, "threads must be >= 1, got 0"),
    ],
)
def test_bad_fields_are_refused(
    change: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        TrainingConfig(**change)


def test_threads_are_the_cores_shared() -> None:
    assert resolve(TrainingConfig()).threads == num_cores()
    assert resolve(TrainingConfig(), num_workers=2).threads == max(1, num_cores() // 2)
    assert resolve(TrainingConfig(), num_workers=10_000).threads == 1
    assert resolve(TrainingConfig(threads=3), num_workers=2).threads == 3


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux only")
def test_only_cores_that_may_be_used_count() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert num_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_bfloat16_only_where_the_network_is_wide_and_the_hardware_good_at_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    auto = TrainingConfig(device="cpu")
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    for supported in (False, True):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda s=supported: s)
        assert resolve(auto, width=8, size=8).precision == "float32"
        assert resolve(auto, width=15, size=32).precision == "float32"
        wide = resolve(auto, width=16, size=32).precision
        assert wide == ("bfloat16" if supported else "float32")
    asked = TrainingConfig(device="cpu", precision="bfloat16")
    assert resolve(asked).precision == "bfloat16"


def test_auto_device_is_what_there_is() -> None:
    expected = "cuda:0" if torch.cuda.is_available() else "cpu"
    assert resolve(TrainingConfig()).device == expected


def test_unknown_device_is_refused() -> None:
    for device in ("gpu", "mps", "meta", ""):
        with pytest.raises(ValueError, match=f"device must be 'auto', 'cpu' or .*, got '{device}'"):
            resolve(TrainingConfig(device=device))


@pytest.mark.parametrize("device", ["cuda", "cuda:99"])
def test_missing_gpu_is_an_error_of_the_environment(device: str) -> None:
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(RuntimeError, match=f"device must be available, got '{device}' of"):
        resolve(TrainingConfig(device=device))


def test_backend_travels_as_json() -> None:
    backend = resolve(TrainingConfig())
    assert ResolvedBackend.from_dict(json.loads(json.dumps(backend.to_dict()))) == backend
    with pytest.raises(ValueError, match=r"backend must have the keys .*, got device"):
        ResolvedBackend.from_dict({"device": "cpu"})
    with pytest.raises(ValueError, match="threads must be >= 1, got 0"):
        ResolvedBackend.from_dict(backend.to_dict() | {"threads": 0})
