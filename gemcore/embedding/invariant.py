"""The invariant encoder as an embedding."""

from pathlib import Path
from typing import Any, Self

from torch import Tensor

from gemcore.atomic_files import write_document
from gemcore.cell_batch import CellBatch
from gemcore.embedding.protocol import DOCUMENT, FILE, VERSION
from gemcore.encoder import InvariantConfig, InvariantEncoder, cached_invariant_encoder
from gemcore.listed_space import CellSource


class InvariantEmbedding:
    """What :class:`InvariantEncoder` makes of the cells.

    Args:
        source: Where cells come from: the encoder is trained on them at its first use, or comes
            from the user's cache (:mod:`gemcore.learned_cache`).
        encoder: A trained encoder, or how it is trained.
        seed: Of the encoder.
        progress: Show a bar while it is trained.
    """

    name = "invariant"

    def __init__(
        self,
        source: CellSource,
        encoder: InvariantEncoder | InvariantConfig | None = None,
        *,
        seed: int = 0,
        progress: bool = False,
    ) -> None:
        self._source = source
        self._encoder = encoder
        self._config = encoder.config if isinstance(encoder, InvariantEncoder) else encoder
        self._seed = seed
        self._progress = progress

    @property
    def encoder(self) -> InvariantEncoder:
        """The encoder, trained now if it was not yet."""
        if not isinstance(self._encoder, InvariantEncoder):
            self._encoder = cached_invariant_encoder(
                self._source, self._config, seed=self._seed, progress=self._progress
            )
        return self._encoder

    def fit(self, cells: CellSource) -> Self:
        """Trains the encoder on these cells."""
        self._source, self._encoder = cells, self._config
        assert self.encoder
        return self

    def embed(self, cells: CellBatch) -> Tensor:
        """Embeddings, float32 ``[B, embedding_dim]``."""
        return self.encoder.encode(cells).cpu()

    def save(self, directory: str | Path) -> None:
        """Writes the encoder to ``encoder/``."""
        directory = Path(directory)
        self.encoder.save(directory / "encoder")
        content = {"name": self.name, "seed": self._seed}
        write_document(directory / FILE, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, directory: Path, content: dict[str, Any]) -> Self:
        """The embedding of a saved document and the encoder beside it."""
        encoder = InvariantEncoder.load(directory / "encoder")
        nothing = CellBatch.from_cells([], op_names=encoder.reader.op_names)
        return cls(nothing, encoder, seed=int(content["seed"]))
