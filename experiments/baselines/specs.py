"""Cells as NAS-Bench-101 lets searches write them: seven nodes, of which some may be dead.

A network is what is left after pruning; the table knows which are valid. Dead nodes matter to a
search: an edit can bring them to life, so that cells can grow as well as shrink.

Source: Ying et al., "NAS-Bench-101", 2019, and the random and mutated specs of its benchmark.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.cell_batch import CellBatch
from gemcore.ops import INPUT, OUTPUT
from gemcore.packing import pack

NUM_NODES = 7
EDGES = np.triu_indices(NUM_NODES, k=1)  # All 21 possible ones.
INNER = slice(1, NUM_NODES - 1)  # Nodes whose operation is free.
NUM_INNER = NUM_NODES - 2


@dataclass(frozen=True, eq=False)
class Specs:
    """B specs.

    Args:
        edges: 0 or 1 for each possible edge, uint8 ``[B, 21]``.
        ops: Numbers of the inner operations, uint8 ``[B, 5]``.
    """

    edges: NDArray[np.uint8]
    ops: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.edges)

    def __getitem__(self, index: slice | NDArray[Any]) -> "Specs":
        return Specs(self.edges[index], self.ops[index])

    @classmethod
    def join(cls, parts: "list[Specs]") -> "Specs":
        """One after the other."""
        edges, ops = ([getattr(part, name) for part in parts] for name in ("edges", "ops"))
        return cls(np.concatenate(edges), np.concatenate(ops))


class SpecSpace:
    """Draws and edits specs.

    Args:
        op_names: Of the table; all but ``"input"`` and ``"output"`` are free.
    """

    def __init__(self, op_names: tuple[str, ...]) -> None:
        self.op_names = op_names
        names = [i for i, name in enumerate(op_names) if name not in (INPUT, OUTPUT)]
        self.free = np.array(names, dtype=np.uint8)

    def sample(self, generator: np.random.Generator, num_specs: int) -> Specs:
        """Every edge with probability 1/2, every operation alike."""
        edges = generator.integers(0, 2, (num_specs, len(EDGES[0])), dtype=np.uint8)
        ops = self.free[generator.integers(0, len(self.free), (num_specs, NUM_INNER))]
        return Specs(edges, ops)

    def mutate(self, generator: np.random.Generator, spec: Specs, num_specs: int) -> Specs:
        """Edits of one spec: on average one edge is flipped and one operation changed."""
        flips = generator.random((num_specs, len(EDGES[0]))) < 1 / len(EDGES[0])
        changes = generator.random((num_specs, NUM_INNER)) < 1 / NUM_INNER
        steps = generator.integers(1, len(self.free), (num_specs, NUM_INNER))
        places = np.searchsorted(self.free, spec.ops)
        others = self.free[(places + steps) % len(self.free)]
        return Specs(spec.edges ^ flips, np.where(changes, others, spec.ops))

    def neighbors(self, spec: Specs) -> Specs:
        """All specs with one edge flipped or one operation changed."""
        flips = np.eye(len(EDGES[0]), dtype=np.uint8)
        edges = np.repeat(spec.edges, len(flips), axis=0) ^ flips
        parts = [Specs(edges, np.repeat(spec.ops, len(flips), axis=0))]
        for node in range(NUM_INNER):
            others = self.free[self.free != spec.ops[0, node]]
            ops = np.repeat(spec.ops, len(others), axis=0)
            ops[:, node] = others
            parts.append(Specs(np.repeat(spec.edges, len(others), axis=0), ops))
        return Specs.join(parts)

    def cells(self, specs: Specs) -> CellBatch:
        """Specs as cells, not pruned."""
        dense = np.zeros((len(specs), NUM_NODES, NUM_NODES), dtype=np.uint8)
        dense[:, *EDGES] = specs.edges
        ops = np.empty((len(specs), NUM_NODES), dtype=np.uint8)
        ops[:, 0], ops[:, -1] = self.op_names.index(INPUT), self.op_names.index(OUTPUT)
        ops[:, INNER] = specs.ops
        sizes = np.full(len(specs), NUM_NODES, dtype=np.uint16)
        return CellBatch.from_native(pack(dense), ops, sizes, self.op_names)
