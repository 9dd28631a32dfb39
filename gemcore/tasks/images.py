"""Images as they come from a user, read into one form."""

from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from gemcore.arguments import check_in, check_int, describe

Layout = Literal["grey", "first", "last"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
KNOWN_CHANNELS = (1, 3, 4)  # Grey, color, color with alpha: what an axis is recognized by.


def to_array(name: str, values: Any) -> NDArray[Any]:
    """Numpy array of an array, a tensor on any device, or nested lists.

    Raises:
        ValueError: If nested lists are ragged.
    """
    if isinstance(values, torch.Tensor):
        tensor = values.detach().cpu()
        # numpy has no bfloat16.
        return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be an array, got {describe(values)}: {error}") from None


def read_images(images: Any, channels: str | None = None) -> tuple[NDArray[Any], Layout]:
    """Images with the channels first, and how they came.

    Args:
        images: Numbers, ``[N, H, W]`` (grey), ``[N, C, H, W]`` or ``[N, H, W, C]``.
        channels: ``"first"`` or ``"last"``; None: where an axis of 1, 3 or 4 says so.

    Returns:
        A C-contiguous array ``[N, C, H, W]``, uint8 or float32, and the layout found. It shares
        no memory with ``images``, unless these are read-only and in this form already.

    Raises:
        TypeError: If the images are no real numbers.
        ValueError: If there are none, the shape is another, both layouts are possible, or a
            value is not finite.

    Example:
        >>> array, layout = read_images(np.zeros((5, 8, 9, 3), dtype=np.uint8))
        >>> array.shape, layout
        ((5, 3, 8, 9), 'last')
    """
    array = to_array("images", images)
    if array.ndim not in (3, 4):
        raise ValueError(
            "images must have shape [N, H, W], [N, C, H, W] or [N, H, W, C], "
            f"got {list(array.shape)}"
        )
    if 0 in array.shape:
        raise ValueError(f"images must not be empty, got shape {list(array.shape)}")
    layout = find_layout(array.shape, channels)
    return read_values(array, layout, copy=array.flags.writeable), layout


def find_layout(shape: tuple[int, ...], channels: str | None = None) -> Layout:
    """Where the channels of images of this shape are.

    Without ``channels`` an axis of 1, 3 or 4 is taken for them if it is the only one, counting a
    reading out that would leave images of height or width 1: ``[N, 1, 4, 4]`` is grey.

    Raises:
        ValueError: If that leaves no reading or two.

    Example:
        >>> find_layout((100, 1, 4, 4)), find_layout((100, 11, 11, 3)), find_layout((100, 8, 8))
        ('first', 'last', 'grey')
    """
    if channels is not None:
        check_in("channels", channels, ("first", "last"))
    if len(shape) == 3:
        return "grey"
    if channels is not None:
        return "first" if channels == "first" else "last"
    readings: dict[Layout, tuple[int, ...]] = {"first": shape[1:], "last": (shape[3], *shape[1:3])}
    possible = [name for name, (count, _, _) in readings.items() if count in KNOWN_CHANNELS]
    if len(possible) == 2:
        possible = [name for name in possible if min(readings[name][1:]) > 1]
    if len(possible) != 1:
        raise ValueError(
            "channels must be given as 'first' or 'last' for images whose shape does not show 1, "
            f"3 or 4 channels in one place alone, got images of shape {list(shape)}"
        )
    return possible[0]


def read_values(array: NDArray[Any], layout: Layout, *, copy: bool = True) -> NDArray[Any]:
    """The array with the channels first: uint8 of bytes and booleans, else finite float32.

    Without ``copy`` it is the array itself where that is in this form.

    Raises:
        TypeError: If the images are no real numbers.
        ValueError: If a value is not finite.
    """
    if array.dtype.kind not in "buif":
        raise TypeError(f"images must be real numbers, got dtype {array.dtype}")
    if layout == "last":
        array = np.moveaxis(array, 3, 1)
    elif layout == "grey":
        array = array[:, None]
    if array.dtype.kind == "b" or array.dtype == np.uint8:
        return array.astype(np.uint8, order="C", copy=copy)
    with np.errstate(over="ignore"):  # What overflows float32 is refused below, as infinite.
        stored = array.astype(np.float32, order="C", copy=copy)
    finite = np.isfinite(stored)
    if not finite.all():
        image, *place = np.argwhere(~finite)[0].tolist()
        bad = stored[(image, *place)]
        raise ValueError(f"images must hold finite float32 numbers, got {bad} in image {image}")
    return stored


def check_input_size(value: tuple[int, ...]) -> tuple[int, int, int]:
    """(channels, height, width), each >= 1."""
    if len(value) != 3:
        raise ValueError(f"input_size must be (channels, height, width), got {value!r}")
    channels, height, width = (check_int("input_size", size, 1) for size in value)
    return channels, height, width
