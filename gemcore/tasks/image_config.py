"""How image files become a task."""

from dataclasses import dataclass

from gemcore.arguments import check_float, check_int


@dataclass(frozen=True)
class ImageConfig:
    """Size of the images, and which of them are for what.

    Example:
        >>> ImageConfig(image_size=0)
        Traceback (most recent call last):
        ValueError: image_size must be >= 1, got 0
    """

    image_size: int = 32
    """Height and width in pixels of images from a folder: they are scaled to cover the square, and
    what is over is cut off evenly. Small images make a search fast; the found cell suits any."""

    proxy_fraction: float | None = None
    """Share of the images (test apart) that candidates see, drawn class by class; the final
    network is trained on all. None: what suits the task: a tenth of CIFAR and MNIST, else all."""

    test_fraction: float = 0.2
    """Share of the images that are kept for the final test, where the task has no test part."""

    valid_fraction: float = 0.2
    """Share of the images that candidates see which scores them instead of training them."""

    max_unreadable: float = 0.05
    """Share of files that may be unreadable; they are named and left out. More is an error."""

    def __post_init__(self) -> None:
        check_int("image_size", self.image_size, 1)
        for name in ("test_fraction", "valid_fraction", "proxy_fraction"):
            value = getattr(self, name)
            if value is not None and check_float(name, value, 0, 1) == 0:
                raise ValueError(f"{name} must be above 0, got 0")
        for name in ("test_fraction", "valid_fraction"):
            if getattr(self, name) == 1:
                raise ValueError(f"{name} must be below 1, got 1")
        check_float("max_unreadable", self.max_unreadable, 0, 1)
