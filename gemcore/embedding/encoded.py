"""Trained encoders as embeddings."""

import dataclasses
from pathlib import Path
from typing import Any, Self

from torch import Tensor

from gemcore.arguments import check_type
from gemcore.atomic_files import write_document
from gemcore.cell_batch import CellBatch
from gemcore.embedding.protocol import DOCUMENT, FILE, VERSION
from gemcore.encoder import (
    Encoder,
    EncoderConfig,
    InvariantConfig,
    InvariantEncoder,
    cached_encoder,
)
from gemcore.listed_space import CellSource

AnyEncoder = Encoder | InvariantEncoder
AnyConfig = EncoderConfig | InvariantConfig
TRAINED_ON_PAIRS = ("kernel_guided", "autoencoder")
KINDS: dict[str, tuple[type[AnyEncoder], type[AnyConfig]]] = {
    **dict.fromkeys(TRAINED_ON_PAIRS, (Encoder, EncoderConfig)),
    "invariant": (InvariantEncoder, InvariantConfig),
}


class EncoderEmbedding:
    """What an encoder makes of the cells.

    Args:
        name: ``"kernel_guided"``: the paper's encoder, eqs. 2-4; ``"autoencoder"``: the same
            without eq. 3; ``"invariant"``: :class:`InvariantEncoder`.
        source: Where cells come from: the encoder is trained on them at its first use, or comes
            from the user's cache (:mod:`gemcore.learned_cache`).
        encoder: A trained encoder, or how it is trained.
        seed: Of the encoder.
        progress: Show a bar while it is trained.

    Raises:
        TypeError: If the encoder is not of the kind that the name says.

    Source: Cheng et al., "NASGEM", AAAI 2021, tables 3 and 4 (the last two of three inputs).
    """

    def __init__(
        self,
        name: str,
        source: CellSource,
        encoder: AnyEncoder | AnyConfig | None = None,
        *,
        seed: int = 0,
        progress: bool = False,
    ) -> None:
        kind, settings = KINDS[name]
        check_type("encoder", encoder, (kind, settings, type(None)))
        self.name = name
        self._source = source
        self._encoder: AnyEncoder | None = None
        if isinstance(encoder, AnyEncoder):
            self._encoder, encoder = encoder, encoder.config
        self._config: AnyConfig = encoder or settings()
        self._seed = seed
        self._progress = progress

    @property
    def encoder(self) -> AnyEncoder:
        """The encoder, trained now if it was not yet."""
        if self._encoder is None:
            config = self._config
            if isinstance(config, EncoderConfig):
                config = encoder_config_for(self.name, config)
            self._encoder = cached_encoder(
                self._source, config, seed=self._seed, progress=self._progress
            )
        return self._encoder

    def fit(self, cells: CellSource) -> Self:
        """Trains the encoder on these cells."""
        self._source, self._encoder = cells, None
        assert self.encoder
        return self

    def embed(self, cells: CellBatch) -> Tensor:
        """Embeddings, float32 ``[B, embedding_dim]``."""
        return self.encoder.encode(cells).detach().cpu()

    def save(self, directory: str | Path) -> None:
        """Writes the encoder to ``encoder/``."""
        directory = Path(directory)
        self.encoder.save(directory / "encoder")
        content = {"name": self.name, "seed": self._seed}
        write_document(directory / FILE, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, directory: Path, content: dict[str, Any]) -> Self:
        """The embedding of a saved document and the encoder beside it."""
        encoder = KINDS[content["name"]][0].load(directory / "encoder")
        source: CellSource
        if isinstance(encoder, Encoder):
            source = encoder.space
        else:
            source = CellBatch.from_cells([], op_names=encoder.reader.op_names)
        return cls(content["name"], source, encoder, seed=int(content["seed"]))


def encoder_config_for(embedding: str, config: EncoderConfig) -> EncoderConfig:
    """The settings of an embedding's encoder: the autoencoder is the same without eq. 3."""
    if embedding == "autoencoder":
        return dataclasses.replace(config, similarity_weight=0.0)
    return config
