"""Tasks that are known by name."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_in, check_type
from gemcore.encoder import EncoderConfig
from gemcore.networks.skeleton import Skeleton
from gemcore.space import SearchSpace
from gemcore.tasks.cifar import read_cifar
from gemcore.tasks.image_config import ImageConfig
from gemcore.tasks.mnist import read_mnist
from gemcore.tasks.proxy_task import ProxyTask

# Fields of a SearchConfig for tasks in files, told without reading them.
SUITED: Mapping[str, Any] = MappingProxyType(
    {"num_trials": 48, "encoder": EncoderConfig(num_steps=1200)}
)
PROXY_FRACTION = 0.1  # The paper's proxy: 500 images of each class of CIFAR-10.

Found = tuple[NDArray[np.uint8], NDArray[np.int64], tuple[str, ...], NDArray[np.int64]]


@dataclass(frozen=True)
class Known:
    """Where the images of a task come from.

    Args:
        read: Images, labels, names of the classes and numbers of the test images in a folder, for
            the task's name. None: the images are bundled.
        files: What lies in that folder.
    """

    read: Callable[[Path, str], Found] | None = None
    files: str = ""


IDX = "train-images-idx3-ubyte and so on, .gz or not"
TASKS: dict[str, Known] = {
    "digits": Known(),
    "cifar10": Known(read_cifar, "cifar-10-batches-py or cifar-10-batches-bin"),
    "cifar100": Known(read_cifar, "cifar-100-python or cifar-100-binary"),
    "mnist": Known(read_mnist, IDX),
    "fashion_mnist": Known(read_mnist, IDX),
}


def task_names() -> tuple[str, ...]:
    """The names that :func:`load_task` knows."""
    return tuple(TASKS)


def needs_directory(name: str) -> bool:
    """Whether the images of the task of this name lie in files of the user's.

    Raises:
        ValueError: If there is no such task.

    Example:
        >>> needs_directory("digits"), needs_directory("cifar10")
        (False, True)
    """
    check_type("task", name, str)
    check_in("task", name, TASKS)
    return TASKS[name].read is not None


def load_task(
    name: str,
    directory: str | os.PathLike[str] | None = None,
    *,
    images: ImageConfig | None = None,
) -> ProxyTask:
    """The task of this name, with the search space and the skeleton that suit it.

    ``"digits"`` is bundled with scikit-learn. ``"cifar10"``, ``"cifar100"``, ``"mnist"`` and
    ``"fashion_mnist"`` are read from their official files, CIFAR's pickled or binary, MNIST's
    compressed or not; nothing is downloaded. Of these the official test images are the test part,
    and candidates see a tenth of the others, class by class; the found network is trained on all.

    Args:
        name: One of :func:`task_names`.
        directory: Where the files lie, or the folder over the one that their archive makes.
        images: Other shares of the images; its ``image_size`` is for images of a folder alone.

    Raises:
        FileNotFoundError: If the folder or a file is missing; it is named.
        TypeError: If an argument is of another kind.
        ValueError: If there is no such task, a folder is lacking or not asked for, or a file is
            damaged or holds another thing; the file is named.

    Example:
        >>> load_task("digits")
        ProxyTask('digits': 1797 images of 1 x 8 x 8, 10 classes)
    """
    config = ImageConfig() if images is None else images
    check_type("images", config, ImageConfig)
    if not needs_directory(name):
        if directory is not None:
            raise ValueError(
                f"directory must be None for {name!r}, whose images are bundled, got {directory!r}"
            )
        from gemcore.tasks.digits import digits_task  # Late: sklearn.datasets takes a while.

        return digits_task(config)
    if directory is None:
        raise ValueError(
            f"directory must be where the files of {name!r} lie ({TASKS[name].files}), got None"
        )
    check_type("directory", directory, (str, os.PathLike))
    return _read_task(name, Path(directory), config)


def _read_task(name: str, directory: Path, config: ImageConfig) -> ProxyTask:
    read = TASKS[name].read
    assert read is not None
    images, labels, class_names, test = read(directory, name)
    share = config.proxy_fraction
    return ProxyTask(
        images,
        labels,
        class_names=class_names,
        test_index=test,
        valid_fraction=config.valid_fraction,
        proxy_fraction=PROXY_FRACTION if share is None else share,
        channels="first" if images.ndim == 4 else None,
        name=name,
        space=SearchSpace.preset("small"),
        skeleton=Skeleton.preset("proxy", width=16),
        config=SUITED,
        image_config=config,
    )
