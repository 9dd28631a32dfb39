"""How the invariant encoder is built and trained."""

from dataclasses import dataclass, field

from gemcore.arguments import check_float, check_int, check_type
from gemcore.pair_mixture import PairMixture
from gemcore.wl_settings import MAX_ROUNDS


@dataclass(frozen=True)
class InvariantConfig:
    """Shape and training of an invariant encoder; the defaults are the best we know.

    Example:
        >>> InvariantConfig(width=0)
        Traceback (most recent call last):
        ValueError: width must be >= 1, got 0
    """

    width: int = 64
    """Numbers that describe a node, d; a cell's embedding has 3 d."""

    message_width: int = 32
    """Numbers in a message from one node to another, m."""

    num_layers: int = 3
    """Exchanges of messages: a node comes to know what is as many edges away."""

    num_steps: int = 1500
    """Steps of training."""

    batch_size: int = 256
    """Pairs of cells in a step."""

    mixture: PairMixture = field(default_factory=PairMixture)
    """Which pairs are learned from."""

    n_iter: int = 3
    """Rounds of refinement of the kernel to learn, h."""

    kernel_dim: int = 64
    """Length of the vectors whose inner product is the centered kernel."""

    kernel_weight: float = 0.3
    """Weight of the kernel in the loss."""

    feature_weight: float = 1.0
    """Weight of the features of the graph in the loss."""

    num_references: int = 1024
    """Cells of the space that stand for all of it where the kernel is centered and features are
    scaled."""

    learning_rate: float = 2e-3
    """Peak step size of AdamW, lowered to 0 by a cosine."""

    warmup: float = 0.1
    """Share of the steps in which the step size first rises from 0 to its peak."""

    weight_decay: float = 1e-2
    """Share of the weights taken off a step, times the step size."""

    averaging: float = 0.99
    """Share that the average of the weights, which is returned, keeps of itself a step."""

    report_pairs: int = 2000
    """Fresh pairs that the report measures the trained encoder on."""

    device: str = "auto"
    """Where to train: "cpu", "cuda", "cuda:1"; auto: the first GPU, or the CPU if there is none."""

    def __post_init__(self) -> None:
        for name in (
            "width",
            "message_width",
            "num_layers",
            "num_steps",
            "batch_size",
            "kernel_dim",
        ):
            check_int(name, getattr(self, name), 1)
        for name in ("num_references", "report_pairs"):
            check_int(name, getattr(self, name), 2)
        check_int("n_iter", self.n_iter, 0, MAX_ROUNDS)
        check_type("mixture", self.mixture, PairMixture)
        for name in ("learning_rate", "weight_decay", "kernel_weight", "feature_weight"):
            check_float(name, getattr(self, name), 0)
        if not self.kernel_weight and not self.feature_weight:
            raise ValueError("feature_weight must be > 0 without kernel_weight, got 0")
        check_float("warmup", self.warmup, 0, 1)
        if check_float("averaging", self.averaging, 0, 1) == 1:
            raise ValueError("averaging must be < 1, got 1")
        check_type("device", self.device, str)
