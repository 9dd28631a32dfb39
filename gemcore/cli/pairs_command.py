"""``gemcore pairs``."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import tyro
from tyro.conf import DisallowNone, FlagCreatePairsOff

from gemcore.arguments import check_int, check_seed
from gemcore.encoder.config import Direction, Labels
from gemcore.encoder.data import read_labels
from gemcore.pair_mixture import PairMixture
from gemcore.pair_shards import (
    NOT_WRITTEN,
    check_same_pairs,
    find_faults,
    repair_pair_shards,
    write_pair_shards,
)
from gemcore.pairs import PairStream
from gemcore.space import SearchSpace

# What decides the pairs and their files.
SETTINGS = (
    *("seed", "space", "mixture", "prune", "shard_size"),
    *("n_iter", "direction", "round_weights", "labels"),
)


@dataclass(frozen=True)
class PairsCommand:
    """Write pairs of random cells with their Weisfeiler-Lehman similarity: training data.

    The folder gets shards, pairs-00000.safetensors and so on, with the packed cells and their
    similarity as tensors, and manifest.json, which says what they are, with a SHA-256 of each.
    The same command goes on where one was ended or killed, and with a larger number adds to it.
    """

    out: Annotated[Path, tyro.conf.arg(metavar="DIR")]
    """Folder for them, new or empty, or one of the same pairs."""

    num: DisallowNone[int | None] = None
    """Pairs to write; to be given unless there is only something to verify or repair."""

    verify: FlagCreatePairsOff[bool] = False
    """Write nothing: read each shard of the folder and say which are missing or corrupted (exit
    status 1). Settings, if given together with --num, must be the folder's."""

    repair: FlagCreatePairsOff[bool] = False
    """Verify, and write anew what is missing or corrupted, with the settings of the folder."""

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

    kept: ClassVar[str] = (
        "; the shards that manifest.json lists are whole, the same command goes on"
    )

    def __post_init__(self) -> None:
        if self.num is not None:
            check_int("num", self.num, 1)
        elif not (self.verify or self.repair):
            raise ValueError("--num must be given, unless with --verify or --repair")
        elif given := self._given():
            raise ValueError(f"--{given} must not be given without --num, for the folder's counts")
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
            labels=read_labels(self.labels, self.space),
            prune=self.prune,
        )

    def run(self) -> str:
        """Writes or checks them, and says where."""
        if self.verify or self.repair:
            return self._check()
        assert self.num is not None
        write_pair_shards(
            self.stream(),
            self.out,
            num_pairs=self.num,
            shard_size=self.shard_size,
            progress=not self.quiet,
        )
        return f"{self.num} pairs written to {self.out}"

    def _check(self) -> str:
        if self.num is not None:
            check_same_pairs(
                self.stream(), self.out, num_pairs=self.num, shard_size=self.shard_size
            )
        if self.repair:
            written = repair_pair_shards(self.out, progress=not self.quiet)
            return "\n".join([f"{len(written)} shards written anew in {self.out}", *written])
        faults = find_faults(self.out, progress=not self.quiet)
        if faults:
            lines = "".join(f"\n  {line}" for line in _lines(faults))
            raise ValueError(
                f"out must hold whole shards alone, got {str(self.out)!r}, where {len(faults)} are "
                f"not:{lines}\n--repair instead of --verify writes them anew"
            )
        return f"Every shard in {self.out} is whole"

    def _given(self) -> str | None:
        """A setting of the pairs that is not the default, by its option."""
        default = PairsCommand(self.out, num=1)
        names = [name for name in SETTINGS if getattr(self, name) != getattr(default, name)]
        return names[0].replace("_", "-") if names else None


def _lines(faults: dict[str, str]) -> Iterator[str]:
    """A line for each shard, but one for all that are still to be written."""
    unwritten = [file for file, fault in faults.items() if fault == NOT_WRITTEN]
    yield from (f"{file} {fault}" for file, fault in faults.items() if fault != NOT_WRITTEN)
    if unwritten:
        yield f"{unwritten[0]} {NOT_WRITTEN}, nor are {len(unwritten) - 1} others"
