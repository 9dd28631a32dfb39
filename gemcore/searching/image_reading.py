"""Source text of :func:`gemcore.tasks.image_files.read_image`, for files that stand alone."""

READING = '''\
def read_image(path: str | Path) -> Tensor:
    """An image file as uint8 [C, H, W] of the size that the network was trained on."""
    from PIL import Image, ImageOps

    channels, height, width = INPUT_SIZE
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file).convert("L" if channels == 1 else "RGB")
            image = ImageOps.fit(image, (width, height))
    except OSError as error:
        raise ValueError(f"{path} must be an image file: {error}") from error
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return pixels.reshape(height, width, channels).permute(2, 0, 1).contiguous()
'''
