"""One image file, whatever its kind, as pixels of one size."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

SUFFIXES = (
    *(".avif", ".bmp", ".gif", ".jp2", ".png", ".tga", ".tif", ".tiff", ".webp"),
    *(".jfif", ".jpe", ".jpeg", ".jpg"),
    *(".pbm", ".pgm", ".pnm", ".ppm"),
)
"""Files that end so, in letters of either case, are taken for images."""

GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N")
UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    RuntimeError,  # Of AVIF.
    struct.error,
    Image.DecompressionBombError,
    Warning,  # Where the user makes errors of warnings.
)


def read_image(path: str | Path, size: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The pixels of an image file, turned as its camera says, scaled and cut to a size.

    The image is scaled to cover the size (bicubic, antialiased) and cut evenly at two sides.
    Transparent parts become white, 16 bits 8; of an animation the first image is taken.

    Args:
        path: A file that Pillow reads.
        size: (channels, height, width); 1 channel is grey, 3 are red, green, blue.

    Returns:
        uint8 ``[C, H, W]``.

    Raises:
        ValueError: If the file is missing, truncated, no image, or one of real numbers; it is
            named.
    """
    channels, height, width = size
    try:
        with Image.open(path) as file:
            # JPEGs of several times the size are decoded at a half, quarter or eighth.
            file.draft(None, (2 * max(height, width),) * 2)
            image = flatten(ImageOps.exif_transpose(file), "L" if channels == 1 else "RGB")
        pixels = np.asarray(ImageOps.fit(image, (width, height)))
    except UNREADABLE as error:
        raise ValueError(f"{path} must be an image file: {error}") from error
    return np.ascontiguousarray(np.atleast_3d(pixels).transpose(2, 0, 1))


def flatten(image: Image.Image, mode: str) -> Image.Image:
    """The image in mode ``"L"`` or ``"RGB"``, on white where it is transparent.

    Raises:
        ValueError: If its pixels are real numbers, whose range nobody knows.
    """
    if image.mode == "F":
        raise ValueError("its pixels are real numbers")
    if image.mode.startswith("I"):  # 16 bits; Pillow's own conversion would cut them off at 255.
        image = image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert(mode)


def is_grey(path: str | Path) -> bool:
    """Whether an image has no colors, as the header of its file says; True if none can be read."""
    try:
        with Image.open(path) as image:
            return image.mode in GREY
    except UNREADABLE:
        return True  # It is left out, so that it must not decide about the others.


def is_image_name(path: Path) -> bool:
    """Whether a file is taken for an image, which its name alone decides.

    Example:
        >>> [is_image_name(Path(name)) for name in ("a.JPG", ".a.jpg", "Thumbs.db")]
        [True, False, False]
    """
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
