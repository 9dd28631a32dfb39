"""From images as a user has them to the tensor that a network reads."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gemcore.arguments import check_float, check_in, check_type
from gemcore.tasks.images import LAYOUTS, Layout, check_input_size, read_values, to_array

Values = Literal["bytes", "numbers"]
CHUNK = 1024  # Images whose statistics are taken at once, to bound the memory in float64.


@dataclass(frozen=True)
class Preprocessing:
    """Standardization of each channel: (x - mean) / std, with numbers of the training images.

    Args:
        input_size: (channels, height, width) of an image.
        mean: Of each channel, on the scale of the images.
        std: Of each channel, > 0.
        layout: How the training images came: ``"grey"`` ``[N, H, W]``, ``"first"``
            ``[N, C, H, W]`` or ``"last"`` ``[N, H, W, C]``; images that fit two are read so.
        values: ``"bytes"`` where the training images were of 0 .. 255, as image files are, else
            ``"numbers"``.

    Example:
        >>> preprocessing = Preprocessing((1, 2, 2), mean=(3.0,), std=(2.0,), layout="grey")
        >>> preprocessing.apply(np.full((1, 2, 2), 5)).flatten().tolist()
        [1.0, 1.0, 1.0, 1.0]
        >>> Preprocessing.from_dict(preprocessing.to_dict()) == preprocessing
        True
    """

    input_size: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    layout: Layout = "first"
    values: Values = "numbers"

    def __post_init__(self) -> None:
        object.__setattr__(self, "input_size", check_input_size(self.input_size))
        for name in ("mean", "std"):
            low = -np.inf if name == "mean" else 0.0
            numbers = tuple(check_float(name, value, low) for value in getattr(self, name))
            if len(numbers) != self.input_size[0]:
                raise ValueError(
                    f"{name} must have {self.input_size[0]} numbers, one a channel, "
                    f"got {len(numbers)}"
                )
            object.__setattr__(self, name, numbers)
        if min(self.std) <= 0:
            raise ValueError(f"std must be > 0, got {min(self.std):g}")
        check_in("layout", self.layout, LAYOUTS)
        check_in("values", self.values, get_args(Values))

    @classmethod
    def of(cls, images: NDArray[Any], layout: Layout) -> Self:
        """The statistics of images ``[N, C, H, W]``; a constant channel is not scaled."""
        chunks = [images[i : i + CHUNK] for i in range(0, len(images), CHUNK)]
        size = images.size / images.shape[1]
        mean = sum(chunk.sum(axis=(0, 2, 3), dtype=np.float64) for chunk in chunks) / size
        off = mean.reshape(-1, 1, 1)
        squares = sum(np.square(chunk - off).sum(axis=(0, 2, 3)) for chunk in chunks)
        std = np.sqrt(squares / size)
        # Rounding leaves a constant channel a deviation, far below float32's resolution.
        std[std <= 1e-6 * np.abs(mean)] = 1.0
        # Truth values are kept as bytes, too, but 1 is not the white of an image file.
        is_bytes = images.dtype == np.uint8 and images.max() > 1
        values: Values = "bytes" if is_bytes else "numbers"
        return cls(images.shape[1:], tuple(mean.tolist()), tuple(std.tolist()), layout, values)

    def normalize(self, images: Tensor) -> Tensor:
        """Standardizes a tensor ``[N, C, H, W]`` of any dtype; float32 on its device."""
        shape = (1, len(self.mean), 1, 1)
        mean, std = (
            torch.tensor(numbers, dtype=torch.float32, device=images.device).view(shape)
            for numbers in (self.mean, self.std)
        )
        return (images.to(torch.float32) - mean) / std

    def apply(self, images: Any) -> Tensor:
        """What a network reads of images on the scale of the training images.

        Args:
            images: ``[N, C, H, W]``, ``[N, H, W, C]`` or, of one channel, ``[N, H, W]``.

        Returns:
            float32 ``[N, C, H, W]``.

        Raises:
            TypeError: If the images are no real numbers.
            ValueError: If their size is another, or a value is not finite.
        """
        array = to_array("images", images)
        channels, height, width = self.input_size
        first, last = (channels, height, width), (height, width, channels)
        by_layout: dict[Layout, tuple[int, ...]] = {"first": first, "last": last}
        if channels == 1:
            by_layout["grey"] = (height, width)
        fitting = [name for name, shape in by_layout.items() if array.shape[1:] == shape]
        if array.ndim == 0 or not fitting:
            wanted = " or ".join(f"[N, {str(list(s))[1:]}" for s in by_layout.values())
            raise ValueError(f"images must have shape {wanted}, got {list(array.shape)}")
        layout = self.layout if self.layout in fitting else fitting[0]
        return self.normalize(torch.from_numpy(read_values(array, layout)))

    def to_dict(self) -> dict[str, Any]:
        """The same as numbers, lists and strings, ready for JSON."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what :meth:`to_dict` wrote.

        Raises:
            TypeError: If ``data`` is no mapping or a value of the wrong kind.
            ValueError: If a key is missing or unknown, or a value out of range.
        """
        check_type("preprocessing", data, Mapping)
        wanted = ("input_size", "mean", "std", "layout", "values")
        if set(data) != set(wanted):
            raise ValueError(
                f"preprocessing must have the keys {', '.join(wanted)}, got {', '.join(data)}"
            )
        for name in wanted[:3]:
            check_type(name, data[name], (tuple, list))
        input_size, mean, std = (tuple(data[name]) for name in wanted[:3])
        return cls(check_input_size(input_size), mean, std, data["layout"], data["values"])
