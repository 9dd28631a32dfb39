"""How the networks of a predictor are built and fitted."""

from dataclasses import dataclass
from typing import Literal, Self, get_args

from gemcore.arguments import check_float, check_in, check_int, check_type

Loss = Literal["mse", "ranking"]
Targets = Literal["scores", "ranks"]


@dataclass(frozen=True)
class PredictorConfig:
    """Fully connected ReLU networks on the embedding (paper section 3.2; R-14, O-09)."""

    num_members: int = 5
    """Networks that differ in their first weights and the order of the data; their mean is the
    prediction, their spread its uncertainty."""

    hidden: tuple[int, ...] = (128, 128)
    """Widths of the hidden layers."""

    epochs: int = 200
    """Passes over the labelled cells in a fit from scratch."""

    fine_tune_epochs: int = 60
    """Passes in a fit that goes on from the weights of the one before."""

    batch_size: int = 128
    """Labelled cells in a step of the optimizer."""

    learning_rate: float = 3e-3
    """First learning rate of AdamW; it falls to 0 along half a cosine."""

    weight_decay: float = 1e-2
    """Decoupled weight decay of AdamW."""

    targets: Targets = "scores"
    """What the networks learn: the scores, standardized, or their ranks as quantiles of a normal
    distribution. Predictions are scores in either case."""

    loss: Loss = "mse"
    """mse: mean squared error. ranking: logistic loss of the order of every two cells of a step."""

    def __post_init__(self) -> None:
        for name in ("num_members", "epochs", "fine_tune_epochs", "batch_size"):
            check_int(name, getattr(self, name), 1)
        check_type("hidden", self.hidden, tuple)
        for width in self.hidden:
            check_int("hidden", width, 1)
        check_float("learning_rate", self.learning_rate, 0.0)
        check_float("weight_decay", self.weight_decay, 0.0)
        check_in("targets", self.targets, get_args(Targets))
        check_in("loss", self.loss, get_args(Loss))

    @classmethod
    def paper(cls) -> Self:
        """The paper's letter as far as it is known: one network of two layers of 256 (O-09)."""
        return cls(
            num_members=1, hidden=(256, 256), epochs=300, fine_tune_epochs=100, learning_rate=1e-3
        )
