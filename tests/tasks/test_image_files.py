"""One image file of any kind becomes pixels of one size, or is named as unreadable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gemcore.tasks.image_files import is_grey, is_image_name, read_image

Pixels = NDArray[np.uint8]
RNG = np.random.default_rng(0)
COLORS: Pixels = RNG.integers(0, 256, (37, 53, 3), dtype=np.uint8)
GREYS: Pixels = COLORS[..., 0].copy()
LEVELS = RNG.integers(0, 65536, (37, 53), dtype=np.uint16)


def same_size(image: Image.Image, path: Path) -> Pixels:
    """The pixels that come back where nothing needs to be scaled."""
    image.save(path)
    channels = 1 if is_grey(path) else 3
    return read_image(path, (channels, image.height, image.width))


def on_white(colors: Pixels, alpha: Pixels) -> NDArray[np.float64]:
    share = alpha[..., None] / 255
    return colors * share + 255 * (1 - share)


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "webp", "ppm", "tga"])
def test_colors_come_back_channels_first(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    options: dict[str, Any] = {"lossless": True} if ending == "webp" else {}
    Image.fromarray(COLORS).save(path, **options)
    pixels = read_image(path, (3, 37, 53))
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert np.array_equal(pixels, COLORS.transpose(2, 0, 1))


def test_grey_stays_grey_or_becomes_three_equal_channels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    assert np.array_equal(same_size(Image.fromarray(GREYS), path), GREYS[None])
    assert np.array_equal(read_image(path, (3, 37, 53)), np.stack([GREYS] * 3))


def test_16_bits_become_8_by_rounding(tmp_path: Path) -> None:
    pixels = same_size(Image.fromarray(LEVELS), tmp_path / "a.png")
    assert np.array_equal(pixels[0], np.floor(LEVELS / 257 + 0.5))


@pytest.mark.parametrize("value", [0, 128, 257, 65534, 65535])
def test_the_ends_of_16_bits(tmp_path: Path, value: int) -> None:
    pixels = same_size(Image.fromarray(np.full((4, 4), value, np.uint16)), tmp_path / "a.tif")
    assert (pixels == int(value / 257 + 0.5)).all()


def test_black_and_white(tmp_path: Path) -> None:
    mask = GREYS > 127
    pixels = same_size(Image.fromarray(mask), tmp_path / "a.png")
    assert np.array_equal(pixels[0], 255 * mask)


def test_what_is_transparent_becomes_white(tmp_path: Path) -> None:
    alpha = RNG.integers(0, 256, GREYS.shape, dtype=np.uint8)
    rgba = np.dstack([COLORS, alpha])
    found = same_size(Image.fromarray(rgba), tmp_path / "a.png")
    assert np.abs(found - on_white(COLORS, alpha).transpose(2, 0, 1)).max() <= 1
    grey = Image.fromarray(np.dstack([GREYS, alpha]), "LA")
    found = same_size(grey, tmp_path / "b.png")
    assert np.abs(found[0] - on_white(GREYS[..., None], alpha)[..., 0]).max() <= 2


def test_palettes_with_and_without_transparency(tmp_path: Path) -> None:
    colors = COLORS // 128 * 128
    palette = Image.fromarray(colors).quantize(8)
    wanted = np.asarray(palette.convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(same_size(palette, tmp_path / "a.png"), wanted)
    palette.save(tmp_path / "b.png", transparency=0)
    clear = np.asarray(palette) == 0
    found = read_image(tmp_path / "b.png", (3, 37, 53))
    assert (found[:, clear] == 255).all()
    assert np.array_equal(found[:, ~clear], wanted[:, ~clear])


def test_print_colors_are_converted(tmp_path: Path) -> None:
    flat = np.full((16, 16, 3), (200, 40, 90), np.uint8)
    Image.fromarray(flat).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    found = read_image(tmp_path / "a.jpg", (3, 16, 16))
    assert np.abs(found.astype(int) - flat.transpose(2, 0, 1)).max() < 8


def test_the_camera_says_which_side_is_up(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned clockwise.
    Image.fromarray(COLORS).save(tmp_path / "a.png", exif=exif)
    found = read_image(tmp_path / "a.png", (3, 53, 37))
    assert np.array_equal(found.transpose(1, 2, 0), np.rot90(COLORS, -1))


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (31, 97), (97, 31), (200, 200)])
def test_odd_sizes_are_scaled_to_cover_and_cut_at_the_center(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    width = shape[1]
    ramp = np.broadcast_to(np.linspace(0, 255, width).astype(np.uint8), shape)
    Image.fromarray(ramp.copy()).save(tmp_path / "a.png")
    found = read_image(tmp_path / "a.png", (1, 16, 16))
    assert found.shape == (1, 16, 16)
    side = min(shape)
    # What is seen of a ramp along the width is its middle part.
    seen = np.linspace(0, 255, width)[(width - side) // 2 : (width + side) // 2]
    assert abs(found.mean() - seen.mean()) < 4


def test_large_photos_look_as_if_they_were_scaled_whole(tmp_path: Path) -> None:
    y, x = np.mgrid[:600, :900]
    photo = np.stack([128 + 100 * np.sin(x / 90), y * 255 / 600, 255 - x * 255 / 900], axis=-1)
    Image.fromarray(photo.astype(np.uint8)).save(tmp_path / "a.jpg", quality=95)
    found = read_image(tmp_path / "a.jpg", (3, 32, 32)).astype(int)
    image = Image.open(tmp_path / "a.jpg").resize((32, 32), box=(150, 0, 750, 600))
    assert np.abs(found - np.asarray(image).astype(int).transpose(2, 0, 1)).max() <= 6


def cut(path: Path) -> None:
    Image.fromarray(COLORS).save(path)
    path.write_bytes(path.read_bytes()[:1500])


def write_floats(path: Path) -> None:
    Image.fromarray(LEVELS.astype(np.float32)).save(path)


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("a.png", cut, "truncated"),
        ("a.jpg", cut, "truncated"),
        ("a.png", lambda path: path.write_bytes(b"hello"), "cannot identify image file"),
        ("a.png", lambda path: path.touch(), "cannot identify image file"),
        ("a.tif", write_floats, "its pixels are real numbers"),
        ("a.png", lambda path: None, "No such file"),
        ("a.png", lambda path: path.mkdir(), "directory"),
    ],
)
def test_what_is_no_image_is_named(
    tmp_path: Path, name: str, make: Callable[[Path], object], message: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(ValueError, match=rf"{name} must be an image file: .*{message}"):
        read_image(tmp_path / name, (3, 8, 8))


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(COLORS).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ValueError, match=r"a\.png must be an image file: .*bomb"):
        read_image(tmp_path / "a.png", (3, 8, 8))


def test_names_of_images() -> None:
    names = ("a.jpg", "a.JPEG", "b.Png", ".a.png", "._a.jpg", "Thumbs.db", ".DS_Store", "README")
    assert [name for name in names if is_image_name(Path(name))] == ["a.jpg", "a.JPEG", "b.Png"]
