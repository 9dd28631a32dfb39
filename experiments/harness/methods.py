"""Predictors by the name that tables and command lines give them."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from gemcore.arguments import check_in
from gemcore.atomic_files import recover_folder, write_folder
from gemcore.cell_batch import CellBatch
from gemcore.encoder import Encoder, EncoderConfig, train_encoder
from gemcore.pair_mixture import PairMixture
from gemcore.predictor import Predictor, PredictorConfig, make_predictor
from gemcore.predictor.graph_network import GraphNetworkPredictor
from gemcore.predictor.stacked import StackedPredictor
from harness.rows import Key
from harness.settings import TableSettings

# Chosen on the tuning third, where one round of the kernel said most about accuracy.
PAPER_ENCODER = EncoderConfig(
    hidden_dims=(512,),
    n_iter=1,
    mixture=PairMixture(independent=1.0, renumbered=0.0),
    reconstruction_weight=0.1,
    num_steps=1000,
    batch_size=256,
)
QUICK_ENCODER = EncoderConfig(num_steps=30, validation_pairs=200, report_pairs=200)


@dataclass(frozen=True)
class Method:
    """A predictor and what it sees.

    Args:
        predictor: As :func:`gemcore.make_predictor` names it.
        shown: What it is, for tables.
        embedding: Of the encoder that is learned for it beforehand; None: none is.
        pretrains: Whether it learns from unlabelled cells by itself, and keeps that in the user's
            cache: that is done beforehand too.
        config: Of the paper's network, where it isn't the paper's.
    """

    predictor: str
    shown: str
    embedding: str | None = None
    pretrains: bool = False
    config: PredictorConfig | None = None


RANKS = dataclasses.replace(PredictorConfig.paper(), targets="ranks")
METHODS = {
    "default": Method("default", "default", pretrains=True),
    "fast": Method("fast", "fast: default without the graph network"),
    "paper": Method("paper", "kernel-guided MLP + MLP", "kernel_guided"),
    "autoencoder": Method("paper", "vanilla autoencoder + MLP", "autoencoder"),
    "adjacency": Method("paper", "flattened adjacency + MLP"),
    "paper_ranks": Method(
        "paper", "kernel-guided MLP + MLP on ranks", "kernel_guided", config=RANKS
    ),
    "autoencoder_ranks": Method(
        "paper", "vanilla autoencoder + MLP on ranks", "autoencoder", config=RANKS
    ),
    "adjacency_ranks": Method("paper", "flattened adjacency + MLP on ranks", config=RANKS),
    "mlp": Method("mlp", "features, kernel-guided + MLPs", "kernel_guided"),
    "gaussian_process": Method("gaussian_process", "Gaussian process"),
    "gradient_boosting": Method("gradient_boosting", "gradient boosting"),
    "extra_trees": Method("extra_trees", "extra trees"),
    "graph_network": Method("graph_network", "graph network", pretrains=True),
}
PRETRAINED = tuple(name for name, method in METHODS.items() if method.pretrains)


@dataclass(frozen=True)
class PredictorSettings(TableSettings):
    """Settings of an experiment with predictors."""

    methods: tuple[str, ...] = tuple(METHODS)
    """Which predictors: default, fast, paper (its pipeline), autoencoder and adjacency (the same
    with another embedding), these three with _ranks (learned from ranks), mlp, gaussian_process,
    gradient_boosting, extra_trees, graph_network."""

    num_encoders: int = 5
    """Encoders of an embedding, of different seeds: repeat r uses number r modulo this."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    """How encoders are trained, on all cells of the table, which they see without accuracies."""

    def __post_init__(self) -> None:
        for name in self.methods:
            check_in("methods", name, tuple(METHODS))

    def quickened(self) -> Self:
        """Two repeats, one encoder of a few steps; nothing that needs minutes beforehand."""
        return dataclasses.replace(
            super().quickened(),
            methods=tuple(name for name in self.methods if name not in PRETRAINED),
            num_encoders=1,
            encoder=QUICK_ENCODER,
        )

    @property
    def identity(self) -> dict[str, Any]:
        """What all rows have in common."""
        encoder = dataclasses.asdict(self.encoder)
        shown = ", ".join(f"{name}={value}" for name, value in sorted(encoder.items()))
        return {**super().identity, "num_encoders": self.num_encoders, "encoder": shown}


def plan_learning(settings: PredictorSettings) -> list[Key]:
    """What is learned from unlabelled cells beforehand: pairs of a method and a group of repeats.

    Methods of one embedding share its encoders: the first of them stands for all.
    """
    first: dict[str, str] = {}
    for name in settings.methods:
        method = METHODS[name]
        if method.embedding is not None or method.pretrains:
            first.setdefault(method.embedding or name, name)
    count = min(settings.num_encoders, settings.repeats)
    return [(name, group) for group in range(count) for name in first.values()]


def learn(cells: CellBatch, folder: Path, settings: PredictorSettings, key: Key) -> None:
    """Does what a key of :func:`plan_learning` says."""
    name, group = key
    predictor = make_method(name, cells, folder, settings, group)
    if isinstance(predictor, StackedPredictor | GraphNetworkPredictor):
        predictor.prepare()


def make_method(
    name: str, cells: CellBatch, folder: Path, settings: PredictorSettings, repeat: int
) -> Predictor:
    """A fresh predictor; its seed, like its encoder, is that of the group of its repeat."""
    method, group = METHODS[name], repeat % settings.num_encoders
    seed = settings.seed + group
    if method.embedding is None:
        return make_predictor(
            method.predictor, cells, seed=seed, embedding="adjacency", config=method.config
        )
    return make_predictor(
        method.predictor,
        cells,
        seed=seed,
        embedding=method.embedding,
        encoder=_learned_encoder(method.embedding, cells, folder, settings, group),
        config=method.config,
    )


def _learned_encoder(
    embedding: str, cells: CellBatch, folder: Path, settings: PredictorSettings, group: int
) -> Encoder:
    """The encoder of a group, from its folder or trained now."""
    path = folder / "encoders" / f"{embedding}-{group}"
    recover_folder(path)
    if not path.exists():
        config = settings.encoder
        if embedding == "autoencoder":  # The same without equation 3.
            config = dataclasses.replace(config, similarity_weight=0.0)
        encoder = train_encoder(cells, config, seed=settings.seed + group)
        write_folder(path, encoder.save)
    return Encoder.load(path)
