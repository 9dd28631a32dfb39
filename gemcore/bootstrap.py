"""The bootstrap: the best predicted of many sampled cells (paper eq. 15)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_int, check_type
from gemcore.cell_batch import CellBatch
from gemcore.graph import canonicalize, prune
from gemcore.space import SearchSpace


@dataclass(frozen=True)
class Candidates:
    """Cells that could be tried, all of them different networks.

    Args:
        cells: As sampled.
        identities: Their pruned canonical forms: two cells are one trial iff these are equal.
    """

    cells: CellBatch
    identities: CellBatch

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, index: NDArray[np.integer | np.bool_] | slice) -> "Candidates":
        return Candidates(self.cells[index], self.identities[index])


Score = Callable[[Candidates], NDArray[np.float64]]
Accept = Callable[[Candidates], NDArray[np.bool_]]


def identify(cells: CellBatch, *, to_output: bool = False) -> CellBatch:
    """The pruned canonical forms of cells, by which they are told apart."""
    return canonicalize(prune(cells, to_output=to_output))


def draw_candidates(
    space: SearchSpace, num_cells: int, *, seed: int, start: int = 0, in_order: bool = False
) -> Candidates:
    """The different networks among ``num_cells`` cells of a stream.

    Cells are sampled with replacement (R-18): a stream may repeat a cell, and different cells may
    prune to one. What prunes to the input alone computes nothing and is left out.

    Args:
        space: Where cells come from.
        num_cells: Cells to sample, from ``start`` on.
        seed: Of the stream.
        start: First cell of the stream.
        in_order: Whether to keep the order of the stream instead of that of the canonical forms.

    Returns:
        One candidate for each network, ordered by the bytes of its canonical form, or by its
        first place in the stream.
    """
    cells = space.sample(num_cells, seed=seed, start=start)
    identities = identify(cells, to_output=space.has_output)
    first = first_of_each(identities)
    kept = first[identities.sizes[first] > 1]
    return Candidates(cells, identities)[np.sort(kept) if in_order else kept]


def first_of_each(cells: CellBatch) -> NDArray[np.int64]:
    """Where each different cell of a batch stands first, int64, ordered by the cells' bytes.

    Example:
        >>> from gemcore.cell import Cell
        >>> a, b = Cell(("input", "conv1x1"), ((0, 1),)), Cell(("input",))
        >>> first_of_each(CellBatch.from_cells([a, b, a])).tolist()
        [1, 0]
    """
    rows = np.concatenate([_bytes(p) for p in (cells.sizes, cells.ops, cells.adjacency)], axis=1)
    whole = rows.view(f"V{rows.shape[1]}").reshape(len(cells))
    _, first = np.unique(whole, return_index=True)
    return first.astype(np.int64)


def bootstrap(
    space: SearchSpace,
    score: Score,
    *,
    num_samples: int = 50_000,
    num_best: int = 1,
    seed: int = 0,
    start: int = 0,
    accept: Accept | None = None,
) -> tuple[Candidates, NDArray[np.float64]]:
    r"""The best predicted of many sampled cells.

    .. math:: A^* = \arg\max_{A \in \mathcal{S}} P(E(A))

    with :math:`\mathcal{S}` cells sampled with replacement. Equal scores are ordered by the cells'
    canonical forms, so that the outcome depends on the arguments alone.

    Args:
        space: Where cells come from.
        score: Maps B candidates to finite numbers ``[B]``, more is better.
        num_samples: Cells to sample.
        num_best: At most how many cells to return.
        seed: Of the stream of cells.
        start: First cell of the stream.
        accept: Maps B candidates to bool ``[B]``: which may be returned.

    Returns:
        At most ``num_best`` different candidates, best first, and their scores, float64.

    Raises:
        ValueError: If a number is out of range or ``score`` gives one that is not finite.

    Example:
        >>> space = SearchSpace.preset("small")
        >>> best, edges = bootstrap(space, lambda found: 1.0 * found.identities.num_edges, seed=0)
        >>> len(best), int(edges[0]) == len(best.identities[0].edges)
        (1, True)

    Source: Cheng et al. 2021, eqs. 14 and 15.
    """
    check_type("space", space, SearchSpace)
    num_samples = check_int("num_samples", num_samples, 1)
    num_best = check_int("num_best", num_best, 1)
    found = draw_candidates(space, num_samples, seed=seed, start=start)
    if accept is not None:
        found = found[accept(found)]
    return pick_best(found, score, num_best)


def pick_best(
    found: Candidates, score: Score, num_best: int
) -> tuple[Candidates, NDArray[np.float64]]:
    """The best-scored of given candidates, best first, and their scores; see :func:`bootstrap`."""
    if len(found) == 0:
        return found, np.zeros(0)
    scores = np.asarray(score(found), dtype=np.float64)
    if scores.shape != (len(found),) or not np.isfinite(scores).all():
        raise ValueError(
            f"score must give {len(found)} finite numbers, got shape {list(scores.shape)}"
            + (" with values that are not finite" if scores.shape == (len(found),) else "")
        )
    # Stable over candidates in canonical order: that is the tie-break.
    best = np.argsort(-scores, kind="stable")[:num_best]
    return found[best], scores[best]


def union(a: Candidates, b: Candidates) -> Candidates:
    """The different networks of both, ordered by the bytes of their canonical forms."""
    cells = CellBatch.concatenate([a.cells, b.cells])
    identities = CellBatch.concatenate([a.identities, b.identities])
    return Candidates(cells, identities)[first_of_each(identities)]


def _bytes(array: NDArray[np.generic]) -> NDArray[np.uint8]:
    row = array.dtype.itemsize * math.prod(array.shape[1:])
    return np.frombuffer(array.tobytes(), dtype=np.uint8).reshape(len(array), row)
