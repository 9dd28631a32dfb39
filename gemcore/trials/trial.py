"""One evaluated cell: what a search remembers, stores and shows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from gemcore.arguments import check_float, check_int, check_seed, check_type
from gemcore.cell import Cell
from gemcore.trials.outcome import COMPLETE, check_status
from gemcore.trials.reported import check_metrics


@dataclass(frozen=True)
class Trial:
    """A cell, what its network costs, and how well it did.

    Args:
        index: Number of the trial, 0, 1, ... in the order asked.
        cell: The cell.
        status: ``"complete"`` or ``"failed: <why>"``.
        accuracy: Fraction of validation images classified correctly; None if the trial failed.
        macs: Multiply-adds of the network on one image.
        params: Trainable parameters of the network.
        score: Efficiency score (eq. 5), higher is better; None if the trial failed.
        metrics: All that the task measured, by name, the accuracy included.
        seconds: Wall time of the evaluation.
        seed: Of the search; of a further run, that which it was trained from.

    Raises:
        ValueError: If a number is out of range or not finite, or does not fit the status.

    Example:
        >>> cell = Cell(("input", "conv1x1"), ((0, 1),))
        >>> trial = Trial(0, cell, "complete", 0.5, 1000, 10, 0.8, {"accuracy": 0.5}, 1.0, seed=0)
        >>> Trial.from_dict(trial.to_dict()) == trial
        True
    """

    index: int
    cell: Cell
    status: str
    accuracy: float | None
    macs: int
    params: int
    score: float | None
    metrics: dict[str, float] = field(hash=False)
    seconds: float
    seed: int

    def __post_init__(self) -> None:
        check_type("cell", self.cell, Cell)
        check_status(self.status)
        for name in ("index", "macs", "params"):
            object.__setattr__(self, name, check_int(name, getattr(self, name), 0))
        object.__setattr__(self, "seconds", check_float("seconds", self.seconds, 0))
        object.__setattr__(self, "seed", check_seed(self.seed))
        if self.is_complete:
            object.__setattr__(self, "metrics", check_metrics(self.metrics))
            object.__setattr__(self, "accuracy", check_float("accuracy", self.accuracy, 0, 1))
            object.__setattr__(self, "score", check_float("score", self.score, -float("inf")))
        elif self.accuracy is not None or self.score is not None or self.metrics:
            raise ValueError(
                f"accuracy, score and metrics must be None and empty in a failed trial, "
                f"got {self.accuracy}, {self.score}, {self.metrics}"
            )

    @property
    def is_complete(self) -> bool:
        """Whether there are an accuracy and a score."""
        return self.status == COMPLETE

    def to_dict(self) -> dict[str, Any]:
        """The same as numbers, strings, lists and None, ready for JSON."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return values | {"cell": json.loads(self.cell.to_json()), "metrics": dict(self.metrics)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what :meth:`to_dict` wrote.

        Raises:
            TypeError: If ``data`` is no mapping or a value of the wrong kind.
            ValueError: If a key is missing or unknown, or a value out of range.
        """
        check_type("trial", data, Mapping)
        wanted = [item.name for item in fields(cls)]
        if set(data) != set(wanted):
            raise ValueError(f"trial must have the keys {', '.join(wanted)}, got {', '.join(data)}")
        check_type("metrics", data["metrics"], Mapping)
        cell = Cell.from_json(json.dumps(data["cell"]))
        return cls(**{**data, "cell": cell, "metrics": dict(data["metrics"])})
