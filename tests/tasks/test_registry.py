"""gemcore.tasks.registry: tasks by name, from tiny files in the official formats."""

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gemcore import EncoderConfig, SearchConfig, SearchSpace, Skeleton
from gemcore.tasks import load_task, task_names
from gemcore.tasks.cifar import read_cifar
from gemcore.tasks.image_config import ImageConfig
from gemcore.tasks.registry import needs_directory

NAMED = ("cifar10", "cifar100", "mnist", "fashion_mnist")
EACH = 20  # Training images of each class in a file; there is one for test.


def write_cifar10(folder: Path) -> None:
    for number in range(1, 7):
        labels = np.repeat(np.arange(10, dtype=np.uint8), EACH if number < 6 else 1)
        pixels = np.full((len(labels), 3072), number, np.uint8) * (1 + labels[:, None])
        file = f"data_batch_{number}.bin" if number < 6 else "test_batch.bin"
        (folder / file).write_bytes(np.hstack([labels[:, None], pixels]).tobytes())
    (folder / "batches.meta.txt").write_text("\n".join(f"name{i}" for i in range(10)))


def write_cifar100(folder: Path) -> None:
    for file, each in (("train.bin", EACH), ("test.bin", 1)):
        labels = np.repeat(np.arange(100, dtype=np.uint8), each)[:, None]
        pixels = np.broadcast_to(labels, (len(labels), 3072))
        (folder / file).write_bytes(np.hstack([labels // 5, labels, pixels]).tobytes())
    (folder / "fine_label_names.txt").write_text("\n".join(f"name{i}" for i in range(100)))


def write_mnist(folder: Path) -> None:
    for part, each in (("train", EACH), ("t10k", 1)):
        labels = np.repeat(np.arange(10, dtype=np.uint8), each)
        images = np.broadcast_to(labels[:, None, None], (len(labels), 28, 28))
        header = struct.pack(">4I", 2051, len(labels), 28, 28)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        header = struct.pack(">2I", 2049, len(labels))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())


WRITERS: dict[str, Any] = {
    "cifar10": write_cifar10,
    "cifar100": write_cifar100,
    "mnist": write_mnist,
    "fashion_mnist": write_mnist,
}


def test_names() -> None:
    assert task_names() == ("digits", *NAMED)
    assert [name for name in task_names() if needs_directory(name)] == list(NAMED)


def test_unknown_names_are_refused() -> None:
    names = "'digits', 'cifar10', 'cifar100', 'mnist', 'fashion_mnist'"
    with pytest.raises(ValueError, match=f"task must be one of {names}, got 'digit'"):
        load_task("digit")
    with pytest.raises(ValueError, match=f"task must be one of {names}, got 'digit'"):
        needs_directory("digit")
    with pytest.raises(TypeError, match="task must be of type str, got int 3"):
        load_task(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMED)
def test_official_files_become_a_task(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path)
    task = load_task(name, tmp_path)
    num_classes = 100 if name == "cifar100" else 10
    assert task.name == name
    assert task.num_classes == num_classes
    assert task.input_size == ((3, 32, 32) if "cifar" in name else (1, 28, 28))
    assert task.images.dtype == np.uint8
    known = len(task.labels) - num_classes
    assert task.split.test.tolist() == list(range(known, len(task.labels)))
    # A tenth of each class, of which a fifth validates.
    seen = np.concatenate([task.split.train, task.split.valid])
    assert np.bincount(task.labels[seen]).tolist() == [known // num_classes // 10] * num_classes
    assert len(task.split.valid) == round(0.2 * len(seen))
    assert seen.max() < known
    assert len(task.split.known(len(task.labels))) == known


@pytest.mark.parametrize("name", NAMED)
def test_what_suits_them(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path)
    task = load_task(name, str(tmp_path))
    assert task.space == SearchSpace.preset("small")
    assert task.skeleton == Skeleton.preset("proxy", width=16)
    config = SearchConfig(**(task.config or {}))
    assert (config.num_trials, config.encoder) == (48, EncoderConfig(num_steps=1200))


def test_images_are_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gemcore.tasks import registry

    read: list[Any] = []

    def reading(*args: Any) -> Any:
        read.append(read_cifar(*args))
        return read[0]

    write_cifar10(tmp_path)
    monkeypatch.setitem(registry.TASKS, "cifar10", registry.Known(reading, ""))
    assert np.shares_memory(load_task("cifar10", tmp_path).images, read[0][0])


def test_classes_are_named(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    assert load_task("mnist", tmp_path).class_names == tuple("0123456789")
    assert load_task("fashion_mnist", tmp_path).class_names[::9] == ("T-shirt/top", "Ankle boot")
    write_cifar10(tmp_path)
    assert load_task("cifar10", tmp_path).class_names[::9] == ("name0", "name9")


def test_shares_may_be_others(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    config = ImageConfig(proxy_fraction=1.0, valid_fraction=0.5, test_fraction=0.9)
    split = load_task("mnist", tmp_path, images=config).split
    assert [len(part) for part in (split.train, split.valid, split.test)] == [100, 100, 10]
    split = load_task("mnist", tmp_path, images=ImageConfig(proxy_fraction=0.5)).split
    assert [len(part) for part in (split.train, split.valid, split.test)] == [80, 20, 10]
    digits = load_task("digits", images=ImageConfig(proxy_fraction=0.5, test_fraction=0.5)).split
    assert len(digits.test) == round(0.5 * 1797)
    assert len(digits.train) + len(digits.valid) == round(0.5 * (1797 - len(digits.test)))


def test_the_draw_is_the_same_each_time(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    first, second = (load_task("mnist", tmp_path) for _ in range(2))
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("cifar10", "cifar-10-batches-py or cifar-10-batches-bin"),
        ("cifar100", "cifar-100-python or cifar-100-binary"),
        ("mnist", "train-images-idx3-ubyte and so on, .gz or not"),
        ("fashion_mnist", "train-images-idx3-ubyte and so on, .gz or not"),
    ],
)
def test_a_directory_is_needed(tmp_path: Path, name: str, files: str) -> None:
    wanted = f"directory must be where the files of {name!r} lie ({files}), got "
    with pytest.raises(ValueError, match=re.escape(f"{wanted}None")):
        load_task(name)
    with pytest.raises(FileNotFoundError, match=re.escape(f"{wanted}'{tmp_path}/x', which is no")):
        load_task(name, tmp_path / "x")
    with pytest.raises(TypeError, match="directory must be of type str or PathLike, got int 3"):
        load_task(name, 3)  # type: ignore[arg-type]


def test_digits_take_no_directory() -> None:
    with pytest.raises(
        ValueError, match="directory must be None for 'digits', whose images are bundled, got 'x'"
    ):
        load_task("digits", "x")
    with pytest.raises(TypeError, match="images must be of type ImageConfig, got int 3"):
        load_task("digits", images=3)  # type: ignore[arg-type]
