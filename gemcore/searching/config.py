"""What a search may spend, what it aims at, and how its parts are set."""

from dataclasses import dataclass, field
from typing import Literal, Self

from gemcore.arguments import check_float, check_in, check_int, check_type
from gemcore.embedding.encoded import TRAINED_ON_PAIRS
from gemcore.embedding.making import EMBEDDINGS, EmbeddingName
from gemcore.encoder import EncoderConfig
from gemcore.predictor.making import PREDICTORS, WITHOUT_EMBEDDING, PredictorName
from gemcore.tasks.training_config import TrainingConfig

TARGETS = ("metric", "score")
ACQUISITIONS = ("mutation", "thompson", "bootstrap")
COSTS = ("macs", "params")  # What is known exactly of a network before it is trained.


@dataclass(frozen=True)
class SearchConfig:
    """Settings of a search; the defaults are the best we know, :meth:`paper` is the paper's letter.

    Example:
        >>> config = SearchConfig(num_trials=24)
        >>> config.initial_size, config.round_size
        (8, 4)
    """

    num_trials: int = 96
    """Cells to train in all, the final choice included; cells given as known don't count."""

    num_initial: int | None = None
    """Random cells to train before the first prediction. None: a third of num_trials."""

    cells_per_round: int | None = None
    """Cells to train between two fits of the predictor. None: a sixth of num_trials."""

    bootstrap_samples: int = 50_000
    """Cells to sample in a round; the best predicted of them are trained."""

    metric: str = "accuracy"
    """What the score rewards, higher is better: accuracy, balanced_accuracy, macro_f1, or a metric
    of the task's own, by name. Where classes are rare, macro_f1 keeps them from being ignored."""

    objectives: tuple[str, ...] | None = None
    """Instead of the one score: the metric and exact costs, macs, params or both, between which the
    best trade-offs are sought. The next cells are those of the highest expected hypervolume
    improvement; the best cell is still that of the highest score."""

    mac_penalty: float = 0.1
    """Price lambda of the multiply-adds: score = metric - lambda * log(MACs in millions)."""

    log_base: float = 10.0
    """Base of that logarithm: with 10, ten times the MACs cost lambda."""

    max_macs: int | None = None
    """Train no network of more multiply-adds than this."""

    max_params: int | None = None
    """Train no network of more parameters than this."""

    max_seconds: float | None = None
    """Start no candidate that is not expected to end in this time; final training comes on top."""

    predictor: PredictorName = "default"
    """What predicts: a Gaussian process and trees stacked, joined by a graph network if that was
    prepared (see pretrain); never joined (fast); the paper's single network, an ensemble of such
    networks, one kind alone, or the mean of what was seen."""

    pretrain: bool = False
    """Train the graph network of the default predictor on unlabelled cells before the first fit,
    a few minutes, once: it is kept in the user's cache, where later searches find it."""

    embedding: EmbeddingName = "kernel_guided"
    """What networks as predictors see: eqs. 2-4, the same without similarity, what a graph network
    makes of it, the flat adjacency, the kernel's principal components, or the graph's features."""

    target: Literal["metric", "score"] = "metric"
    """What is predicted: the metric, to which the exact MACs are added, or the score itself."""

    fine_tune: bool = False
    """Fit the predictor on from the round before instead of from scratch."""

    prune: bool = True
    """Drop nodes that the input does not reach before a cell is embedded and trained."""

    acquisition: Literal["mutation", "thompson", "bootstrap"] = "mutation"
    """How the next cells are chosen. bootstrap: the best predicted of those sampled (eq. 15);
    mutation: the best predicted of these and of mutants of the best known cells; thompson: of the
    same, each scored by a draw from its predicted distribution: what is uncertain is tried too.
    With objectives it only says whether mutants are tried, those of the Pareto front."""

    width: int | None = None
    """Width of the network's first stage. None: what the task suggests, or 16."""

    reevaluate: int = 0
    """When all cells are chosen, train so many of the best again from other seeds, and let the best
    mean score win. That comes on top of num_trials, which counts cells, and of max_seconds."""

    reevaluations: int = 1
    """How often each of them is trained again."""

    random_baseline: bool = False
    """In the end, train as many random cells in the same way, each once, for comparison."""

    num_workers: int | None = None
    """Candidates trained side by side. None: what is fastest on the cores at hand."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    """Training of the encoder."""

    training: TrainingConfig = field(default_factory=TrainingConfig)
    """Training of each candidate, and of the winner."""

    device: str = "auto"
    """Where networks are trained: "cpu", "cuda", "cuda:1", or "auto"."""

    def __post_init__(self) -> None:
        check_int("num_trials", self.num_trials, 1)
        for name in ("num_initial", "cells_per_round", "max_macs", "max_params", "width"):
            if getattr(self, name) is not None:
                check_int(name, getattr(self, name), 1)
        if self.num_initial is not None and self.num_initial > self.num_trials:
            most = f"at most num_trials = {self.num_trials}"
            raise ValueError(f"num_initial must be {most}, got {self.num_initial}")
        if self.num_workers is not None:
            check_int("num_workers", self.num_workers, 1)
        check_int("reevaluate", self.reevaluate, 0)
        check_int("reevaluations", self.reevaluations, 1)
        check_int("bootstrap_samples", self.bootstrap_samples, 1)
        check_type("metric", self.metric, str)
        self._check_objectives()
        check_float("mac_penalty", self.mac_penalty, 0)
        if check_float("log_base", self.log_base, 1) == 1:
            raise ValueError("log_base must be > 1, got 1")
        if self.max_seconds is not None:
            check_float("max_seconds", self.max_seconds, 0)
        check_in("predictor", self.predictor, PREDICTORS)
        check_in("embedding", self.embedding, EMBEDDINGS)
        check_in("target", self.target, TARGETS)
        check_in("acquisition", self.acquisition, ACQUISITIONS)
        for name in ("pretrain", "fine_tune", "prune", "random_baseline"):
            check_type(name, getattr(self, name), bool)
        check_type("encoder", self.encoder, EncoderConfig)
        check_type("training", self.training, TrainingConfig)
        check_type("device", self.device, str)

    def _check_objectives(self) -> None:
        if self.objectives is None:
            return
        check_type("objectives", self.objectives, (tuple, list))
        object.__setattr__(self, "objectives", tuple(self.objectives))
        for name in self.objectives:
            check_in("objectives", name, (self.metric, *COSTS))
        shown = ", ".join(map(repr, self.objectives)) or "none"
        if len(set(self.objectives)) < len(self.objectives):
            raise ValueError(f"objectives must differ, got {shown}")
        if self.metric not in self.objectives or len(self.objectives) < 2:
            raise ValueError(
                f"objectives must hold the metric {self.metric!r} and 'macs', 'params' or both, "
                f"got {shown}"
            )
        if self.target == "score":
            raise ValueError("target must be 'metric' where there are objectives, got 'score'")

    @property
    def initial_size(self) -> int:
        """Random cells before the first prediction."""
        return self.num_initial or max(1, self.num_trials // 3)

    @property
    def round_size(self) -> int:
        """Cells between two fits of the predictor."""
        return self.cells_per_round or max(1, self.num_trials // 6)

    @property
    def needs_encoder(self) -> bool:
        """Whether the predictor embeds cells with a trained encoder."""
        return self.predictor not in WITHOUT_EMBEDDING and self.embedding in TRAINED_ON_PAIRS

    @classmethod
    def paper(cls) -> Self:
        """The paper's letter: one network, fine-tuned, predicts S, and nothing is pruned.

        200 random cells and 20 rounds of 20 are what its cost allows (O-10).
        """
        return cls(
            num_trials=600,
            num_initial=200,
            cells_per_round=20,
            predictor="paper",
            acquisition="bootstrap",
            target="score",
            fine_tune=True,
            prune=False,
            encoder=EncoderConfig.paper(),
        )
