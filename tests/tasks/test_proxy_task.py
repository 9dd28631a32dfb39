"""gemcore.tasks.proxy_task and the digits."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from gemcore import SearchSpace, Skeleton
from gemcore.tasks import ProxyTask, load_task


def striped(num_images: int, num_classes: int, *shape: int) -> tuple[Any, Any]:
    """Images that anyone can tell apart: class k is brighter than class k - 1."""
    labels = np.arange(num_images) % num_classes
    generator = np.random.Generator(np.random.Philox(0))
    noise = generator.normal(0, 0.05, (num_images, *shape))
    return (labels / num_classes).reshape(-1, *[1] * len(shape)) + noise, labels


def test_digits() -> None:
    task = load_task("digits")
    digits = load_digits()
    assert task.name == "digits"
    assert task.input_size == (1, 8, 8)
    assert task.num_classes == 10
    assert task.class_names == tuple("0123456789")
    assert task.space == SearchSpace.preset("small")
    assert task.skeleton == Skeleton.preset("proxy", width=8)
    assert [len(part) for part in (task.split.train, task.split.valid, task.split.test)] == [
        1150,
        288,
        359,
    ]
    np.testing.assert_array_equal(task.images[:, 0], digits.images)
    np.testing.assert_array_equal(task.labels, digits.target)


def test_digits_are_stratified() -> None:
    task = load_task("digits")
    everything = np.bincount(task.labels) / len(task.labels)
    for part in (task.split.train, task.split.valid, task.split.test):
        counts = np.bincount(task.labels[part])
        assert abs(counts - everything * len(part)).max() <= 1


def test_digits_and_their_split_are_frozen() -> None:
    # The same in every process and version: stored accuracies are worth nothing once this changes.
    assert load_task("digits").fingerprint.startswith("6d6d23436099fd8a")


def test_arrays_are_copied_and_read_only() -> None:
    images, labels = striped(20, 2, 4, 4)
    task = ProxyTask(images, labels)
    images[:] = 0
    labels[:] = 0
    assert task.images.any()
    assert task.labels.any()
    for array in (task.images, task.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_statistics_are_of_training_images_alone() -> None:
    images, labels = striped(40, 2, 4, 4)
    task = ProxyTask(images, labels)
    train = images[task.split.train].astype(np.float32)
    np.testing.assert_allclose(task.preprocessing.mean, train.mean(dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(task.preprocessing.std, train.std(dtype=np.float64), rtol=1e-6)
    torch.testing.assert_close(
        task.preprocess(images), task.preprocessing.normalize(torch.from_numpy(task.images.copy()))
    )


def test_tensors_and_channels_last_give_the_same_task() -> None:
    images, labels = striped(40, 2, 3, 8, 9)
    task = ProxyTask(images, labels)
    tensors = ProxyTask(torch.from_numpy(images), torch.from_numpy(labels))
    last = ProxyTask(np.moveaxis(images, 1, 3), labels)
    named = ProxyTask(images, [("a", "b")[label] for label in labels])
    assert task.fingerprint == tensors.fingerprint == last.fingerprint == named.fingerprint
    assert last.preprocess(np.moveaxis(images, 1, 3)).shape == (40, 3, 8, 9)


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"test_fraction": 0.3}, {"valid_fraction": 0.3}],
    ids=["seed", "test", "valid"],
)
def test_fingerprint_tells_splits_apart(change: dict[str, Any]) -> None:
    images, labels = striped(40, 2, 4, 4)
    assert ProxyTask(images, labels).fingerprint != ProxyTask(images, labels, **change).fingerprint


def test_fingerprint_tells_data_apart() -> None:
    images, labels = striped(40, 2, 4, 4)
    fingerprint = ProxyTask(images, labels).fingerprint
    assert ProxyTask(images, 1 - labels).fingerprint != fingerprint
    images[3, 2, 1] += 1
    assert ProxyTask(images, labels).fingerprint != fingerprint


def test_class_names_may_be_none() -> None:
    images, labels = striped(20, 2, 4, 4)
    assert ProxyTask(images, labels, class_names=None).class_names == ("0", "1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"images": np.zeros((0, 4, 4)), "labels": []}, ValueError, "images must not be empty"),
        ({"labels": [0] * 20}, ValueError, "labels must name at least 2 classes, got 0"),
        ({"labels": [0, 1]}, ValueError, r"labels must have shape \[20\], .* got \[2\]"),
        ({"channels": "odd"}, ValueError, "channels must be one of"),
        ({"test_fraction": 2}, ValueError, r"test_fraction must be in 0 \.\. 1, got 2"),
        ({"seed": -1}, ValueError, "seed must be in"),
        ({"seed": 1.5}, TypeError, "seed must be an integer, got float 1.5"),
        ({"name": 3}, TypeError, "name must be of type str, got int 3"),
        ({"space": "small"}, TypeError, "space must be of type SearchSpace, got str 'small'"),
        ({"skeleton": 3}, TypeError, "skeleton must be of type Skeleton, got int 3"),
        ({"config": 3}, TypeError, "config must be of type Mapping, got int 3"),
    ],
)
def test_bad_arguments_are_refused(
    change: dict[str, Any], error: type[Exception], message: str
) -> None:
    images, labels = striped(20, 2, 4, 4)
    with pytest.raises(error, match=message):
        ProxyTask(**{"images": images, "labels": labels, **change})
