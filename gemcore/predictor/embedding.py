"""Where the numbers come from that a predictor sees: cells in, vectors out.

Only this differs between the paper's three inputs (tables 3 and 4): the kernel-guided encoder, the
same encoder trained to reconstruct alone, and the flattened adjacency matrix.
"""

import dataclasses
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from gemcore.cell_batch import CellBatch
from gemcore.encoder import Encoder, EncoderConfig, train_encoder
from gemcore.graph import canonicalize, prune
from gemcore.space import SearchSpace

EMBEDDINGS = ("kernel_guided", "autoencoder", "adjacency")

CellSource = SearchSpace | CellBatch  # What an embedding is learned from.


class Embedding(Protocol):
    """Maps cells to vectors of one length."""

    @property
    def name(self) -> str:
        """One of :data:`EMBEDDINGS`."""
        ...

    @property
    def facts(self) -> dict[str, Any]:
        """What the predictor's document needs to know of it."""
        ...

    def embed(self, cells: CellBatch) -> Tensor:
        """Vectors of the cells, float32 ``[B, d]`` on the CPU."""
        ...

    def save(self, directory: Path) -> None:
        """Writes what :func:`load_embedding` needs, if anything, into the folder."""
        ...


class AdjacencyEmbedding:
    """The strict upper triangle of the adjacency and one-hot operations, in canonical order."""

    name = "adjacency"

    def __init__(self, num_nodes: int, op_names: tuple[str, ...]) -> None:
        self.num_nodes = num_nodes
        self.op_names = tuple(op_names)

    @property
    def facts(self) -> dict[str, Any]:
        """Width and operations, from which it is made again."""
        return {"num_nodes": self.num_nodes, "op_names": list(self.op_names)}

    def embed(self, cells: CellBatch) -> Tensor:
        """0/1 numbers, float32 ``[B, N (N - 1) / 2 + N * number of ops]``."""
        ordered = canonicalize(prune(cells)).with_op_names(self.op_names).widen(self.num_nodes)
        upper = np.triu_indices(self.num_nodes, k=1)
        edges = ordered.dense()[:, *upper]
        ops = ordered.ops[:, :, None] == np.arange(len(self.op_names))
        flat = np.concatenate([edges, ops.reshape(len(ordered), -1)], axis=1)
        return torch.from_numpy(flat.astype(np.float32))

    def save(self, directory: Path) -> None:
        """Nothing: width and operations stand in the predictor's document."""


class EncoderEmbedding:
    """What an encoder makes of the cells; it is trained at the first use if none is given."""

    def __init__(
        self,
        name: str,
        source: CellSource,
        encoder: Encoder | EncoderConfig | None,
        *,
        seed: int,
        progress: bool,
    ) -> None:
        self.name = name
        self._source = source
        self._encoder = encoder
        self._seed = seed
        self._progress = progress

    @property
    def encoder(self) -> Encoder:
        """The encoder, trained now if it was not yet."""
        if not isinstance(self._encoder, Encoder):
            config = encoder_config_for(self.name, self._encoder or EncoderConfig())
            self._encoder = train_encoder(
                self._source, config, seed=self._seed, progress=self._progress
            )
        return self._encoder

    @property
    def facts(self) -> dict[str, Any]:
        """None: the encoder is saved beside the document."""
        return {}

    def embed(self, cells: CellBatch) -> Tensor:
        """Embeddings, float32 ``[B, embedding_dim]``."""
        return self.encoder.encode(cells).detach().cpu()

    def save(self, directory: Path) -> None:
        """Writes the encoder to ``encoder/``."""
        self.encoder.save(directory / "encoder")


def encoder_config_for(embedding: str, config: EncoderConfig) -> EncoderConfig:
    """The settings of an embedding's encoder: the autoencoder is the same without eq. 3."""
    if embedding == "autoencoder":
        return dataclasses.replace(config, similarity_weight=0.0)
    return config
