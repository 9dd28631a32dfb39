"""The samples of a torch data set as arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from gemcore.arguments import describe
from gemcore.progress import progress_bar
from gemcore.tasks.image_files import GREY, flatten
from gemcore.tasks.images import to_array


def read_dataset(dataset: Any, *, progress: bool = False) -> tuple[NDArray[Any], list[Any]]:
    """Images and labels of a data set of ``(image, label)``, each read once.

    Args:
        dataset: With ``len`` and ``[i]``; images are PIL images, arrays or tensors of one shape.
        progress: Whether to show a bar.

    Returns:
        Images ``[N, ...]`` as they came, read-only, and N labels.

    Raises:
        TypeError: If it has no length or no items, or a sample is no pair of image and label.
        ValueError: If it is empty, or images differ in shape or dtype.
    """
    if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise TypeError(f"dataset must have a length and items, got {describe(dataset)}")
    number = len(dataset)
    if number == 0:
        raise ValueError("dataset must hold images, got none")
    labels: list[Any] = []
    images: NDArray[Any] | None = None
    with progress_bar(number, "reading images", enabled=progress, unit="image") as bar:
        for i in range(number):
            image, label = _read_sample(dataset[i], i)
            if images is None:
                images = np.empty((number, *image.shape), dtype=image.dtype)
            if image.shape != images.shape[1:]:
                raise ValueError(
                    f"dataset must have images of one shape, got {list(images.shape[1:])} at 0 and "
                    f"{list(image.shape)} at {i}: let its transform make them alike"
                )
            if image.dtype != images.dtype:
                raise ValueError(
                    f"dataset must have images of one dtype, got {images.dtype} at 0 and "
                    f"{image.dtype} at {i}: let its transform make them alike"
                )
            images[i] = image
            labels.append(label)
            bar.update()
    assert images is not None
    images.flags.writeable = False
    return images, labels


def _read_sample(sample: Any, number: int) -> tuple[NDArray[Any], Any]:
    if not isinstance(sample, tuple | list) or len(sample) != 2:
        raise TypeError(
            f"dataset must have samples (image, label), got {describe(sample)} at {number}"
        )
    image, label = sample
    if isinstance(image, Image.Image) and image.mode != "F":
        image = flatten(image, "L" if image.mode in GREY else "RGB")
    if isinstance(label, Tensor | np.ndarray) and label.ndim == 0:
        label = label.item()
    return (
        np.asarray(image) if isinstance(image, Image.Image) else to_array("dataset", image)
    ), label
