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
    """Gathers batches of shifted and mirrored images.

    Args:
        images: ``[N, C, H, W]``, any dtype and device.
        augment: ``"none"``, ``"shift"`` or ``"crop_flip"``. Images are shifted by up to an eighth
            of their height and width; zeros move in.
    """

    def __init__(self, images: Tensor, augment: Augmentation) -> None:
        height, width = images.shape[2:]
        moves = augment != "none"
        self.flips = augment == "crop_flip"
        self.reach = (height // 8, width // 8) if moves else (0, 0)
        down, right = self.reach
        padded = pad(images, (right, right, down, down)) if any(self.reach) else images
        # [N, C, 2 * down + 1, 2 * right + 1, H, W]: every shift of every image, as a view.
        self.windows = padded.unfold(2, height, 1).unfold(3, width, 1)

    def draw(self, num_images: int, generator: np.random.Generator) -> Tensor:
        """Random choices for an epoch, int64 ``[3, num_images]``: row, column, mirrored or not."""
        down, right = self.reach
        top = (2 * down + 1, 2 * right + 1, 2 if self.flips else 1)
        draws = [generator.integers(high, size=num_images) for high in top]
        return torch.from_numpy(np.stack(draws)).to(self.windows.device)

    def batch(self, index: Tensor, choices: Tensor) -> Tensor:
        """Images ``index``, int64 ``[B]``, changed by ``choices``, int64 ``[3, B]``."""
        row, column, mirrored = choices
        images = self.windows[index, :, row, column]
        if self.flips:
            images = torch.where(mirrored.bool().view(-1, 1, 1, 1), images.flip(3), images)
        return images
