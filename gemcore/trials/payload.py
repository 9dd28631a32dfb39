"""A task on its way into another process: a file of arrays and a few words of JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gemcore.tasks import ProxyTask

ARRAYS = "task.npz"


def write_task(task: ProxyTask, folder: Path) -> dict[str, Any]:
    """Writes the task's arrays into the folder; returns the rest, ready for JSON."""
    np.savez(folder / ARRAYS, images=task.images, labels=task.labels)
    return {
        "class_names": list(task.class_names),
        "test_fraction": task.test_fraction,
        "valid_fraction": task.valid_fraction,
        "name": task.name,
        "seed": task.seed,
        "fingerprint": task.fingerprint,
    }


def read_task(folder: Path, words: Mapping[str, Any]) -> ProxyTask:
    """The task that :func:`write_task` wrote."""
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    rest = {name: value for name, value in words.items() if name != "fingerprint"}
    task = ProxyTask(images, labels, channels="first", **rest)
    assert task.fingerprint == words["fingerprint"], "the task changed on its way"
    return task
