"""What all trials of a run have in common."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from gemcore.networks.skeleton import Skeleton
from gemcore.tasks import EvaluationContext, ResolvedBackend, TrainingConfig


@dataclass(frozen=True)
class TrialSettings:
    """How every candidate is trained.

    Args:
        skeleton: What surrounds a cell.
        training: How to train.
        backend: Where and in which numbers, resolved once for the run.
        seed: Of initial weights, batches and augmentation: the same for all candidates.
        input_size: (channels, height, width) of an image, for a task that is a function.
        num_classes: Number of classes, for a task that is a function.
    """

    skeleton: Skeleton
    training: TrainingConfig
    backend: ResolvedBackend
    seed: int
    input_size: tuple[int, int, int] | None = None
    num_classes: int | None = None

    def context(self, index: int) -> EvaluationContext:
        """What a task that is a function is told about trial ``index``."""
        return EvaluationContext(
            seed=self.seed,
            index=index,
            skeleton=self.skeleton,
            training=self.training,
            input_size=self.input_size,
            num_classes=self.num_classes,
        )

    def to_dict(self) -> dict[str, Any]:
        """What a process that trains needs, ready for JSON."""
        return {
            "skeleton": self.skeleton.to_dict(),
            "training": asdict(self.training),
            "backend": self.backend.to_dict(),
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what :meth:`to_dict` wrote."""
        return cls(
            skeleton=Skeleton.from_dict(data["skeleton"]),
            training=TrainingConfig(**data["training"]),
            backend=ResolvedBackend.from_dict(data["backend"]),
            seed=data["seed"],
        )
