"""CIFAR-10 as a task, from one .npz in which every image is a JPEG without its header.

The file holds ``header`` (the bytes that all images begin with), ``train_data`` (what follows them,
image after image), ``train_len`` (how many bytes of it each image has) and ``train_y`` (classes).
JPEG loses a little: accuracies are those of these images, not of the official ones.
"""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gemcore import EncoderConfig, ProxyTask, SearchSpace, TrainingConfig

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


def draw_of_each(labels: NDArray[np.uint8], count: int) -> NDArray[np.int64]:
    """Numbers of ``count`` images of each class, drawn once and for all, ascending."""
    draw = np.random.Generator(np.random.Philox(key=0))
    classes = [np.flatnonzero(labels == label) for label in range(len(CLASSES))]
    return np.sort(np.concatenate([draw.permutation(each)[:count] for each in classes]))


def decode(stored: dict[str, NDArray[np.generic]], index: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The training images of these numbers, uint8 ``[N, 32, 32, 3]``."""
    header = stored["header"].tobytes()
    data = stored["train_data"].tobytes()
    ends = np.cumsum(stored["train_len"], dtype=np.int64)
    starts = np.concatenate([[0], ends[:-1]])
    images = np.empty((len(index), 32, 32, 3), np.uint8)
    for image, number in zip(images, index, strict=True):
        content = header + data[starts[number] : ends[number]]
        with Image.open(io.BytesIO(content)) as opened:
            image[:] = np.asarray(opened.convert("RGB"))
    return images


def cifar10_tenth(path: Path, *, epochs: int | None = None) -> ProxyTask:
    """500 training images of each class, split as a task splits: the paper's proxy.

    Args:
        path: The file.
        epochs: Of each candidate. None: what gemcore does by default.
    """
    with np.load(path) as file:
        names = ("header", "train_data", "train_len", "train_y")
        stored = {name: file[name] for name in names}
    index = draw_of_each(stored["train_y"], 500)
    training = TrainingConfig() if epochs is None else TrainingConfig(epochs=epochs)
    return ProxyTask(
        decode(stored, index),
        stored["train_y"][index],
        class_names=CLASSES,
        channels="last",
        name="cifar10",
        space=SearchSpace.preset("small"),
        config={
            "num_trials": 30,
            "encoder": EncoderConfig(num_steps=1200),
            "training": training,
        },
    )
