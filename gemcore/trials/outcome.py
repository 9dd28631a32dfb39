"""What came out of one evaluation, before the search puts a price on it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from gemcore.arguments import check_type
from gemcore.trials.reported import check_metrics

COMPLETE = "complete"
FAILED = "failed: "


@dataclass(frozen=True)
class Outcome:
    """The measurements of a trial, or why there are none.

    Args:
        index: Number of the trial.
        status: ``"complete"`` or ``"failed: <why>"``.
        metrics: Finite numbers by name, with ``accuracy`` in [0, 1]; empty where the trial failed.
        seconds: Wall time.

    Example:
        >>> Outcome(3, "complete", {"accuracy": 0.5}, seconds=1.0).is_complete
        True
    """

    index: int
    status: str
    metrics: dict[str, float] = field(hash=False)
    seconds: float

    def __post_init__(self) -> None:
        check_status(self.status)
        metrics = check_metrics(self.metrics) if self.is_complete else dict(self.metrics)
        object.__setattr__(self, "metrics", metrics)

    @property
    def is_complete(self) -> bool:
        """Whether there are measurements."""
        return self.status == COMPLETE

    def to_dict(self) -> dict[str, Any]:
        """The same as numbers and strings, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what :meth:`to_dict` wrote."""
        return cls(**data)


def check_status(status: object) -> None:
    """Raises unless the status is ``"complete"`` or ``"failed: <why>"``."""
    check_type("status", status, str)
    if status != COMPLETE and not str(status).startswith(FAILED):
        raise ValueError(f"status must be {COMPLETE!r} or '{FAILED}<why>', got {status!r}")
