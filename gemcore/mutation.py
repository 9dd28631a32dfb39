"""Neighbors of cells: what a search tries beside random cells once it knows good ones."""

import numpy as np

from gemcore.arguments import check_int, check_seed, check_type
from gemcore.bootstrap import Candidates, first_of_each, identify
from gemcore.cell_batch import CellBatch
from gemcore.graph import perturb
from gemcore.philox import Stream, numpy_generator
from gemcore.space import SearchSpace

MOST_EDITS = 3


def mutate(
    space: SearchSpace, parents: CellBatch, num_cells: int, *, seed: int = 0, start: int = 0
) -> Candidates:
    """Different networks of a space that are a few random edits away from given ones.

    Each parent gets as many children as the others, with 1, 2 or 3 edits (:func:`gemcore.perturb`);
    children that the space does not hold, or that prune to their input alone, are left out.

    Args:
        space: What children must belong to.
        parents: At least one cell, with the operations of the space.
        num_cells: Children to make, before any is left out.
        seed: 0 .. 2^64 - 1.
        start: Index of the first child in the random stream.

    Returns:
        One candidate for each network, ordered by the bytes of its canonical form.

    Raises:
        TypeError: If an argument is of another kind.
        ValueError: If a number is out of range, or there is no parent.

    Example:
        >>> space = SearchSpace(num_nodes=3, ops=("conv1x1",))
        >>> children = mutate(space, space.sample(1, seed=2), 64, seed=0)
        >>> bool(space.contains(children.identities).all())
        True
    """
    check_type("space", space, SearchSpace)
    check_type("parents", parents, CellBatch)
    if len(parents) == 0:
        raise ValueError("parents must hold at least one cell, got none")
    num_cells = check_int("num_cells", num_cells, 0)
    seed, start = check_seed(seed), check_int("start", start, 0, 2**63 - 1)
    parents = parents.with_op_names(space.op_names).widen(space.num_nodes)
    generator = numpy_generator(seed, Stream.MUTATIONS, start)
    num_edits = generator.integers(1, MOST_EDITS + 1, size=num_cells)
    chosen = parents[np.arange(num_cells) % len(parents)]
    cells = perturb(chosen, num_edits, seed, start=start)
    identities = identify(cells, to_output=space.has_output)
    kept = np.flatnonzero((identities.sizes > 1) & space.contains(identities))
    first = first_of_each(identities[kept])
    return Candidates(cells, identities)[kept[first]]
