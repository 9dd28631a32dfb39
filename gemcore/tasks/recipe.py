"""What a training run is made of: examples, and the recipe by which a network learns them."""

from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from gemcore.tasks.backend import ResolvedBackend
from gemcore.tasks.preprocessing import Preprocessing
from gemcore.tasks.training_config import TrainingConfig


@dataclass(frozen=True, eq=False)
class Examples:
    """Labelled images on the device that trains.

    Args:
        images: As the task stores them, uint8 or float32 ``[N, C, H, W]``.
        labels: Class numbers, int64 ``[N]``.
    """

    images: Tensor
    labels: Tensor

    @classmethod
    def select(
        cls,
        images: NDArray[Any],
        labels: NDArray[Any],
        index: NDArray[Any],
        device: torch.device,
    ) -> "Examples":
        """The images and labels of these numbers, copied to the device."""
        chosen = (torch.from_numpy(array[index]) for array in (images, labels))
        return cls(*(tensor.to(device) for tensor in chosen))

    def __len__(self) -> int:
        return len(self.labels)


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
