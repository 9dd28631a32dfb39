"""Images that a found network is given: arrays, or files."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gemcore.arguments import check_int
from gemcore.networks.skeleton import Skeleton
from gemcore.tasks.image_files import read_image
from gemcore.tasks.images import check_input_size
from gemcore.tasks.preprocessing import Preprocessing

CHUNK = 256  # Images at once in a prediction.


def iterate_inputs(images: Any, preprocessing: Preprocessing) -> Iterator[Tensor]:
    """Chunks of what the network reads, float32 ``[n, C, H, W]``; files are read as they come.

    Raises:
        ValueError: If the images have another shape or a value that is not finite; if a file
            can't be read; or for files, if the task's images were no bytes.
    """
    paths = _find_paths(images)
    if paths is None:
        yield from torch.split(preprocessing.apply(images), CHUNK)
        return
    if not can_read_files(preprocessing):
        raise ValueError(
            "images must be an array like the task's images, which were no bytes of 1 or 3 "
            f"channels as files are, got the file {str(paths[0])!r}"
        )
    for path in paths:
        if path.is_dir():
            raise ValueError(
                f"images must be files, got the folder {str(path)!r}: list its files, such as "
                "sorted(folder.glob('*.jpg'))"
            )
    for start in range(0, len(paths), CHUNK):
        read = [read_image(path, preprocessing.input_size) for path in paths[start : start + CHUNK]]
        yield preprocessing.normalize(torch.from_numpy(np.stack(read)))


def can_read_files(preprocessing: Preprocessing | None) -> bool:
    """Whether image files are what the network was trained on: bytes, grey or of three colors."""
    if preprocessing is None or preprocessing.input_size[0] not in (1, 3):
        return False
    return preprocessing.values == "bytes"


def _find_paths(images: Any) -> list[Path] | None:
    """The paths, if that is what the images are."""
    if isinstance(images, str | os.PathLike):
        return [Path(images)]
    if isinstance(images, list | tuple) and any(isinstance(x, str | os.PathLike) for x in images):
        others = [item for item in images if not isinstance(item, str | os.PathLike)]
        if others:
            raise TypeError(
                f"images must be paths or numbers, got both: {type(others[0]).__name__}"
            )
        return [Path(item) for item in images]
    return None


def check_image_size(size: int | Sequence[int], channels: int, skeleton: Skeleton) -> int:
    """Channels of images of this size, if the size suits a network.

    Args:
        size: (channels, height, width), or height and width as one number.
        channels: Where the size does not tell.
        skeleton: Its reductions each halve height and width, rounded up, and need 2 to halve.

    Raises:
        TypeError: If the size is made of something else than integers.
        ValueError: If it is out of range or too small.

    Example:
        >>> check_image_size(8, 3, Skeleton.preset("proxy"))
        3
    """
    if not isinstance(size, tuple | list):
        side = check_int("input_size", size, 1)
        size = (channels, side, side)
    channels, height, width = check_input_size(tuple(size))
    reductions = sum(sum(stage.reductions) for stage in skeleton.stages)
    least = 2 ** (reductions - 1) + 1 if reductions else 1
    if min(height, width) < least:
        raise ValueError(
            f"input_size must be at least {least} high and wide for {reductions} reductions, "
            f"got {height} x {width}"
        )
    return channels
