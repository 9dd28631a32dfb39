"""CIFAR-10 and CIFAR-100 in their official files, pickled or binary.

Source: https://www.cs.toronto.edu/~kriz/cifar.html
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_in, describe
from gemcore.restricted_pickle import load_dictionary, read_text
from gemcore.tasks.labels import check_stored_labels

SHAPE = (3, 32, 32)
NUM_PIXELS = 3 * 32 * 32  # Of an image: all red ones, row by row, then green, then blue.

Batch = tuple[NDArray[np.uint8], Sequence[int]]  # Pixels [N, 3072] and N labels.


@dataclass(frozen=True)
class Form:
    """One of the forms that the files come in.

    Args:
        folder: Its name in the archive.
        train: Files of the training part.
        test: File of the test part.
        names: File with the names of the classes.
        read_batch: Pixels and labels of a file of images.
        read_names: Names of the classes.
    """

    folder: str
    train: tuple[str, ...]
    test: str
    names: str
    read_batch: Callable[[Path], Batch]
    read_names: Callable[[Path], list[str]]

    @property
    def files(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.train, self.test, self.names)


def read_cifar(
    directory: str | Path, name: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[str, ...], NDArray[np.int64]]:
    """Images, fine labels, names of the classes and the numbers of the official test images.

    Args:
        directory: Where the files lie, or the folder of the archive: ``cifar-10-batches-py`` or
            ``cifar-10-batches-bin``, ``cifar-100-python`` or ``cifar-100-binary``.
        name: ``"cifar10"`` or ``"cifar100"``.

    Returns:
        uint8 ``[N, 3, 32, 32]``, read-only; int64 ``[N]``; 10 or 100 names; int64 ``[T]``. The test
        images come last.

    Raises:
        FileNotFoundError: If the folder or a file is missing.
        ValueError: If there is no such data set, or a file is truncated, holds another thing or
            names what no array needs; the file is named.
    """
    check_in("name", name, FORMS)
    place, form = _find_files(Path(directory), name)
    names = form.read_names(place / form.names)
    if len(names) != NUM_CLASSES[name]:
        raise ValueError(
            f"{place / form.names} must name {NUM_CLASSES[name]} classes, got {len(names)}"
        )
    files = [place / file for file in (*form.train, form.test)]
    # More than a file can hold; memory that is not written to costs nothing.
    room = sum(file.stat().st_size // NUM_PIXELS for file in files)
    images = np.empty((room, NUM_PIXELS), dtype=np.uint8)
    labels: list[int] = []
    first_of_file = 0
    for file in files:
        first_of_file = len(labels)
        pixels, classes = form.read_batch(file)
        check_stored_labels(file, classes, len(names))
        labels += classes
        images[first_of_file : len(labels)] = pixels
    images.flags.writeable = False
    test = np.arange(first_of_file, len(labels), dtype=np.int64)
    found = images[: len(labels)].reshape(-1, *SHAPE)
    return found, np.array(labels, dtype=np.int64), tuple(names), test


def _find_files(directory: Path, name: str) -> tuple[Path, Form]:
    """The folder that holds all files of a form, and the form."""
    places = [
        (place, form) for form in FORMS[name] for place in (directory, directory / form.folder)
    ]
    missing = [[f for f in form.files if not (place / f).is_file()] for place, form in places]
    for found, lacking in zip(places, missing, strict=True):
        if not lacking:
            return found
    folders = " or ".join(form.folder for form in FORMS[name])
    wanted = (
        f"directory must be where the files of {name!r} lie ({folders}), got {str(directory)!r}"
    )
    if not directory.is_dir():
        raise FileNotFoundError(f"{wanted}, which is no folder")
    for (place, form), lacking in zip(places, missing, strict=True):
        if len(lacking) < len(form.files):
            raise FileNotFoundError(f"{wanted}: no {', '.join(lacking)} in {place}")
    firsts = " nor ".join(form.train[0] for form in FORMS[name])
    raise FileNotFoundError(f"{wanted}: neither {firsts} there or in these folders")


def _read_pickle(path: Path, key: str) -> Batch:
    content = load_dictionary(path)
    pixels = content.get("data")
    if not (isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8):
        raise ValueError(f"{path} must hold 'data' as an array of uint8, got {describe(pixels)}")
    if pixels.shape != (len(pixels), NUM_PIXELS) or len(pixels) == 0:
        raise ValueError(
            f"{path} must hold 'data' of shape [N, {NUM_PIXELS}], got {list(pixels.shape)}"
        )
    labels: Any = content.get(key)
    if isinstance(labels, np.ndarray):
        labels = labels.tolist()
    if not (isinstance(labels, list) and all(type(label) is int for label in labels)):
        raise ValueError(f"{path} must hold {key!r} as a list of integers, got {describe(labels)}")
    if len(labels) != len(pixels):
        raise ValueError(
            f"{path} must hold one of {key!r} for each of {len(pixels)} images, got {len(labels)}"
        )
    return pixels, labels


def _read_pickled_names(path: Path, key: str) -> list[str]:
    names = load_dictionary(path).get(key)
    if not isinstance(names, list):
        raise ValueError(f"{path} must hold {key!r} as a list of names, got {describe(names)}")
    return [read_text(path, name) for name in names]


def _read_binary(path: Path, num_labels: int) -> Batch:
    """Records of the labels, of which the last one is the finest, and the pixels."""
    size, length = path.stat().st_size, num_labels + NUM_PIXELS
    if size == 0 or size % length:
        raise ValueError(f"{path} must hold records of {length} bytes, got {size} bytes in all")
    records = np.fromfile(path, dtype=np.uint8).reshape(-1, length)
    return records[:, num_labels:], records[:, num_labels - 1].tolist()


def _read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="latin1").split()


NUM_CLASSES = {"cifar10": 10, "cifar100": 100}
FORMS = {
    "cifar10": (
        Form(
            "cifar-10-batches-py",
            tuple(f"data_batch_{part}" for part in range(1, 6)),
            "test_batch",
            "batches.meta",
            partial(_read_pickle, key="labels"),
            partial(_read_pickled_names, key="label_names"),
        ),
        Form(
            "cifar-10-batches-bin",
            tuple(f"data_batch_{part}.bin" for part in range(1, 6)),
            "test_batch.bin",
            "batches.meta.txt",
            partial(_read_binary, num_labels=1),
            _read_lines,
        ),
    ),
    "cifar100": (
        Form(
            "cifar-100-python",
            ("train",),
            "test",
            "meta",
            partial(_read_pickle, key="fine_labels"),
            partial(_read_pickled_names, key="fine_label_names"),
        ),
        Form(
            "cifar-100-binary",
            ("train.bin",),
            "test.bin",
            "fine_label_names.txt",
            partial(_read_binary, num_labels=2),
            _read_lines,
        ),
    ),
}
