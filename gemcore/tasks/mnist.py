"""MNIST and Fashion-MNIST in their official files.

Sources: http://yann.lecun.com/exdb/mnist (the format), https://github.com/zalandoresearch/fashion-mnist
"""

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_in
from gemcore.tasks.labels import check_stored_labels

SIDE, NUM_CLASSES = 28, 10
IMAGES, LABELS = 0x0803, 0x0801  # Magic numbers: bytes, in so many dimensions.
FOLDERS = {"mnist": "MNIST/raw", "fashion_mnist": "FashionMNIST/raw"}  # Where torchvision writes.
PARTS = ("train", "t10k")
CLASS_NAMES = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
}


def read_mnist(
    directory: str | Path, name: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[str, ...], NDArray[np.int64]]:
    """Images, labels, names of the classes and the numbers of the official test images.

    The files are ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte`` and the same with
    ``t10k``, each as it is or as ``.gz``; ``train-images.idx3-ubyte`` is known, too.

    Args:
        directory: Where the files lie, or the folder over ``MNIST/raw`` or ``FashionMNIST/raw``.
        name: ``"mnist"`` or ``"fashion_mnist"``.

    Returns:
        uint8 ``[N, 28, 28]``, read-only; int64 ``[N]``; 10 names; int64 ``[T]``. The test images
        come last.

    Raises:
        FileNotFoundError: If the folder or a file is missing.
        ValueError: If there is no such data set, or a file is truncated or holds another thing;
            the file is named.
    """
    check_in("name", name, FOLDERS)
    place = _find_folder(Path(directory), name)
    parts = [_read_part(place, part) for part in PARTS]
    images = np.concatenate([pixels for pixels, _ in parts])
    images.flags.writeable = False
    labels = np.concatenate([classes for _, classes in parts]).astype(np.int64)
    test = np.arange(len(parts[0][1]), len(labels), dtype=np.int64)
    return images, labels, CLASS_NAMES[name], test


def read_idx(path: Path, magic: int) -> NDArray[np.uint8]:
    """The array of bytes in an IDX file: magic number, sizes of the axes, content.

    All numbers are big-endian, of 32 bits; the last byte of the magic number counts the axes.

    Args:
        path: The file; one that ends in ``.gz`` is decompressed.
        magic: 2051 for images, 2049 for labels.

    Returns:
        uint8, read-only, of the shape that the file says.

    Raises:
        ValueError: If the magic number is another, the size is not what the file says, or a
            ``.gz`` file is damaged or ends early; the file is named.
    """
    content = _read_bytes(path)
    found = int.from_bytes(content[:4], "big")
    if len(content) < 4 or found != magic:
        got = found if len(content) >= 4 else f"{len(content)} bytes in all"
        raise ValueError(f"{path} must begin with the magic number {magic}, got {got}")
    num_axes = magic & 0xFF
    start = 4 + 4 * num_axes
    if len(content) < start:
        raise ValueError(f"{path} must have a header of {start} bytes, got {len(content)} in all")
    shape = np.frombuffer(content, ">u4", num_axes, 4).tolist()
    pixels = np.frombuffer(content, np.uint8, offset=start)
    wanted = 1
    for size in shape:
        wanted *= size
    if len(pixels) != wanted:
        sizes = " x ".join(map(str, shape))
        raise ValueError(
            f"{path} must hold {wanted} bytes after its header, which says {sizes}, "
            f"got {len(pixels)}"
        )
    return pixels.reshape(shape)


def _read_bytes(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as file:
            return file.read()
    except EOFError:
        raise ValueError(f"{path} must be a whole .gz file, but it ends early") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} must be a .gz file: {error}") from None


def _read_part(place: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images and labels of the training or of the test part."""
    image_file, label_file = (_find_file(place, part, kind) for kind in ("images", "labels"))
    assert image_file is not None
    assert label_file is not None
    images, labels = read_idx(image_file, IMAGES), read_idx(label_file, LABELS)
    if images.shape[1:] != (SIDE, SIDE) or len(images) == 0:
        sizes = " x ".join(map(str, images.shape))
        raise ValueError(f"{image_file} must hold images of {SIDE} x {SIDE}, got {sizes}")
    if len(labels) != len(images):
        raise ValueError(
            f"{label_file} must hold a label for each of {len(images)} images, got {len(labels)}"
        )
    check_stored_labels(label_file, labels, NUM_CLASSES)
    return images, labels


def _find_folder(directory: Path, name: str) -> Path:
    """The folder that holds all four files."""
    wanted = (
        f"directory must be where the files of {name!r} lie (train-images-idx3-ubyte and so on, "
        f".gz or not), got {str(directory)!r}"
    )
    if not directory.is_dir():
        raise FileNotFoundError(f"{wanted}, which is no folder")
    kinds = [(part, kind) for part in PARTS for kind in ("images", "labels")]
    partly = []
    for place in (directory, directory / "raw", directory / FOLDERS[name]):
        lacking = [_stem(*kind) for kind in kinds if _find_file(place, *kind) is None]
        if not lacking:
            return place
        if len(lacking) < len(kinds):
            partly.append(f"no {', '.join(lacking)} in {place}")
    none = f"none of them there or in {FOLDERS[name]}"
    raise FileNotFoundError(f"{wanted}: {partly[0] if partly else none}")


def _find_file(place: Path, part: str, kind: str) -> Path | None:
    stem = _stem(part, kind)
    dotted = stem.replace("-idx", ".idx")
    names = (stem, dotted, f"{stem}.gz", f"{dotted}.gz")
    return next((place / name for name in names if (place / name).is_file()), None)


def _stem(part: str, kind: str) -> str:
    return f"{part}-{kind}-idx{3 if kind == 'images' else 1}-ubyte"
