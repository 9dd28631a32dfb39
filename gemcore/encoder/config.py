"""How the kernel-guided encoder is built and trained."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from gemcore.arguments import check_float, check_in, check_int, check_type, describe
from gemcore.pair_mixture import PairMixture
from gemcore.wl_settings import MAX_ROUNDS

Direction = Literal["in_out", "out", "in", "undirected"]
Labels = Literal["auto", "ops", "degree", "uniform"]


@dataclass(frozen=True)
class EncoderConfig:
    """Shape and training of an encoder; the defaults are the best we know.

    Example:
        >>> EncoderConfig(embedding_dim=0)
        Traceback (most recent call last):
        ValueError: embedding_dim must be >= 1, got 0
    """

    embedding_dim: int = 50
    """Numbers in an embedding, d."""

    hidden_dims: tuple[int, ...] = (512, 512)
    """Widths of the encoder's hidden layers."""

    decoder_dims: tuple[int, ...] = (512,)
    """Widths of the decoder's hidden layers."""

    prune: bool = True
    """Drop nodes that no data reaches before cells are compared and encoded."""

    canonical: bool = True
    """Put nodes in canonical order before a cell is encoded: isomorphic cells embed equally."""

    signed: bool = False
    """Feed the numbers -1 and 1 instead of 0 and 1."""

    n_iter: int = 3
    """Rounds of refinement of the similarity to learn, h."""

    direction: Direction = "in_out"
    """Neighbors that the similarity reads, see gemcore.wl_pairs."""

    round_weights: tuple[float, ...] | None = None
    """Weights of the rounds 0 .. n_iter in the similarity. None: 1 for all."""

    labels: Labels = "ops"
    """Colors before the first round. auto: operations, or degrees where there is one operation."""

    mixture: PairMixture = field(default_factory=PairMixture)
    """Which pairs are learned from."""

    similarity_weight: float = 1.0
    """Weight of the similarity in the loss (eq. 4). 0 leaves an autoencoder."""

    reconstruction_weight: float = 0.003
    """Weight of the reconstruction of each cell in the loss (eq. 4)."""

    num_steps: int = 2000
    """Most steps of training."""

    batch_size: int = 512
    """Pairs in a step."""

    train_pairs: int | None = None
    """Pairs in a fixed training set, gone through in random order. None: fresh pairs every step."""

    learning_rate: float = 4e-3
    """Peak step size of Adam, lowered to 0 by a cosine."""

    warmup: float = 0.05
    """Share of the steps in which the step size first rises from 0 to its peak."""

    weight_decay: float = 0.0
    """Share of the weights taken off a step, times the step size."""

    averaging: float = 0.99
    """Share that the average of the weights keeps of itself a step, 0 up to but not 1. The average
    is what is validated and returned. 0: the weights themselves."""

    validation_pairs: int = 4000
    """Held-out pairs that training is validated on."""

    validate_every: int = 250
    """Steps between two validations."""

    patience: int = 8
    """Stop after so many validations without a lower loss; the best weights are returned."""

    report_pairs: int = 20_000
    """Fresh pairs that the report measures the trained encoder on."""

    device: str = "auto"
    """Where to train: "cpu", "cuda", "cuda:1"; auto: the first GPU, or the CPU if there is none."""

    def __post_init__(self) -> None:
        for name in ("embedding_dim", "num_steps", "batch_size", "validate_every", "patience"):
            check_int(name, getattr(self, name), 1)
        for name in ("validation_pairs", "report_pairs"):
            check_int(name, getattr(self, name), 2)
        if self.train_pairs is not None:
            check_int("train_pairs", self.train_pairs, 1)
        for name in ("hidden_dims", "decoder_dims"):
            object.__setattr__(self, name, _read_widths(name, getattr(self, name)))
        for name in ("prune", "canonical", "signed"):
            check_type(name, getattr(self, name), bool)
        self._check_similarity()
        for name in ("learning_rate", "weight_decay", "similarity_weight", "reconstruction_weight"):
            check_float(name, getattr(self, name), 0)
        if not self.similarity_weight and not self.reconstruction_weight:
            raise ValueError("reconstruction_weight must be > 0 without similarity_weight, got 0")
        check_float("warmup", self.warmup, 0, 1)
        if check_float("averaging", self.averaging, 0, 1) == 1:
            raise ValueError("averaging must be < 1, got 1")
        check_type("device", self.device, str)

    def _check_similarity(self) -> None:
        check_int("n_iter", self.n_iter, 0, MAX_ROUNDS)
        check_in("direction", self.direction, get_args(Direction))
        check_in("labels", self.labels, get_args(Labels))
        check_type("mixture", self.mixture, PairMixture)
        if self.round_weights is not None:
            check_type("round_weights", self.round_weights, (tuple, list))
            weights = tuple(check_float("round_weights", w, 0) for w in self.round_weights)
            if len(weights) != self.n_iter + 1:
                raise ValueError(
                    f"round_weights must have length n_iter + 1 = {self.n_iter + 1}, "
                    f"got {len(weights)}"
                )
            object.__setattr__(self, "round_weights", weights)

    @classmethod
    def paper(cls) -> "EncoderConfig":
        """The paper's letter, with its open points as O-01 .. O-06 of the design fill them.

        Two-layer perceptrons of width 512 read -1 and 1 from the graph as it was drawn; 50,000
        fixed pairs of independent cells, two rounds of refinement, weights 1 and 1, and 10,000
        steps of 256 pairs with Adam. Nothing is stopped early, for the paper says nothing of it.
        """
        return cls(
            hidden_dims=(512,),
            decoder_dims=(512,),
            prune=False,
            canonical=False,
            signed=True,
            n_iter=2,
            labels="auto",
            mixture=PairMixture(independent=1.0, renumbered=0.0),
            reconstruction_weight=1.0,
            num_steps=10_000,
            batch_size=256,
            train_pairs=50_000,
            learning_rate=1e-3,
            warmup=0.0,
            averaging=0.0,
            validation_pairs=5_000,
            patience=10_000,
        )


def _read_widths(name: str, widths: object) -> tuple[int, ...]:
    if not isinstance(widths, tuple | list):
        raise TypeError(f"{name} must be a tuple of widths, got {describe(widths)}")
    return tuple(check_int(name, width, 1) for width in widths)
