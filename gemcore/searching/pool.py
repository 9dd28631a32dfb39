"""Where a search takes its next cells from: unseen networks within its limits."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.bootstrap import Candidates, Score, draw_candidates, identify, pick_best, union
from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.graph import graph_hash
from gemcore.mutation import mutate
from gemcore.philox import Stream, derived_seed
from gemcore.searching.costs import Cost, CostOf
from gemcore.space import SearchSpace

# A space is taken as exhausted when so many samples in a row bring nothing new. A network that
# is drawn once in 10,000 samples then stays unnoticed with a chance of 0.15 %.
EXHAUSTED_AFTER = 65_536
FIRST_LOOK = 4096  # Samples that show what a space holds.
CHUNK = 256  # Samples at once where cells are taken as they come.
MUTANT_SHARE = 0.2  # Mutants made for each random sample of a round.

Pick = Callable[[Candidates, int], Candidates]
"""Maps candidates to as many of them as wanted, or to all where they are fewer."""


@dataclass(frozen=True)
class Limits:
    """What no trained network may exceed."""

    max_macs: int | None = None
    max_params: int | None = None

    def accept(self, cost: Cost) -> NDArray[np.bool_]:
        """Which networks keep within the limits, bool ``[B]``."""
        kept = np.ones(len(cost.macs), dtype=np.bool_)
        if self.max_macs is not None:
            kept &= cost.macs <= self.max_macs
        if self.max_params is not None:
            kept &= cost.params <= self.max_params
        return kept


class CandidatePool:
    """Draws the cells of a search, each network once.

    Args:
        space: Where cells come from.
        cost: Exact cost of pruned cells.
        limits: What no cell may exceed.
        seed: Of the search.

    Raises:
        ValueError: If no sampled cell computes anything, or none keeps within the limits.
    """

    def __init__(self, space: SearchSpace, cost: CostOf, limits: Limits, *, seed: int) -> None:
        self.space = space
        self.exhausted = False
        self._cost = cost
        self._limits = limits
        self._initial = derived_seed(seed, Stream.SEARCH_INITIAL)
        self._bootstrap = derived_seed(seed, Stream.SEARCH_BOOTSTRAP)
        self._next_random = 0
        self._next_sample = 0
        # The hash is only the bucket: networks that differ can share it.
        self._seen: dict[int, set[Cell]] = {}
        self._check_feasible()

    def random(self, num_cells: int) -> Candidates:
        """The next unseen networks of the stream of random cells, marked as seen."""
        found: list[Candidates] = []
        missing, barren = num_cells, 0
        while missing and barren < EXHAUSTED_AFTER:
            drawn = draw_candidates(
                self.space, CHUNK, seed=self._initial, start=self._next_random, in_order=True
            )
            drawn = drawn[self._accept(drawn)]
            if len(drawn) <= missing:  # All of the chunk is used: go on behind it.
                self._next_random += CHUNK
            found.append(self._take(drawn[:missing]))
            barren = 0 if len(drawn) else barren + CHUNK
            missing -= len(found[-1])
        self.exhausted |= missing > 0
        return _joined(found, self._nothing())

    def best(
        self, score: Score, num_cells: int, *, num_samples: int, parents: CellBatch | None = None
    ) -> Candidates:
        """The best-scored unseen networks of fresh samples, best first; see :meth:`choose`."""
        return self.choose(
            lambda drawn, number: pick_best(drawn, score, number)[0],
            num_cells,
            num_samples=num_samples,
            parents=parents,
        )

    def choose(
        self, pick: Pick, num_cells: int, *, num_samples: int, parents: CellBatch | None = None
    ) -> Candidates:
        """What is picked of the unseen networks of fresh samples, marked as seen.

        Where one bootstrap sample has too few unseen networks, further ones follow. Beside the
        samples stand mutants of ``parents``, if there are any.
        """
        found: list[Candidates] = []
        missing, barren = num_cells, 0
        while missing and barren < EXHAUSTED_AFTER:
            drawn = draw_candidates(
                self.space, num_samples, seed=self._bootstrap, start=self._next_sample
            )
            if parents is not None and len(parents):
                drawn = union(self._mutants(parents, num_samples), drawn)
            best = pick(drawn[self._accept(drawn)], missing)
            self._next_sample += num_samples
            found.append(self._take(best))
            barren = 0 if len(best) else barren + num_samples
            missing -= len(best)
        self.exhausted |= missing > 0
        return _joined(found, self._nothing())

    def _mutants(self, parents: CellBatch, num_samples: int) -> Candidates:
        num_mutants = max(len(parents), round(MUTANT_SHARE * num_samples))
        return mutate(
            self.space, parents, num_mutants, seed=self._bootstrap, start=self._next_sample
        )

    @property
    def drawn(self) -> dict[str, Any]:
        """How far its streams are used up, from which :meth:`skip` goes on."""
        return {
            "random": self._next_random,
            "bootstrap": self._next_sample,
            "exhausted": self.exhausted,
        }

    def skip(self, drawn: Mapping[str, Any]) -> None:
        """Goes on where another pool of the same search stood."""
        self._next_random, self._next_sample = int(drawn["random"]), int(drawn["bootstrap"])
        self.exhausted = bool(drawn["exhausted"])

    def mark(self, identities: CellBatch) -> None:
        """Counts networks as seen: they are drawn no more."""
        hashes = graph_hash(identities).tolist()
        for key, identity in zip(hashes, identities, strict=True):
            self._seen.setdefault(key, set()).add(identity)

    def _take(self, chosen: Candidates) -> Candidates:
        self.mark(chosen.identities)
        return chosen

    def _accept(self, found: Candidates) -> NDArray[np.bool_]:
        if len(found) == 0:
            return np.zeros(0, dtype=np.bool_)
        kept = self._limits.accept(self._cost(found.identities))
        hashes = graph_hash(found.identities)
        met = np.isin(hashes, np.fromiter(self._seen, dtype=np.uint64, count=len(self._seen)))
        for i in np.flatnonzero(kept & met).tolist():
            kept[i] = found.identities[i] not in self._seen[int(hashes[i])]
        return kept

    def _nothing(self) -> Candidates:
        return draw_candidates(self.space, 1, seed=0)[:0]

    def _check_feasible(self) -> None:
        found = draw_candidates(self.space, FIRST_LOOK, seed=self._initial)
        if len(found) == 0:
            raise ValueError(
                "space must hold cells whose input reaches an operation, got one in which all "
                f"{FIRST_LOOK} sampled cells prune to their input alone"
            )
        limits = self._limits
        cost = self._cost(found.identities)
        if limits.accept(cost).any():
            return
        for name in ("macs", "params"):
            limit, values = getattr(limits, f"max_{name}"), getattr(cost, name)
            if limit is not None and values.min() > limit:
                raise ValueError(
                    f"max_{name} must be met by a cell of the space, got {limit}; the least of "
                    f"{FIRST_LOOK} sampled cells is {values.min()}"
                )
        raise ValueError(
            "max_macs and max_params must be met by one cell of the space, got "
            f"{limits.max_macs} and {limits.max_params}, each met by others of {FIRST_LOOK} cells"
        )


def identify_cells(cells: Iterable[Cell], space: SearchSpace) -> Candidates:
    """Cells from outside as candidates of a space.

    Raises:
        ValueError: If a cell has an operation that the space lacks, or too many nodes.
    """
    batch = CellBatch.from_cells(cells)
    unknown = [op for op in batch.op_names if op not in space.op_names]
    if unknown:
        raise ValueError(f"cell must have operations of the space {space.op_names}, got {unknown}")
    if batch.num_nodes > space.num_nodes:
        raise ValueError(
            f"cell must have at most {space.num_nodes} nodes as the space, got {batch.num_nodes}"
        )
    batch = batch.with_op_names(space.op_names).widen(space.num_nodes)
    return Candidates(batch, identify(batch, to_output=space.has_output))


def _joined(parts: list[Candidates], nothing: Candidates) -> Candidates:
    parts = [part for part in parts if len(part)] or [nothing]
    return Candidates(
        CellBatch.concatenate([part.cells for part in parts]),
        CellBatch.concatenate([part.identities for part in parts]),
    )
