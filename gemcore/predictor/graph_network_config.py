"""How the graph networks of a predictor are fine-tuned."""

import math
from dataclasses import dataclass

from gemcore.arguments import check_float, check_int, check_type

FEW_CELLS = 424  # Labelled cells up to which the settings for few hold; 0.1 % of NAS-Bench-101.


@dataclass(frozen=True)
class GraphNetworkConfig:
    """Networks that start from an invariant encoder and learn to tell scores.

    Where little is labelled the encoder is moved less and more is dropped: both change with the
    square root of the number of cells.
    """

    num_members: int = 4
    """Networks that differ in their first heads and the order of the data; their mean is the
    prediction, their spread its uncertainty."""

    fewest_steps: int = 300
    """Fewest steps of a fit from scratch."""

    epochs: int = 60
    """Passes over the labelled cells in a fit from scratch, if these are more steps."""

    fine_tune_share: float = 0.3
    """Share of these steps in a fit that goes on from the one before."""

    batch_size: int = 128
    """Labelled cells in a step."""

    learning_rate: float = 2e-3
    """Peak step size of AdamW, lowered to 0 by a cosine."""

    body_share: float = 0.3
    """Share of the step size that moves the encoder, for few cells."""

    dropout: float = 0.3
    """Share of the numbers dropped in each layer, for few cells."""

    least_dropout: float = 0.1
    """The same for many cells."""

    weight_decay: float = 1e-2
    """Share of the weights taken off a step, times the step size."""

    rank_weight: float = 1.0
    """Weight of the pairwise ranking loss beside the squared error."""

    device: str = "cpu"
    """Where to fit and predict: "cpu", "cuda", "cuda:1", or auto. Networks as small as these gain
    little from a GPU."""

    def __post_init__(self) -> None:
        for name in ("num_members", "fewest_steps", "epochs", "batch_size"):
            check_int(name, getattr(self, name), 1)
        for name in ("learning_rate", "weight_decay", "rank_weight"):
            check_float(name, getattr(self, name), 0)
        check_type("device", self.device, str)
        check_float("fine_tune_share", self.fine_tune_share, 0, 1)
        check_float("body_share", self.body_share, 0, 1)
        for name in ("dropout", "least_dropout"):
            if check_float(name, getattr(self, name), 0, 1) == 1:
                raise ValueError(f"{name} must be < 1, got 1")

    def steps(self, num_cells: int, *, goes_on: bool) -> int:
        """How many steps a fit to so many cells takes."""
        steps = max(self.fewest_steps, -(-self.epochs * num_cells // self.batch_size))
        return max(1, round(steps * self.fine_tune_share)) if goes_on else steps

    def dropout_for(self, num_cells: int) -> float:
        """The share to drop with so many cells."""
        share = self.dropout * math.sqrt(min(1.0, FEW_CELLS / num_cells))
        return max(share, min(self.dropout, self.least_dropout))

    def body_share_for(self, num_cells: int) -> float:
        """The share of the encoder's step size with so many cells."""
        return min(1.0, self.body_share * math.sqrt(max(1.0, num_cells / FEW_CELLS)))
