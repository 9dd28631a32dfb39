"""Results of searches that were never run, and small searches that are."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
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
from gemcore.searching.search import search
from gemcore.searching.setting import SearchSetting, TaskFacts
from gemcore.space import SearchSpace
from gemcore.tasks import EvaluationContext, TrainingConfig
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


class CountingTask:
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


def run_small(
    task: Any, out: Path, *, seed: int = 0, initial: Any = (), **changes: Any
) -> SearchResult:
    small: dict[str, Any] = {"num_trials": 8, "num_initial": 3, "cells_per_round": 2}
    training = TrainingConfig(epochs=1, final_epochs=1, batch_size=16)
    quick = {"bootstrap_samples": 200, "embedding": "adjacency", "training": training}
    config = SearchConfig(**(small | quick | changes))
    return search(task, config=config, out=out, seed=seed, initial=initial, progress=False)


@pytest.fixture(name="counter")
def _counter() -> Callable[..., CountingTask]:
    """Makes tasks that count their calls."""
    return CountingTask


@pytest.fixture(name="run")
def _run() -> Callable[..., SearchResult]:
    """Runs a small search in a folder."""
    return run_small


@pytest.fixture(name="content")
def _content() -> Callable[[Path], dict[str, bytes]]:
    """Reads all files of a folder."""

    def read(folder: Path) -> dict[str, bytes]:
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    return read


@pytest.fixture
def interrupted(tmp_path: Path) -> Path:
    """A run that Ctrl-C ended in its fifth evaluation."""

    def press_ctrl_c() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_small(CountingTask(5, press_ctrl_c), tmp_path / "run")
    return tmp_path / "run"
