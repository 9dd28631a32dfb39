"""gemcore.tasks.mnist, on files of a few images in the official format."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gemcore.tasks.mnist import CLASS_NAMES, FOLDERS, read_idx, read_mnist

STEMS = [
    f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
]


def idx(array: NDArray[np.uint8]) -> bytes:
    """The IDX file of an array of bytes."""
    axes = b"".join(struct.pack(">I", size) for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + axes + array.tobytes()


def contents() -> dict[str, NDArray[np.uint8]]:
    """Three images for training and two for test."""
    draw = np.random.Generator(np.random.Philox(0))
    images, labels = draw.integers(0, 256, (5, 28, 28)), np.arange(5, 10)
    parts: list[NDArray[np.int64]] = [images[:3], labels[:3], images[3:], labels[3:]]
    return {stem: part.astype(np.uint8) for stem, part in zip(STEMS, parts, strict=True)}


def write_files(folder: Path, *, suffix: str = "", dotted: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stem, array in contents().items():
        name = (stem.replace("-idx", ".idx") if dotted else stem) + suffix
        content = idx(array)
        (folder / name).write_bytes(gzip.compress(content) if suffix else content)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("name", list(FOLDERS))
def test_files_are_read(tmp_path: Path, suffix: str, dotted: bool, name: str) -> None:
    write_files(tmp_path, suffix=suffix, dotted=dotted)
    images, labels, names, test = read_mnist(tmp_path, name)
    given = contents()
    np.testing.assert_array_equal(images[:3], given[STEMS[0]])
    np.testing.assert_array_equal(images[3:], given[STEMS[2]])
    assert images.dtype == np.uint8
    assert not images.flags.writeable
    assert labels.tolist() == [5, 6, 7, 8, 9]
    assert labels.dtype == np.int64
    assert names == CLASS_NAMES[name]
    assert len(names) == 10
    assert test.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("name", "place", "given"),
    [
        ("mnist", "MNIST/raw", "."),
        ("mnist", "MNIST/raw", "MNIST"),
        ("fashion_mnist", "FashionMNIST/raw", "."),
    ],
)
def test_places_of_torchvision(tmp_path: Path, name: str, place: str, given: str) -> None:
    write_files(tmp_path / place)
    assert len(read_mnist(str(tmp_path / given), name)[0]) == 5


def test_places_of_the_two_are_told_apart(tmp_path: Path) -> None:
    write_files(tmp_path / "FashionMNIST" / "raw")
    with pytest.raises(FileNotFoundError, match=r"none of them there or in MNIST/raw"):
        read_mnist(tmp_path, "mnist")


def test_missing_files_are_named(tmp_path: Path) -> None:
    start = r"directory must be where the files of 'mnist' lie \(train-images-idx3-ubyte and so on"
    with pytest.raises(FileNotFoundError, match=rf"{start}.*, got '.*/x', which is no folder"):
        read_mnist(tmp_path / "x", "mnist")
    with pytest.raises(FileNotFoundError, match=rf"{start}.*: none of them there or in MNIST/raw"):
        read_mnist(tmp_path, "mnist")
    write_files(tmp_path / "MNIST" / "raw")
    (tmp_path / "MNIST" / "raw" / STEMS[1]).unlink()
    with pytest.raises(FileNotFoundError, match=r": no train-labels-idx1-ubyte in .*MNIST/raw"):
        read_mnist(tmp_path, "mnist")


def test_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name must be one of 'mnist', 'fashion_mnist', got 'm'"):
        read_mnist(tmp_path, "m")


IMAGES = idx(np.zeros((2, 28, 28), np.uint8))
LABELS = idx(np.zeros(2, np.uint8))


@pytest.mark.parametrize(
    ("number", "content", "message"),
    [
        (2, LABELS, "must begin with the magic number 2051, got 2049"),
        (3, IMAGES, "must begin with the magic number 2049, got 2051"),
        (2, b"\0\0", "must begin with the magic number 2051, got 2 bytes in all"),
        (3, LABELS[:6], "must have a header of 8 bytes, got 6 in all"),
        (2, IMAGES[:-1], "must hold 1568 bytes after its header, which says 2 x 28 x 28, got 1567"),
        (2, IMAGES + b"\0", "must hold 1568 bytes after its header, .*, got 1569"),
        (2, idx(np.zeros((2, 28, 27), np.uint8)), "must hold images of 28 x 28, got 2 x 28 x 27"),
        (2, idx(np.zeros((0, 28, 28), np.uint8)), "must hold images of 28 x 28, got 0 x 28 x 28"),
        (3, idx(np.zeros(3, np.uint8)), "must hold a label for each of 2 images, got 3"),
        (3, idx(np.array([9, 10], np.uint8)), r"must hold labels in 0 \.\. 9, got 10 at image 1"),
    ],
)
def test_other_content_is_refused(
    tmp_path: Path, number: int, content: bytes, message: str
) -> None:
    write_files(tmp_path)
    (tmp_path / STEMS[number]).write_bytes(content)
    with pytest.raises(ValueError, match=f"{STEMS[number]} {message}"):
        read_mnist(tmp_path, "mnist")


def test_damaged_gz_files_are_refused(tmp_path: Path) -> None:
    write_files(tmp_path, suffix=".gz")
    path = tmp_path / f"{STEMS[0]}.gz"
    whole = path.read_bytes()
    for length in (0, 5, 20, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        wanted = "must be a whole .gz file, but it ends early" if length else "must begin with"
        with pytest.raises(ValueError, match=rf"{STEMS[0]}.gz {wanted}"):
            read_mnist(tmp_path, "mnist")
    for content, reason in (
        (IMAGES, "Not a gzipped file"),
        (whole[:-8] + bytes(8), "CRC"),
        (whole[:10] + b"\xff" * 30, "Error -3"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=rf"{STEMS[0]}.gz must be a .gz file: {reason}"):
            read_mnist(tmp_path, "mnist")


def test_a_header_of_huge_sizes_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    path.write_bytes(bytes([0, 0, 8, 3]) + b"\xff" * 12)
    with pytest.raises(ValueError, match=r"must hold \d{29} bytes after its header"):
        read_idx(path, 2051)
