"""gemcore.tasks.cifar, on files of a few images in the official formats."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gemcore.restricted_pickle import load_dictionary
from gemcore.tasks.cifar import FORMS, NUM_CLASSES, read_cifar

NAMES = {name: [f"class_{i}" for i in range(count)] for name, count in NUM_CLASSES.items()}
KEYS = {"cifar10": ("labels", "label_names"), "cifar100": ("fine_labels", "fine_label_names")}
CASES = [(name, form) for name in FORMS for form in range(2)]


def batch(number: int) -> tuple[NDArray[np.uint8], list[int]]:
    """Pixels and labels of 2 images of the file of this number."""
    pixels = np.random.Generator(np.random.Philox(number)).integers(0, 256, (2, 3072))
    return pixels.astype(np.uint8), [number, 9]


def write_files(folder: Path, name: str, form: int, **dump: Any) -> None:
    """All files of a form, each with two images."""
    folder.mkdir(parents=True)
    files = FORMS[name][form]
    labels_key, names_key = KEYS[name]
    for number, file in enumerate((*files.train, files.test)):
        pixels, labels = batch(number)
        if form == 0:
            content = {"data": pixels, labels_key: labels, "coarse_labels": [0, 0]}
            (folder / file).write_bytes(pickle.dumps(content, **dump))
        else:
            coarse = b"\x07" if name == "cifar100" else b""
            records = zip(labels, pixels, strict=True)
            content_of = (coarse + bytes([label]) + row.tobytes() for label, row in records)
            (folder / file).write_bytes(b"".join(content_of))
    if form == 0:
        (folder / files.names).write_bytes(pickle.dumps({names_key: NAMES[name]}, **dump))
    else:
        (folder / files.names).write_text("\n".join(NAMES[name]) + "\n\n")


@pytest.mark.parametrize(("name", "form"), CASES)
@pytest.mark.parametrize("from_parent", [False, True])
def test_files_are_read(tmp_path: Path, name: str, form: int, from_parent: bool) -> None:
    folder = tmp_path / FORMS[name][form].folder
    write_files(folder, name, form)
    images, labels, names, test = read_cifar(tmp_path if from_parent else str(folder), name)
    num_files = len(FORMS[name][form].train) + 1
    parts = [batch(number) for number in range(num_files)]
    pixels = np.concatenate([part for part, _ in parts]).reshape(-1, 3, 32, 32)
    np.testing.assert_array_equal(images, pixels)
    assert images.dtype == np.uint8
    assert images.flags.c_contiguous
    assert not images.flags.writeable
    assert labels.tolist() == [label for _, part in parts for label in part]
    assert labels.dtype == np.int64
    assert names == tuple(NAMES[name])
    assert test.tolist() == [2 * num_files - 2, 2 * num_files - 1]


def test_channels_and_rows_are_where_the_format_says(tmp_path: Path) -> None:
    write_files(tmp_path / "c", "cifar10", 1)
    pixels = np.zeros((1, 3073), np.uint8)
    pixels[0, 1 + 2 * 1024 + 5 * 32 + 7] = 200  # Blue, row 5, column 7.
    (tmp_path / "c" / "data_batch_1.bin").write_bytes(pixels.tobytes())
    images = read_cifar(tmp_path / "c", "cifar10")[0]
    assert images[0, 2, 5, 7] == 200
    assert np.count_nonzero(images[0]) == 1


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_pickles_of_any_protocol(tmp_path: Path, protocol: int) -> None:
    write_files(tmp_path / "c", "cifar10", 0, protocol=protocol)
    np.testing.assert_array_equal(
        read_cifar(tmp_path / "c", "cifar10")[0][:2].reshape(2, -1), batch(0)[0]
    )


def test_python_2_files(tmp_path: Path) -> None:
    write_files(tmp_path / "c", "cifar10", 0)
    # As Python 2 wrote them: protocol 2, strings of bytes, numpy's old names.
    names = b"(U\x08airplane" + b"".join(b"U\x01%d" % i for i in range(1, 10)) + b"l"
    (tmp_path / "c" / "batches.meta").write_bytes(b"\x80\x02}(U\x0blabel_names" + names + b"u.")
    header = b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
    dtype = (
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNN"
        + 2 * b"J\xff\xff\xff\xff"
        + b"K\x00tb"
    )
    array = b"K\x00\x85U\x01b\x87R(K\x01K\x02M\x00\x0c\x86" + dtype + b"\x89T\x00\x18\x00\x00"
    content = header + array + batch(3)[0].tobytes() + b"tbU\x06labels](K\x06K\x03eu."
    (tmp_path / "c" / "test_batch").write_bytes(content)
    images, labels, class_names, test = read_cifar(tmp_path / "c", "cifar10")
    np.testing.assert_array_equal(images[test].reshape(2, -1), batch(3)[0])
    assert labels[test].tolist() == [6, 3]
    assert class_names == ("airplane", *map(str, range(1, 10)))


def test_batches_of_other_sizes(tmp_path: Path) -> None:
    write_files(tmp_path / "c", "cifar100", 0)
    content = {"data": np.zeros((5, 3072), np.uint8), "fine_labels": np.arange(5)}
    (tmp_path / "c" / "train").write_bytes(pickle.dumps(content))
    images, labels, _, test = read_cifar(tmp_path / "c", "cifar100")
    assert len(images) == len(labels) == 7
    assert labels[:5].tolist() == [0, 1, 2, 3, 4]
    assert test.tolist() == [5, 6]


def test_missing_files_are_named(tmp_path: Path) -> None:
    start = r"directory must be where the files of 'cifar10' lie \(cifar-10-batches-py or cifar-10-"
    with pytest.raises(FileNotFoundError, match=rf"{start}.*, got '.*/x', which is no folder"):
        read_cifar(tmp_path / "x", "cifar10")
    with pytest.raises(
        FileNotFoundError, match=rf"{start}.*: neither data_batch_1 nor data_batch_1.bin there"
    ):
        read_cifar(tmp_path, "cifar10")
    folder = tmp_path / "cifar-10-batches-bin"
    write_files(folder, "cifar10", 1)
    for file in ("data_batch_3.bin", "batches.meta.txt"):
        (folder / file).unlink()
    with pytest.raises(
        FileNotFoundError,
        match=r": no data_batch_3.bin, batches.meta.txt in .*cifar-10-batches-bin",
    ):
        read_cifar(tmp_path, "cifar10")


def test_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name must be one of 'cifar10', 'cifar100', got 'cifar'"):
        read_cifar(tmp_path, "cifar")


DATA = np.zeros((2, 3072), np.uint8)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"labels": [0, 1]}, "'data' as an array of uint8, got NoneType None"),
        ({"data": DATA.astype(np.int32), "labels": [0, 1]}, "'data' as an array of uint8, got nd"),
        ({"data": DATA[:, :-1], "labels": [0, 1]}, r"'data' of shape \[N, 3072\], got \[2, 3071\]"),
        ({"data": DATA[:0], "labels": []}, r"'data' of shape \[N, 3072\], got \[0, 3072\]"),
        ({"data": DATA}, "'labels' as a list of integers, got NoneType None"),
        ({"data": DATA, "labels": [0, 1.0]}, "'labels' as a list of integers, got list"),
        ({"data": DATA, "labels": [0]}, "one of 'labels' for each of 2 images, got 1"),
        ({"data": DATA, "labels": [0, 10]}, r"labels in 0 \.\. 9, got 10 at image 1"),
        ({"data": DATA, "labels": [-1, 0]}, r"labels in 0 \.\. 9, got -1 at image 0"),
        ([1], "a dictionary, got list"),
    ],
)
def test_pickles_of_other_things_are_refused(tmp_path: Path, content: Any, message: str) -> None:
    write_files(tmp_path / "c", "cifar10", 0)
    (tmp_path / "c" / "data_batch_2").write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=f"c/data_batch_2 must hold {message}"):
        read_cifar(tmp_path / "c", "cifar10")


def test_damaged_pickles_are_refused(tmp_path: Path) -> None:
    write_files(tmp_path / "c", "cifar10", 0)
    path = tmp_path / "c" / "test_batch"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"c/test_batch must be a pickle of .*: .*"):
        read_cifar(tmp_path / "c", "cifar10")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"label_names": ["a"] * 9}, "batches.meta must name 10 classes, got 9"),
        ({}, "batches.meta must hold 'label_names' as a list of names, got NoneType None"),
        ({"label_names": [1] * 10}, "batches.meta must name things by strings, got int"),
    ],
)
def test_other_names_are_refused(tmp_path: Path, content: Any, message: str) -> None:
    write_files(tmp_path / "c", "cifar10", 0)
    (tmp_path / "c" / "batches.meta").write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_cifar(tmp_path / "c", "cifar10")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cifar10", b"\0" * 6145, "must hold records of 3073 bytes, got 6145 bytes in all"),
        ("cifar100", b"\0" * 3073, "must hold records of 3074 bytes, got 3073 bytes in all"),
        ("cifar10", b"", "must hold records of 3073 bytes, got 0 bytes in all"),
        ("cifar10", b"\x0a" + b"\0" * 3072, r"must hold labels in 0 \.\. 9, got 10 at image 0"),
        ("cifar100", b"\0\x64" + b"\0" * 3072, r"must hold labels in 0 \.\. 99, got 100 at"),
    ],
)
def test_other_binary_files_are_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    write_files(tmp_path / "c", name, 1)
    path = tmp_path / "c" / FORMS[name][1].test
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path.name} {message}"):
        read_cifar(tmp_path / "c", name)


def test_arrays_stay_views_of_what_was_read(tmp_path: Path) -> None:
    write_files(tmp_path / "c", "cifar10", 0)
    assert load_dictionary(tmp_path / "c" / "test_batch")["data"].base is not None
