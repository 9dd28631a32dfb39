"""gemcore.tasks.preprocessing: statistics, layouts, storage."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gemcore.tasks import ProxyTask
from gemcore.tasks.images import Layout
from gemcore.tasks.preprocessing import CHUNK, Preprocessing

COLOR = Preprocessing((3, 4, 5), mean=(1.0, 2.0, 3.0), std=(1.0, 2.0, 4.0), layout="last")
GREY = Preprocessing((1, 4, 5), mean=(1.0,), std=(2.0,), layout="grey")


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("num_images", [1, 2, CHUNK, CHUNK + 7])
def test_statistics_are_numpys(num_images: int, dtype: type) -> None:
    generator = np.random.Generator(np.random.Philox(0))
    images: Any = (generator.random((num_images, 3, 4, 4)) * 255).astype(dtype)
    found = Preprocessing.of(images, "first")
    np.testing.assert_allclose(found.mean, images.mean(axis=(0, 2, 3), dtype=np.float64))
    np.testing.assert_allclose(found.std, images.std(axis=(0, 2, 3), dtype=np.float64))
    standardized = found.apply(images)
    assert standardized.dtype == torch.float32
    torch.testing.assert_close(standardized.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)


@pytest.mark.parametrize("value", [0.0, 0.1, 255.0])
def test_constant_channel_becomes_zero(value: float) -> None:
    images = np.full((3000, 1, 3, 3), value, dtype=np.float32)
    found = Preprocessing.of(images, "first")
    assert found.std == (1.0,)
    assert found.apply(images).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("preprocessing", "shape"),
    [
        (COLOR, (2, 4, 5, 3)),
        (COLOR, (2, 3, 4, 5)),
        (COLOR, (0, 3, 4, 5)),
        (GREY, (2, 4, 5)),
        (GREY, (2, 1, 4, 5)),
        (GREY, (2, 4, 5, 1)),
    ],
)
def test_any_layout_of_the_right_size_is_taken(
    preprocessing: Preprocessing, shape: tuple[int, ...]
) -> None:
    assert preprocessing.apply(np.zeros(shape)).shape == (shape[0], *preprocessing.input_size)


@pytest.mark.parametrize("layout", ["first", "last"])
def test_images_that_fit_two_layouts_are_read_as_those_trained_on(layout: Layout) -> None:
    preprocessing = Preprocessing((3, 3, 3), (0.0,) * 3, (1.0,) * 3, layout)
    images = np.arange(27).reshape(1, 3, 3, 3)
    first = images if layout == "first" else images.transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(preprocessing.apply(images).numpy(), first)


@pytest.mark.parametrize("shape", [(4, 5), (2, 5, 4, 3), (2, 4, 5), (3, 4, 5), (), (2, 3, 4, 5, 1)])
def test_other_sizes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must have shape \[N, 3, 4, 5\] or \[N, 4, 5, 3\], got"):
        COLOR.apply(np.zeros(shape))


def test_values_are_checked_like_training_images() -> None:
    images = np.zeros((2, 4, 5))
    images[1, 0, 0] = np.nan
    with pytest.raises(ValueError, match="images must hold finite float32 numbers, got nan"):
        GREY.apply(images)
    with pytest.raises(TypeError, match="images must be real numbers"):
        GREY.apply(np.full((2, 4, 5), "x"))


def test_float64_as_default_dtype_changes_nothing() -> None:
    images = np.ones((2, 4, 5))
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert GREY.apply(images).dtype == torch.float32
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize("preprocessing", [COLOR, GREY])
def test_json_round_trip(preprocessing: Preprocessing) -> None:
    text = json.dumps(preprocessing.to_dict(), allow_nan=False)
    assert Preprocessing.from_dict(json.loads(text)) == preprocessing


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"std": [0.0]}, ValueError, "std must be > 0, got 0"),
        ({"mean": [float("nan")]}, ValueError, "mean must be"),
        ({"mean": [1.0, 2.0]}, ValueError, "mean must have 1 numbers, one a channel, got 2"),
        ({"mean": 1.0}, TypeError, "mean must be of type tuple or list"),
        ({"input_size": [1, 4]}, ValueError, r"input_size must be \(channels, height, width\)"),
        ({"input_size": [1, 4, 0]}, ValueError, "input_size must be >= 1, got 0"),
        ({"layout": "odd"}, ValueError, "layout must be one of 'grey', 'first', 'last', got 'odd'"),
        ({"more": 1}, ValueError, "preprocessing must have the keys"),
    ],
)
def test_bad_dictionary_is_refused(
    change: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Preprocessing.from_dict(GREY.to_dict() | change)
    with pytest.raises(TypeError, match="preprocessing must be of type Mapping"):
        Preprocessing.from_dict([])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (np.array([0, 255], np.uint8), "bytes"),
        (np.array([0, 1], np.uint8), "numbers"),  # Not the scale of an image file.
        (np.array([False, True]), "numbers"),
        (np.array([0, 255], np.int64), "numbers"),
        (np.array([0.0, 1.0]), "numbers"),
    ],
)
def test_only_bytes_are_on_the_scale_of_image_files(values: NDArray[Any], wanted: str) -> None:
    images = np.resize(values, (20, 4, 4))
    assert ProxyTask(images, np.arange(20) % 2).preprocessing.values == wanted


def test_another_kind_of_values_is_refused() -> None:
    with pytest.raises(ValueError, match="values must be one of 'bytes', 'numbers', got 'words'"):
        Preprocessing((1, 2, 2), (0.0,), (1.0,), values="words")  # type: ignore[arg-type]
