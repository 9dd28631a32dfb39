"""What a training run is made of: examples, and the recipe by which a network learns them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gemcore.tasks.backend import ResolvedBackend
from gemcore.tasks.preprocessing import Preprocessing
from gemcore.tasks.training_config import TrainingConfig


@dataclass(frozen=True, eq=False)
class Examples:
    """Labelled images, of which any batch is at hand.

    On a CPU the task's own array is gathered from, which several processes may share; on a GPU lie
    the images of the examples alone.

    Args:
        images: As the task stores them, uint8 or float32 ``[M, C, H, W]``: an array, or a tensor
            on the device that trains.
        labels: Class numbers, int64 ``[N]``, on that device.
        numbers: Which of the images the examples are, ``[N]``, if they are an array.
    """

    images: NDArray[Any] | Tensor
    labels: Tensor
    numbers: NDArray[np.int64] | None = None

    @classmethod
    def select(
        cls,
        images: NDArray[Any],
        labels: NDArray[Any],
        numbers: NDArray[np.int64],
        device: torch.device,
    ) -> "Examples":
        """The images and labels of these numbers, for training on the device."""
        chosen = torch.from_numpy(labels[numbers]).to(device)
        if device.type == "cpu":
            return cls(images, chosen, numbers)
        return cls(torch.from_numpy(images[numbers]).to(device), chosen)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def size(self) -> tuple[int, int, int]:
        """(channels, height, width) of an image."""
        channels, height, width = self.images.shape[1:]
        return channels, height, width

    def gather(self, batch: Tensor) -> Tensor:
        """Images of the examples ``batch``, int64 ``[B]``, on the device that trains."""
        if isinstance(self.images, Tensor):
            return self.images[batch]
        assert self.numbers is not None
        return torch.from_numpy(self.images[self.numbers[batch.numpy()]])


@dataclass(frozen=True)
class Recipe:
    """How to train: what was asked for, on what, and for how long."""

    training: TrainingConfig
    backend: ResolvedBackend
    preprocessing: Preprocessing
    epochs: int
    seed: int
    class_weights: tuple[float, ...] | None = None

    def weights_on(self, device: torch.device) -> Tensor | None:
        """Weight of each class in the loss, float32 ``[C]``; None where all count alike."""
        if self.class_weights is None:
            return None
        return torch.tensor(self.class_weights, dtype=torch.float32, device=device)

    def prepare(self, images: Tensor) -> Tensor:
        """Standardized images, float32 in the memory format of the backend."""
        normalized = self.preprocessing.normalize(images)
        return normalized.contiguous(memory_format=self.backend.torch_format)

    def autocast(self) -> torch.autocast:
        """The context in which a network is called."""
        device = torch.device(self.backend.device).type
        enabled = self.backend.precision == "bfloat16"
        return torch.autocast(device, torch.bfloat16, enabled=enabled)
