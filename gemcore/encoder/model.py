"""The trained encoder: cells to vectors, and back as far as vectors tell."""

from pathlib import Path

import torch
from torch import Tensor

from gemcore.arguments import check_type
from gemcore.cell_batch import CellBatch
from gemcore.encoder.coder import Coder
from gemcore.encoder.config import EncoderConfig
from gemcore.encoder.losses import split_logits
from gemcore.encoder.report import EncoderReport
from gemcore.encoder.storage import CellSource, load_parts, save_parts

CHUNK = 4096  # Cells unpacked at a time: a million of them must not fill the memory.


class Encoder:
    """Maps cells to vectors whose cosine is the cells' similarity (eqs. 2 and 3).

    Made by :func:`gemcore.train_encoder` or :meth:`load`; it is never trained further.

    Args:
        coder: The two networks.
        config: How they were trained.
        space: Where the cells came from.
        report: How good they are.
    """

    def __init__(
        self, coder: Coder, config: EncoderConfig, space: CellSource, report: EncoderReport
    ) -> None:
        self.coder = coder.eval().requires_grad_(False)
        self.config = config
        self.space = space[:0] if isinstance(space, CellBatch) else space
        """The space that it was trained on; a batch without cells where it was trained on cells."""
        self.report = report
        """Losses on fresh pairs beside those of two baselines; how much of a cell is decoded."""

    @property
    def embedding_dim(self) -> int:
        """Numbers in an embedding, d."""
        return self.config.embedding_dim

    @torch.inference_mode()
    def encode(self, cells: CellBatch) -> Tensor:
        """Embeddings of the cells, E(x).

        Args:
            cells: B cells with operations of the space (matched by name) and at most as many nodes;
                any numbering. They are pruned and ordered as in training.

        Returns:
            float32 ``[B, embedding_dim]``, on the device of the weights. Isomorphic cells have
            equal rows. Both this and independence of the split into batches hold up to rounding,
            for matrix products of another height add in another order: within 1e-5 of the largest
            number.

        Raises:
            TypeError: If ``cells`` is not a CellBatch.
            ValueError: If a cell has an unknown operation, or too many nodes after pruning.
        """
        check_type("cells", cells, CellBatch)
        coder = self.coder
        embedding = torch.empty(
            (len(cells), self.embedding_dim), dtype=torch.float32, device=coder.device
        )
        for start in range(0, len(cells), CHUNK):
            prepared = coder.flat.prepare(cells[start : start + CHUNK])
            features = coder.flat.flatten(coder.flat.expand(prepared, coder.device))
            embedding[start : start + CHUNK] = coder.encoder(features)
        return embedding

    @torch.inference_mode()
    def decode(self, embedding: Tensor) -> CellBatch:
        """The cells that the decoder reads from embeddings, D(e).

        An edge is there where its logit is > 0, a node has the operation of the largest logit, and
        the first node that is rather absent ends the cell. Nothing more is promised: nodes may be
        out of reach, or ``"input"`` stand where it must not (the paper, section 3.3, never uses
        decoded cells).

        Args:
            embedding: float32 ``[B, embedding_dim]``.

        Returns:
            B cells in the form that was encoded: pruned and in canonical order, if all is right.

        Raises:
            TypeError: If ``embedding`` is not a float32 tensor.
            ValueError: If it has another shape.
        """
        check_type("embedding", embedding, Tensor)
        if embedding.dtype != torch.float32:
            raise TypeError(f"embedding must be float32, got {embedding.dtype}")
        if embedding.ndim != 2 or embedding.shape[1] != self.embedding_dim:
            raise ValueError(
                f"embedding must have shape [B, {self.embedding_dim}], got {list(embedding.shape)}"
            )
        flat = self.coder.flat
        logits = self.coder.decoder(embedding.to(self.coder.device)).cpu()
        return flat.unflatten(*split_logits(logits, flat.num_edges, flat.num_nodes))

    def save(self, directory: str | Path) -> None:
        """Writes ``encoder.safetensors`` and ``encoder.json`` to the folder, each in one step.

        Raises:
            ValueError: If operations of the cells that it was trained on are no strings.
        """
        save_parts(Path(directory), self.coder, self.config, self.space, self.report)

    @classmethod
    def load(cls, directory: str | Path) -> "Encoder":
        """The encoder that :meth:`save` wrote, on the CPU; its weights are equal to the bit.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If a file is corrupt, of another kind, newer than this gemcore, or of
                another encoder than the other file; it is named.
        """
        return cls(*load_parts(Path(directory)))

    def __repr__(self) -> str:
        flat = self.coder.flat
        return f"Encoder(cells of at most {flat.num_nodes} nodes to {self.embedding_dim} numbers)"
