"""NAS-Bench-201's official file: a dictionary with the log of every training."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import describe
from gemcore.progress import progress_bar
from gemcore.restricted_pickle import PickledArray
from gemcore.tables.nasbench201_cells import pack_archs
from gemcore.tables.torch_files import StoredTensor, read_torch

HYPER_PARAMETERS = {12: "less", 200: "full"}  # By epochs.
PERCENT = 100.0
# For each data set where its accuracies are: the training, and the images measured on.
SOURCES: dict[str, dict[str, tuple[str, str]]] = {
    "cifar10": {
        "accuracy": ("cifar10", "ori-test"),
        "validation_accuracy": ("cifar10-valid", "x-valid"),
    },
    "cifar10-valid": {
        "accuracy": ("cifar10-valid", "ori-test"),
        "validation_accuracy": ("cifar10-valid", "x-valid"),
    },
    "cifar100": {
        "accuracy": ("cifar100", "x-test"),
        "validation_accuracy": ("cifar100", "x-valid"),
    },
    "ImageNet16-120": {
        "accuracy": ("ImageNet16-120", "x-test"),
        "validation_accuracy": ("ImageNet16-120", "x-valid"),
    },
}


def read_logs(path: Path, *, dataset: str, epochs: int, progress: bool = False) -> dict[str, Any]:
    """Cells, metrics and costs of ``NAS-Bench-201-v1_1-096897.pth``.

    Args:
        path: The file.
        dataset: A key of ``SOURCES``.
        epochs: 12 or 200: which hyper-parameters.
        progress: Whether to show a bar once the file is read.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, of another kind, or lacks something; file and architecture are
            named.
    """
    found = read_torch(path)
    archs, infos = _find_parts(path, found)
    logs = []
    with progress_bar(len(archs), "architectures", enabled=progress) as bar:
        for number, arch in enumerate(archs):
            try:
                logs.append(_read_arch_log(arch, infos[number], dataset, epochs))
            except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
                reason = f"it lacks {error}" if isinstance(error, KeyError) else error
                raise ValueError(
                    f"{path} must hold trainings on {dataset!r} of {epochs} epochs, got "
                    f"architecture {number} ({describe(arch)}): {reason}"
                ) from None
            bar.update()
    try:
        cells = pack_archs(archs)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return {
        "cells": cells,
        "metrics": _name_metrics(logs),
        "macs": [log.macs for log in logs],
        "params": [log.params for log in logs],
    }


@dataclass(frozen=True)
class _Log:
    """What is kept of the trainings of an architecture.

    Args:
        runs: Numbers of each run by metric.
        macs: Multiply-adds on one image.
        params: Trainable parameters.
    """

    runs: dict[str, list[float]]
    macs: int
    params: int


def _find_parts(path: Path, found: Any) -> tuple[list[Any], Mapping[int, Any]]:
    """Strings of the architectures, and their logs."""
    archs = found.get("meta_archs") if isinstance(found, dict) else None
    infos = found.get("arch2infos") if isinstance(found, dict) else None
    if not isinstance(archs, list) or not isinstance(infos, dict) or not archs:
        raise ValueError(
            f"{path} must hold the architectures and logs of NAS-Bench-201 (meta_archs, "
            f"arch2infos), got {describe(list(found) if isinstance(found, dict) else found)}"
        )
    for arch in archs:
        if not isinstance(arch, str):
            raise ValueError(f"{path} must name architectures by strings, got {describe(arch)}")
    return archs, infos


def _read_arch_log(arch: str, info: Any, dataset: str, epochs: int) -> _Log:
    trainings = info[HYPER_PARAMETERS[epochs]]
    if trainings["arch_str"] != arch:
        raise ValueError(f"its log is of {describe(trainings['arch_str'])}")
    runs: dict[str, list[float]] = {}
    for metric, (training, images) in SOURCES[dataset].items():
        seeds = trainings["dataset_seed"].get(training, ())
        if not seeds and metric == "accuracy":
            raise ValueError(
                f"it was not trained there, but on {', '.join(trainings['dataset_seed'])}"
            )
        results = [trainings["all_results"][training, seed] for seed in seeds]
        runs[metric] = [_fraction(r["eval_acc1es"][f"{images}@{_last(r)}"]) for r in results]
        if metric == "accuracy":
            runs["train_accuracy"] = [_fraction(r["train_acc1es"][_last(r)]) for r in results]
            runs["seconds"] = [_seconds(r) for r in results]
            runs["latency"] = [_mean(r["latency"]) for r in results]
            macs, params = (_millions(results[0][key]) for key in ("flop", "params"))
    return _Log(runs, macs, params)


def _last(result: Mapping[str, Any]) -> int:
    """Number of the last epoch."""
    return int(result["epochs"]) - 1


def _seconds(result: Mapping[str, Any]) -> float:
    times = result.get("train_times")
    return sum(map(_number, times.values())) if times else math.nan


def _mean(values: Sequence[Any] | None) -> float:
    """Mean of what may not have been measured."""
    return sum(map(_number, values)) / len(values) if values else math.nan


def _millions(value: Any) -> int:
    number = _number(value) * 1e6
    if not (math.isfinite(number) and 0 <= number < 2**62):
        raise ValueError(f"a cost must be a number of millions, got {describe(value)}")
    return round(number)


def _fraction(value: Any) -> float:
    fraction = _number(value) / PERCENT
    if not 0 <= fraction <= 1:
        raise ValueError(f"an accuracy must be in 0 .. 100 percent, got {describe(value)}")
    return fraction


def _number(value: Any) -> float:
    if isinstance(value, StoredTensor):
        return value.item()
    if isinstance(value, PickledArray) and value.array.size == 1:
        value = value.array.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"a number must stand there, got {describe(value)}")
    return float(value)


def _name_metrics(logs: Sequence[_Log]) -> dict[str, NDArray[np.float64]]:
    """Means over runs by name, and the runs' own, NaN where a cell has fewer than others."""
    metrics = {}
    for name in logs[0].runs:
        num_runs = max(len(log.runs[name]) for log in logs)
        runs = np.full((len(logs), num_runs), np.nan)
        for row, log in zip(runs, logs, strict=True):
            row[: len(log.runs[name])] = log.runs[name]
        counts = (~np.isnan(runs)).sum(axis=1)
        if counts.any():  # Some files have no times.
            sums = np.nansum(runs, axis=1)
            metrics[name] = np.divide(
                sums, counts, out=np.full(len(logs), np.nan), where=counts > 0
            )
            metrics[f"{name}_runs"] = runs
    return metrics
