"""A task on its way into another process: a file of arrays and a few words of JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gemcore.tasks import ProxyTask

IMAGES, LABELS, TEST = "images.npy", "labels.npy", "test.npy"


def write_task(task: ProxyTask, folder: Path) -> dict[str, Any]:
    """Writes the task's arrays into the folder; returns the rest, ready for JSON."""
    for name, array in ((IMAGES, task.images), (LABELS, task.labels), (TEST, task.split.test)):
        np.save(folder / name, array, allow_pickle=False)
    return {
        "class_names": list(task.class_names),
        "proxy_fraction": task.proxy_fraction,
        "valid_fraction": task.valid_fraction,
        "name": task.name,
        "seed": task.seed,
        "fingerprint": task.fingerprint,
    }


def read_task(folder: Path, words: Mapping[str, Any]) -> ProxyTask:
    """The task that :func:`write_task` wrote; all processes share the memory of its images."""
    images = np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False)
    labels, test = (np.load(folder / name, allow_pickle=False) for name in (LABELS, TEST))
    rest = {name: value for name, value in words.items() if name != "fingerprint"}
    task = ProxyTask(images, labels, channels="first", test_index=test, **rest)
    assert task.fingerprint == words["fingerprint"], "the task changed on its way"
    return task
