"""gemcore.tasks.augmentation against a loop over images and pixels."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gemcore.philox import Stream, numpy_generator
from gemcore.tasks.augmentation import Augmenter, resolve_augmentation
from gemcore.tasks.training_config import Augmentation


def textbook(images: Tensor, index: Tensor, choices: Tensor, reach: tuple[int, int]) -> Tensor:
    height, width = images.shape[2:]
    changed = torch.zeros((len(index), *images.shape[1:]), dtype=images.dtype)
    for b, image in enumerate(index.tolist()):
        row, column, mirrored = choices[:, b].tolist()
        for y in range(height):
            for x in range(width):
                source_y, source_x = y + row - reach[0], x + column - reach[1]
                if 0 <= source_y < height and 0 <= source_x < width:
                    to = width - 1 - x if mirrored else x
                    changed[b, :, y, to] = images[image, :, source_y, source_x]
    return changed


@pytest.mark.parametrize("augment", ["none", "shift", "crop_flip"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 17, 8), (2, 7, 16), (1, 1, 1)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_matches_textbook(
    augment: Augmentation, shape: tuple[int, int, int], dtype: torch.dtype
) -> None:
    images = (torch.rand(5, *shape, generator=torch.Generator().manual_seed(0)) * 255).to(dtype)
    augmenter = Augmenter(shape[1:], augment)
    choices = augmenter.draw(7, numpy_generator(0, Stream.AUGMENTATION))
    index = torch.tensor([4, 0, 0, 3, 2, 1, 4])
    reach = (0, 0) if augment == "none" else (shape[1] // 8, shape[2] // 8)
    actual = augmenter.change(images[index], choices)
    assert actual.dtype == dtype
    torch.testing.assert_close(actual, textbook(images, index, choices, reach))


def test_nothing_changes_without_augmentation() -> None:
    images = torch.arange(64.0).view(1, 1, 8, 8)
    augmenter = Augmenter((8, 8), "none")
    choices = augmenter.draw(1, numpy_generator(0, Stream.AUGMENTATION))
    assert torch.equal(augmenter.change(images, choices), images)


def test_every_shift_and_mirror_image_is_drawn_about_as_often() -> None:
    augmenter = Augmenter((8, 16), "crop_flip")
    choices = augmenter.draw(3000, numpy_generator(0, Stream.AUGMENTATION)).numpy()
    _, counts = np.unique(choices, axis=1, return_counts=True)
    assert len(counts) == 3 * 5 * 2
    assert abs(counts - 100).max() < 50  # Five standard deviations.


def test_auto_never_mirrors_grey_images() -> None:
    assert resolve_augmentation("auto", 1) == "shift"
    assert resolve_augmentation("auto", 3) == "crop_flip"
    assert resolve_augmentation("none", 3) == "none"
    assert not Augmenter((8, 8), "shift").flips
