"""gemcore.tasks.images: layouts are recognized or refused, never guessed."""

import re

import numpy as np
import pytest
import torch

from gemcore.tasks.images import find_layout, read_images


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((5, 8, 8), "grey"),
        ((5, 1, 1), "grey"),
        ((5, 1, 8, 8), "first"),
        ((5, 8, 8, 1), "last"),
        ((5, 3, 32, 31), "first"),
        ((5, 4, 9, 8), "first"),
        ((5, 11, 11, 3), "last"),
        ((5, 11, 1, 3), "last"),
        # The other reading would be images of height 1.
        ((5, 1, 4, 4), "first"),
        ((5, 1, 3, 3), "first"),
        ((5, 3, 3, 1), "last"),
    ],
)
def test_layout_is_recognized(shape: tuple[int, ...], layout: str) -> None:
    assert find_layout(shape) == layout


@pytest.mark.parametrize(
    "shape",
    [(5, 3, 4, 4), (5, 4, 4, 3), (5, 3, 3, 3), (5, 1, 1, 3), (5, 1, 28, 1), (5, 11, 11, 11)],
)
def test_layout_that_the_shape_does_not_show_is_asked_for(shape: tuple[int, ...]) -> None:
    message = f"channels must be given as 'first' or 'last'.*{re.escape(str(list(shape)))}"
    with pytest.raises(ValueError, match=message):
        find_layout(shape)
    assert find_layout(shape, "first") == "first"
    assert find_layout(shape, "last") == "last"


def test_eleven_channels_need_to_be_asked_for() -> None:
    array, _ = read_images(np.zeros((5, 11, 11, 3)))
    assert array.shape == (5, 3, 11, 11)
    array, _ = read_images(np.zeros((5, 11, 11, 3)), "first")
    assert array.shape == (5, 11, 11, 3)


def test_every_layout_gives_the_same_pixels() -> None:
    pixels = np.arange(5 * 3 * 6 * 7, dtype=np.uint8).reshape(5, 3, 6, 7)
    first, _ = read_images(pixels)
    last, _ = read_images(np.moveaxis(pixels, 1, 3))
    np.testing.assert_array_equal(first, pixels)
    np.testing.assert_array_equal(last, pixels)
    assert last.flags.c_contiguous
    grey, _ = read_images(pixels[:, 0])
    np.testing.assert_array_equal(grey, pixels[:, :1])


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [
        ("uint8", "uint8"),
        ("bool", "uint8"),
        *((name, "float32") for name in ("int16", "uint64", "float16", "float64", ">f4")),
    ],
)
def test_bytes_stay_bytes_and_all_else_becomes_float32(dtype: str, stored: str) -> None:
    array, _ = read_images(np.ones((2, 3, 3), dtype=dtype))
    assert array.dtype == stored
    assert (array == 1).all()


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float64, torch.bfloat16, torch.bool])
def test_tensors_are_read_like_arrays(dtype: torch.dtype) -> None:
    tensor = torch.ones(2, 3, 3, dtype=dtype)
    array, layout = read_images(tensor)
    assert layout == "grey"
    assert (array == 1).all()


def test_tensor_that_requires_gradients_is_read() -> None:
    array, _ = read_images(torch.ones(2, 3, 3, requires_grad=True))
    assert array.dtype == np.float32


def test_images_are_copied() -> None:
    mine = np.zeros((2, 3, 3), dtype=np.float32)
    array, _ = read_images(mine)
    mine[:] = 1
    assert not array.any()


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((5, 8)), ValueError, r"images must have shape \[N, H, W\].*got \[5, 8\]"),
        (np.zeros((5, 1, 1, 8, 8)), ValueError, r"images must have shape.*got \[5, 1, 1, 8, 8\]"),
        (np.float32(3), ValueError, r"images must have shape.*got \[\]"),
        (np.zeros((0, 8, 8)), ValueError, r"images must not be empty, got shape \[0, 8, 8\]"),
        (np.zeros((5, 3, 0, 8)), ValueError, r"images must not be empty, got shape \[5, 3, 0, 8\]"),
        (np.full((2, 2, 2), "a"), TypeError, "images must be real numbers, got dtype <U1"),
        (np.zeros((2, 2, 2), complex), TypeError, "images must be real numbers, got dtype complex"),
        (np.full((2, 2, 2), None), TypeError, "images must be real numbers, got dtype object"),
        ([[[1.0]], [[1.0, 2.0]]], ValueError, "images must be an array, got list"),
    ],
)
def test_what_is_no_image_is_refused(images: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_images(images)


@pytest.mark.parametrize(
    ("bad", "shown"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf"), (1e300, "inf")]
)
def test_values_that_are_not_finite_are_refused(bad: float, shown: str) -> None:
    images = np.zeros((4, 3, 3))
    images[2, 1, 0] = bad
    with pytest.raises(
        ValueError, match=f"must hold finite float32 numbers, got {shown} in image 2"
    ):
        read_images(images)


def test_unknown_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="channels must be one of 'first', 'last', got 'middle'"):
        read_images(np.zeros((5, 3, 8, 8)), "middle")
