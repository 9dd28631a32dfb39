"""Tasks over torch data sets."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset, TensorDataset

from gemcore.tasks import ProxyTask

LABELS = torch.arange(20) % 2


class Samples(Dataset[Any]):
    """Samples made one by one; it counts how often it is asked."""

    def __init__(self, make: Callable[[int], Any], number: int = 20) -> None:
        self.make, self.number = make, number
        self.asked: list[int] = []

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, index: int) -> Any:
        self.asked.append(index)
        return self.make(index)


def test_tensors_and_labels() -> None:
    images = torch.rand(20, 3, 8, 8)
    task = ProxyTask.from_dataset(TensorDataset(images, LABELS), name="mine", seed=2)
    assert repr(task) == "ProxyTask('mine': 20 images of 3 x 8 x 8, 2 classes)"
    assert np.array_equal(task.images, images.numpy())
    assert task.labels.tolist() == LABELS.tolist()


def test_pillow_images_are_kept_as_bytes_and_each_sample_is_read_once() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 6, 9, 3), dtype=np.uint8)
    dataset = Samples(lambda i: (Image.fromarray(pixels[i]), i % 2))
    task = ProxyTask.from_dataset(dataset)
    assert dataset.asked == list(range(20))
    assert task.input_size == (3, 6, 9)
    assert task.images.dtype == np.uint8
    assert np.array_equal(task.images, pixels.transpose(0, 3, 1, 2))
    assert task.preprocessing.values == "bytes"


def test_grey_pillow_images_have_one_channel() -> None:
    task = ProxyTask.from_dataset(Samples(lambda i: (Image.new("L", (5, 7), i), i % 2)))
    assert task.input_size == (1, 7, 5)
    assert task.images[:, 0, 0, 0].tolist() == list(range(20))


def test_pillow_images_are_read_as_files_are() -> None:
    clear = Image.new("RGBA", (5, 7), (9, 9, 9, 0))  # On white where transparent.
    task = ProxyTask.from_dataset(Samples(lambda i: (clear, i % 2)))
    assert task.input_size == (3, 7, 5)
    assert (task.images == 255).all()
    deep = Image.fromarray(np.full((7, 5), 65535, dtype=np.uint16))
    task = ProxyTask.from_dataset(Samples(lambda i: (deep, i % 2)))
    assert task.input_size == (1, 7, 5)
    assert (task.images == 255).all()
    real = Image.new("F", (5, 7), 0.5)  # Numbers, which stay numbers.
    assert (ProxyTask.from_dataset(Samples(lambda i: (real, i % 2))).images == 0.5).all()


def test_the_classes_of_the_data_set_have_its_names() -> None:
    dataset: Any = TensorDataset(torch.zeros(20, 1, 4, 4), LABELS)
    dataset.classes = ["cat", "dog"]
    assert ProxyTask.from_dataset(dataset).class_names == ("cat", "dog")
    assert ProxyTask.from_dataset(dataset, class_names=["a", "b"]).class_names == ("a", "b")


@pytest.mark.parametrize(
    ("dataset", "error", "message"),
    [
        (3, TypeError, "dataset must have a length and items, got int 3"),
        (Samples(lambda i: None, 0), ValueError, "dataset must hold images, got none"),
        (
            Samples(lambda i: torch.zeros(1, 4, 4)),
            TypeError,
            r"dataset must have samples \(image, label\), got Tensor .* at 0",
        ),
        (
            Samples(lambda i: (torch.zeros(1, 4, 4 + (i == 3)), i % 2)),
            ValueError,
            r"images of one shape, got \[1, 4, 4\] at 0 and \[1, 4, 5\] at 3: let its transform",
        ),
        (
            Samples(lambda i: (np.zeros((1, 4, 4), "u1" if i < 5 else "f4"), i % 2)),
            ValueError,
            "images of one dtype, got uint8 at 0 and float32 at 5: let its transform",
        ),
    ],
)
def test_what_is_no_task_is_refused(dataset: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ProxyTask.from_dataset(dataset)
