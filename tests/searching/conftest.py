"""Results of searches that were never run."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from gemcore.cell import Cell
from gemcore.networks.network import build_network
from gemcore.networks.skeleton import Skeleton
from gemcore.searching.config import SearchConfig
from gemcore.searching.record import FinalNetwork, RandomBaseline
from gemcore.searching.result import SearchResult
from gemcore.searching.setting import SearchSetting, TaskFacts
from gemcore.space import SearchSpace
from gemcore.tasks.preprocessing import Preprocessing
from gemcore.trials.trial import Trial

PREPROCESSING = Preprocessing((1, 8, 8), mean=(3.0,), std=(2.0,), layout="grey")
SETTING = SearchSetting(
    task=TaskFacts("shapes", "f1", ("round", "square"), PREPROCESSING),
    space=SearchSpace.preset("small"),
    skeleton=Skeleton.preset("proxy", width=4),
    input_size=(1, 8, 8),
    num_classes=2,
    config=SearchConfig(num_trials=4, embedding="adjacency"),
    seed=0,
)


def make_trial(index: int, accuracy: float | None, macs: int = 1_000_000, **changes: Any) -> Trial:
    cell = Cell(("input", *["conv1x1"] * (index + 1)), tuple((i, i + 1) for i in range(index + 1)))
    score = None if accuracy is None else accuracy - 0.1 * np.log10(macs / 1e6)
    values: dict[str, Any] = {
        "index": index,
        "cell": cell,
        "status": "failed: no memory" if accuracy is None else "complete",
        "accuracy": accuracy,
        "macs": macs,
        "params": 100,
        "score": score,
        "metrics": {} if accuracy is None else {"accuracy": accuracy},
        "seconds": 1.5,
        "seed": 0,
    }
    return Trial(**(values | changes))


def make_result(setting: SearchSetting = SETTING, **changes: Any) -> SearchResult:
    trials = [make_trial(0, 0.5), make_trial(1, 0.9), make_trial(2, None), make_trial(3, 0.9)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_network(trials[1].cell, setting.skeleton, num_classes=2, in_channels=1)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    baseline = RandomBaseline([make_trial(0, 0.5), make_trial(1, 0.8)], {"test_accuracy": 0.75})
    values: dict[str, Any] = {
        "trials": trials,
        "notes": ("The space is exhausted.",),
        "seconds": {"candidates": 6.0},
        "final": FinalNetwork({"test_accuracy": 0.875}, dict(network.state_dict())),
        "baseline": baseline,
    }
    return SearchResult(setting, **(values | changes))


@pytest.fixture(name="setting")
def _setting() -> SearchSetting:
    return SETTING


@pytest.fixture(name="bytes_setting")
def _bytes_setting() -> SearchSetting:
    """Of a task whose images were bytes."""
    preprocessing = dataclasses.replace(PREPROCESSING, values="bytes")
    task = dataclasses.replace(SETTING.task, preprocessing=preprocessing)
    return dataclasses.replace(SETTING, task=task)


@pytest.fixture(name="trial")
def _trial() -> Callable[..., Trial]:
    return make_trial


@pytest.fixture(name="result")
def _result() -> Callable[..., SearchResult]:
    """Makes results: trials 0 .. 3, of which 1 is the best, its network trained."""
    return make_result
