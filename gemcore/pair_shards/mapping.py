"""One shard in memory: mapped, not read."""

import mmap
from pathlib import Path

import numpy as np

from gemcore.pair_shards.layout import Arrays, ShardLayout


class ShardMap:
    """The tensors of a shard as read-only arrays over the file.

    Args:
        path: The file.
        layout: What it must hold.

    Raises:
        ValueError: If the file is of another size or has another header; it is named.
        FileNotFoundError: If there is none.
    """

    def __init__(self, path: Path, layout: ShardLayout) -> None:
        with open(path, "rb") as file:
            check_size(path, layout)
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if content[: len(layout.header)] != layout.header:
            raise ValueError(f"{path} must begin with the header that its manifest asks for")
        self._arrays = {
            name: np.ndarray(place.shape, place.dtype, content, place.begin)
            for name, place in layout.places.items()
        }

    def __getitem__(self, pairs: slice) -> Arrays:
        return {name: array[pairs] for name, array in self._arrays.items()}


def check_size(path: Path, layout: ShardLayout) -> None:
    """Raises unless the file is there, and of the size that its layout gives."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path} must be there, for the manifest lists it, got no such file: the command that "
            "wrote the folder writes it anew"
        ) from None
    if size != layout.num_bytes:
        raise ValueError(f"{path} must have {layout.num_bytes} bytes, got {size}")
