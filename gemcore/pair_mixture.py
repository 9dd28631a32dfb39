"""Which kinds of pairs of cells a stream holds, and what is drawn for each pair."""

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_float, check_int
from gemcore.philox import Stream

WORDS_PER_PAIR = 4  # One block of Philox4x64: pair i owns block i of its stream.


class PairKind(enum.IntEnum):
    """How the second cell of a pair came about."""

    INDEPENDENT = 0
    PERTURBED = 1
    ISOMORPHIC = 2


@dataclass(frozen=True)
class PairMixture:
    """Shares of the kinds of pairs in a stream.

    Independent cells alone would teach little: their similarity hardly varies beyond that of their
    counts of operations, and none of them are isomorphic.

    Example:
        >>> PairMixture(independent=1.5)
        Traceback (most recent call last):
        ValueError: independent must be in 0 .. 1, got 1.5
    """

    independent: float = 0.5
    """Share of pairs of two independent cells; in the others the second is the first, edited."""

    unedited: float = 0.15
    """Share, among the latter, without a single edit: isomorphic pairs, of similarity 1."""

    min_edits: int = 1
    """Fewest edits of an edited cell; their number is log-uniform."""

    max_edits: int = 40
    """Most edits of an edited cell."""

    renumbered: float = 0.5
    """Share of second cells, of any kind, that get a random topological numbering."""

    def __post_init__(self) -> None:
        for name in ("independent", "unedited", "renumbered"):
            check_float(name, getattr(self, name), 0, 1)
        check_int("min_edits", self.min_edits, 1)
        check_int("max_edits", self.max_edits, self.min_edits, 2**31 - 1)

    def draw(self, seed: int, start: int, num_pairs: int) -> "PairDraws":
        """What is drawn for pairs ``start`` .. ``start + num_pairs - 1`` of the stream of a seed.

        Pair i reads block i of Philox4x64-10 with key (seed, PAIR_KIND): a word for the kind, one
        for the number of edits, one for the numbering, and one whose halves pick the two cells
        where they come from a batch.
        """
        key = np.array([seed, int(Stream.PAIR_KIND)], dtype=np.uint64)
        words = np.random.Philox(key=key, counter=start).random_raw(WORDS_PER_PAIR * num_pairs)
        words = words.reshape(num_pairs, WORDS_PER_PAIR)
        uniform = ((words[:, place] >> np.uint64(11)) * 2.0**-53 for place in range(3))
        of_kind, of_edits, of_numbering = uniform
        edited = 1 - self.independent
        kind = np.where(of_kind < edited * self.unedited, PairKind.ISOMORPHIC, PairKind.PERTURBED)
        kind = np.where(of_kind >= edited, PairKind.INDEPENDENT, kind).astype(np.uint8)
        edits = self.num_edits(of_edits)
        return PairDraws(
            kind=kind,
            num_edits=np.where(kind == PairKind.PERTURBED, edits, 0).astype(np.int32),
            renumber=of_numbering < self.renumbered,
            pick_words=words[:, 3],
        )

    def num_edits(self, uniform: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Numbers of edits, before they are rounded down, for uniform numbers in [0, 1)."""
        spread = (self.max_edits + 1) / self.min_edits
        # The power rounds up to max_edits + 1 for the largest draws of a wide range.
        edits: NDArray[np.float64] = np.minimum(self.min_edits * spread**uniform, self.max_edits)
        return edits


@dataclass(frozen=True)
class PairDraws:
    """The random part of some pairs, apart from the cells themselves.

    Args:
        kind: A :class:`PairKind` each, uint8 ``[B]``.
        num_edits: Edits of the second cell, int32 ``[B]``.
        renumber: Whether the second cell is renumbered, bool ``[B]``.
        pick_words: Two numbers in 0 .. 2^32 - 1 each, the low half first, uint64 ``[B]``.
    """

    kind: NDArray[np.uint8]
    num_edits: NDArray[np.int32]
    renumber: NDArray[np.bool_]
    pick_words: NDArray[np.uint64]

    def picks(self, num_cells: int) -> NDArray[np.uint64]:
        """Which two of so many cells each pair is made of: uint64 ``[B, 2]``."""
        halves = self.pick_words & np.uint64(2**32 - 1), self.pick_words >> np.uint64(32)
        return np.stack(halves, axis=1) * np.uint64(num_cells) >> np.uint64(32)
