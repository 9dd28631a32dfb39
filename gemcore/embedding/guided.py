"""The paper's encoder as an embedding, with or without the kernel's guidance."""

import dataclasses
from pathlib import Path
from typing import Any, Self

from torch import Tensor

from gemcore.atomic_files import write_document
from gemcore.cell_batch import CellBatch
from gemcore.embedding.protocol import DOCUMENT, FILE, VERSION
from gemcore.encoder import Encoder, EncoderConfig, cached_encoder
from gemcore.listed_space import CellSource


class EncoderEmbedding:
    """What an encoder of section 3.1 makes of the cells.

    Args:
        name: ``"kernel_guided"`` (eqs. 2-4) or ``"autoencoder"``: the same without eq. 3.
        source: Where cells come from: the encoder is trained on them at its first use, or comes
            from the user's cache (:mod:`gemcore.learned_cache`).
        encoder: A trained encoder, or how it is trained.
        seed: Of the encoder.
        progress: Show a bar while it is trained.

    Source: Cheng et al., "NASGEM", AAAI 2021, tables 3 and 4 (the other two of three inputs).
    """

    def __init__(
        self,
        name: str,
        source: CellSource,
        encoder: Encoder | EncoderConfig | None = None,
        *,
        seed: int = 0,
        progress: bool = False,
    ) -> None:
        self.name = name
        self._source = source
        self._encoder = encoder
        self._config = encoder.config if isinstance(encoder, Encoder) else encoder
        self._seed = seed
        self._progress = progress

    @property
    def encoder(self) -> Encoder:
        """The encoder, trained now if it was not yet."""
        if not isinstance(self._encoder, Encoder):
            config = encoder_config_for(self.name, self._config or EncoderConfig())
            self._encoder = cached_encoder(
                self._source, config, seed=self._seed, progress=self._progress
            )
        return self._encoder

    def fit(self, cells: CellSource) -> Self:
        """Trains the encoder on these cells."""
        self._source, self._encoder = cells, self._config
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
        encoder = Encoder.load(directory / "encoder")
        return cls(content["name"], encoder.space, encoder, seed=int(content["seed"]))


def encoder_config_for(embedding: str, config: EncoderConfig) -> EncoderConfig:
    """The settings of an embedding's encoder: the autoencoder is the same without eq. 3."""
    if embedding == "autoencoder":
        return dataclasses.replace(config, similarity_weight=0.0)
    return config
