"""Source text of :func:`gemcore.tasks.image_files.read_image`, for files that stand alone.

It makes the same pixels; tests hold the two together.
"""

READING = '''\
def read_image(path: str | Path) -> Tensor:
    """An image file as uint8 [C, H, W]: upright, scaled to cover INPUT_SIZE, cut at the center."""
    from PIL import Image, ImageOps

    unreadable = (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error)
    channels, height, width = INPUT_SIZE
    try:
        with Image.open(path) as file:
            file.draft(None, (2 * max(height, width),) * 2)  # Large JPEGs are decoded smaller.
            image = ImageOps.exif_transpose(file)
            if image.mode == "F":
                raise ValueError("its pixels are real numbers")
            if image.mode.startswith("I"):  # 16 bits become 8.
                image = image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
            if image.has_transparency_data:  # What is behind is white.
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            image = ImageOps.fit(image.convert("L" if channels == 1 else "RGB"), (width, height))
    except (*unreadable, Image.DecompressionBombError, Warning) as error:
        raise ValueError(f"{path} must be an image file: {error}") from error
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return pixels.reshape(height, width, channels).permute(2, 0, 1).contiguous()
'''
