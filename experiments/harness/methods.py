"""Predictors by the name that tables and command lines give them."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from gemcore.arguments import check_in
from gemcore.atomic_files import recover_folder, write_folder
from gemcore.cell_batch import CellBatch
from gemcore.embedding.guided import encoder_config_for
from gemcore.encoder import Encoder, EncoderConfig, train_encoder
from gemcore.predictor import Predictor, make_predictor
from gemcore.predictor.making import PREDICTORS, WITHOUT_EMBEDDING
from harness.rows import Key
from harness.settings import TableSettings

QUICK_ENCODER = EncoderConfig(num_steps=30, validation_pairs=200, report_pairs=200)


@dataclass(frozen=True)
class Method:
    """A predictor and what it sees.

    Args:
        predictor: As :func:`gemcore.make_predictor` names it.
        embedding: The same.
        shown: What it is, for tables.
        learns_encoder: Whether an encoder is learned for it beforehand.
    """

    predictor: str
    embedding: str
    shown: str
    learns_encoder: bool = False


METHODS = {
    "default": Method("default", "kernel_guided", "default"),
    "paper": Method("paper", "kernel_guided", "kernel-guided MLP + MLP", learns_encoder=True),
    "autoencoder": Method("paper", "autoencoder", "vanilla autoencoder + MLP", learns_encoder=True),
    "adjacency": Method("paper", "adjacency", "flattened adjacency + MLP"),
}
# What else the package offers runs under its own name.
METHODS |= {
    name: Method(
        name,
        "kernel_guided",
        name.replace("_", " "),
        learns_encoder=name not in WITHOUT_EMBEDDING,
    )
    for name in PREDICTORS
    if name not in (*METHODS, "constant")
}


@dataclass(frozen=True)
class PredictorSettings(TableSettings):
    """Settings of an experiment with predictors."""

    methods: tuple[str, ...] = tuple(METHODS)
    """Which predictors: default, paper (its pipeline), autoencoder and adjacency (the same with
    another embedding), or any that gemcore.make_predictor names."""

    num_encoders: int = 5
    """Encoders of an embedding, of different seeds: repeat r uses number r modulo this."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    """How encoders are trained, on all cells of the table, which they see without accuracies."""

    def __post_init__(self) -> None:
        for name in self.methods:
            check_in("methods", name, tuple(METHODS))

    def quickened(self) -> Self:
        """Two repeats, one encoder of a few steps."""
        return dataclasses.replace(super().quickened(), num_encoders=1, encoder=QUICK_ENCODER)

    @property
    def identity(self) -> dict[str, Any]:
        """What all rows have in common."""
        encoder = dataclasses.asdict(self.encoder)
        shown = ", ".join(f"{name}={value}" for name, value in sorted(encoder.items()))
        return {**super().identity, "num_encoders": self.num_encoders, "encoder": shown}


def plan_encoders(settings: PredictorSettings) -> list[Key]:
    """Which encoders are needed: pairs of an embedding and a number."""
    embeddings = dict.fromkeys(
        METHODS[name].embedding for name in settings.methods if METHODS[name].learns_encoder
    )
    count = min(settings.num_encoders, settings.repeats)
    return [(embedding, number) for number in range(count) for embedding in embeddings]


def prepare_encoder(
    cells: CellBatch, folder: Path, settings: PredictorSettings, key: Key
) -> Encoder:
    """The encoder of a key of :func:`plan_encoders`, from its folder or trained now."""
    embedding, number = key
    path = folder / "encoders" / f"{embedding}-{number}"
    recover_folder(path)
    if not path.exists():
        config = encoder_config_for(embedding, settings.encoder)
        encoder = train_encoder(cells, config, seed=settings.seed + number)
        write_folder(path, encoder.save)
    return Encoder.load(path)


def make_method(
    name: str, cells: CellBatch, folder: Path, settings: PredictorSettings, repeat: int
) -> Predictor:
    """A fresh predictor; its seed, like its encoder, is that of the group of its repeat."""
    method, group = METHODS[name], repeat % settings.num_encoders
    encoder = None
    if method.learns_encoder:
        encoder = prepare_encoder(cells, folder, settings, (method.embedding, group))
    return make_predictor(
        method.predictor,
        cells,
        seed=settings.seed + group,
        embedding=method.embedding,
        encoder=encoder,
    )
