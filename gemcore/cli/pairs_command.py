"""``gemcore pairs``."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import tyro
from tyro.conf import FlagCreatePairsOff

from gemcore.arguments import check_int, check_seed
from gemcore.encoder.config import Direction, Labels
from gemcore.pair_mixture import PairMixture
from gemcore.pair_shards import write_pair_shards
from gemcore.pairs import PairStream
from gemcore.space import SearchSpace


@dataclass(frozen=True)
class PairsCommand:
    """Write pairs of random cells with their Weisfeiler-Lehman similarity: training data.

    The folder gets shards, pairs-00000.safetensors and so on, with the packed cells and their
    similarity as tensors, and manifest.json, which says what they are, with a SHA-256 of each.
    """

    num: int
    """Pairs to write."""

    out: Annotated[Path, tyro.conf.arg(metavar="DIR")]
    """Folder for them, new or empty."""

    seed: int = 0
    """Of the cells and of their edits. Pair i depends on the seed and i alone."""

    space: SearchSpace = field(default_factory=SearchSpace)
    """Where cells come from."""

    mixture: PairMixture = field(default_factory=PairMixture)
    """Which pairs are written."""

    n_iter: int = 3
    """Rounds of refinement of the similarity."""

    direction: Direction = "in_out"
    """Neighbors that the similarity reads: in_out, in and out told apart; out; in; undirected."""

    round_weights: tuple[float, ...] | None = None
    """Weights of the rounds 0 .. n_iter in the similarity. None: 1 for all."""

    labels: Labels = "ops"
    """Colors before the first round: ops, degree, uniform; auto: ops, or degree where there is one
    operation."""

    prune: bool = True
    """Drop nodes that no data reaches before cells are compared and written."""

    shard_size: int = 1_000_000
    """Most pairs in a file."""

    batch_size: int = 4096
    """Pairs made at a time, which are what memory is taken for; the pairs don't depend on it."""

    quiet: FlagCreatePairsOff[bool] = False
    """Show no progress."""

    kept: ClassVar[str] = "; the shards that manifest.json lists are whole"

    def __post_init__(self) -> None:
        check_int("num", self.num, 1)
        check_int("shard_size", self.shard_size, 1)
        check_seed(self.seed)
        self.stream()

    def stream(self) -> PairStream:
        """The pairs that are to be written, and those after them."""
        return PairStream(
            self.space,
            batch_size=self.batch_size,
            seed=self.seed,
            mixture=self.mixture,
            n_iter=self.n_iter,
            direction=self.direction,
            round_weights=self.round_weights,
            labels=self.labels,
            prune=self.prune,
        )

    def run(self) -> str:
        """Writes them, and says where."""
        write_pair_shards(
            self.stream(),
            self.out,
            num_pairs=self.num,
            shard_size=self.shard_size,
            progress=not self.quiet,
        )
        return f"{self.num} pairs written to {self.out}"
