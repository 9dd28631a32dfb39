"""``gemcore encode``."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import tyro
from tyro.conf import DisallowNone, FlagCreatePairsOff

from gemcore.arguments import check_seed
from gemcore.atomic_files import write_tensors
from gemcore.cell_batch import CellBatch
from gemcore.cli.cell_lines import read_cells
from gemcore.encoder import Encoder, EncoderConfig, train_encoder
from gemcore.pair_shards import PairShards
from gemcore.space import SearchSpace

ENCODER, EMBEDDINGS = "encoder", "embeddings.safetensors"


@dataclass(frozen=True)
class EncodeCommand:
    """Train an encoder of cells, and embed cells with it.

    The folder gets encoder/ and, with --cells, embeddings.safetensors. What is printed are the
    encoder's losses on pairs of cells that it never saw, beside those of two baselines: the best
    constant, and what counting operations can reach.
    """

    out: Annotated[Path, tyro.conf.arg(metavar="DIR")]
    """Folder for encoder/ and embeddings.safetensors; it must hold neither."""

    cells: Annotated[DisallowNone[Path | None], tyro.conf.arg(metavar="FILE")] = None
    """Cells to embed: a line of JSON each, {"ops": ["input", ...], "edges": [[0, 1], ...]}. Their
    embeddings are written in this order: tensor "embeddings", float32 [cells, embedding-dim]."""

    source: Annotated[DisallowNone[Path | None], tyro.conf.arg(name="from", metavar="DIR")] = None
    """Take the encoder that lies in this folder instead of training one: encoder/ of a search or
    of this command. Settings of space and encoder are then its own."""

    pairs: Annotated[DisallowNone[Path | None], tyro.conf.arg(metavar="DIR")] = None
    """Train on the pairs that gemcore pairs wrote to this folder, instead of fresh ones; the
    settings of space, mixture and similarity must be theirs."""

    seed: int = 0
    """Of weights and pairs."""

    quiet: FlagCreatePairsOff[bool] = False
    """Show no progress."""

    space: SearchSpace = field(default_factory=SearchSpace)
    """Cells that the encoder is trained on, and is for."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    """Shape and training of the encoder."""

    kept: ClassVar[str] = "; encoder/, if it is there, is the best until then"

    def __post_init__(self) -> None:
        check_seed(self.seed)
        own = self.space != SearchSpace() or self.encoder != EncoderConfig()
        if self.source is not None and own:
            raise ValueError("--space and --encoder must not be given with --from")
        if self.source is not None and self.pairs is not None:
            raise ValueError("--pairs must not be given with --from")

    def run(self) -> str:
        """Trains or loads, writes, and tells the losses."""
        self._check_out()
        given = None if self.source is None else Encoder.load(self.source)
        space, config = (self.space, self.encoder) if given is None else (given.space, given.config)
        cells = None if self.cells is None else read_cells(self.cells, space, config)
        encoder = given or train_encoder(
            self.space,
            self.encoder,
            seed=self.seed,
            pairs=None if self.pairs is None else PairShards(self.pairs),
            progress=not self.quiet,
            on_interrupt=lambda best: best.save(self.out / ENCODER),
        )
        encoder.save(self.out / ENCODER)
        if cells is not None:
            self._embed(encoder, cells)
        return f"{encoder.report}\n\nWritten to {self.out}"

    def _check_out(self) -> None:
        for name in (ENCODER, EMBEDDINGS):
            if os.path.lexists(self.out / name):
                raise ValueError(f"out must hold no {name}, got {str(self.out)!r}")
        # A folder that can't be made or written is told now, not after minutes of training.
        self.out.mkdir(parents=True, exist_ok=True)
        if not os.access(self.out, os.W_OK):
            raise PermissionError(13, "Permission denied", str(self.out))

    def _embed(self, encoder: Encoder, cells: CellBatch) -> None:
        write_tensors(self.out / EMBEDDINGS, {"embeddings": encoder.encode(cells)})
