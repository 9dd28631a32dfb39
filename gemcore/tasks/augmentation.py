"""Random changes of training images, drawn for a batch at once on the device that holds them."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from gemcore.tasks.training_config import Augmentation


def resolve_augmentation(augment: Augmentation, num_channels: int) -> Augmentation:
    """What ``"auto"`` means for images of so many channels.

    Grey images are often of letters and digits, whose mirror images mean something else.
    """
    if augment != "auto":
        return augment
    return "shift" if num_channels == 1 else "crop_flip"


class Augmenter:
    """Shifts and mirrors batches of images.

    A batch is padded when it is drawn: padding all images at once would take half as much memory
    again as the data set, and would save nothing that can be measured.

    Args:
        size: (height, width) of the images.
        augment: ``"none"``, ``"shift"`` or ``"crop_flip"``. Images are shifted by up to an eighth
            of their height and width; zeros move in.
    """

    def __init__(self, size: tuple[int, int], augment: Augmentation) -> None:
        self.size = size
        self.flips = augment == "crop_flip"
        moves = augment != "none"
        self.reach = (size[0] // 8, size[1] // 8) if moves else (0, 0)

    def draw(self, num_images: int, generator: np.random.Generator) -> Tensor:
        """Random choices for an epoch, int64 ``[3, num_images]``: row, column, mirrored or not."""
        down, right = self.reach
        top = (2 * down + 1, 2 * right + 1, 2 if self.flips else 1)
        draws = [generator.integers(high, size=num_images) for high in top]
        return torch.from_numpy(np.stack(draws))

    def change(self, images: Tensor, choices: Tensor) -> Tensor:
        """Images ``[B, C, H, W]`` of any dtype, changed by ``choices``, int64 ``[3, B]``."""
        row, column, mirrored = choices
        if any(self.reach):
            (height, width), (down, right) = self.size, self.reach
            padded = pad(images, (right, right, down, down))
            # [B, C, 2 * down + 1, 2 * right + 1, H, W]: every shift of every image, as a view.
            windows = padded.unfold(2, height, 1).unfold(3, width, 1)
            images = windows[torch.arange(len(images), device=images.device), :, row, column]
        if self.flips:
            images = torch.where(mirrored.bool().view(-1, 1, 1, 1), images.flip(3), images)
        return images
