"""How much the Weisfeiler-Lehman similarity says on a search space."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gemcore.arguments import check_int, check_seed, check_type
from gemcore.space import SearchSpace
from gemcore.wl import wl_pairs


@dataclass(frozen=True)
class WLSignal:
    """What :func:`wl_signal` measured; prints as a short text.

    Args:
        num_pairs: How many pairs of independent cells it was measured on.
        mean: Mean similarity.
        std: Spread of the similarity: its standard deviation.
        std_given_round_0: Spread around the best straight line over the similarity of round 0, the
            counts of labels alone. What an encoder has to learn beyond counting them.
        correlation_with_round_0: Pearson's; 0 where round 0 is the same for all pairs.
    """

    num_pairs: int
    mean: float
    std: float
    std_given_round_0: float
    correlation_with_round_0: float

    def __str__(self) -> str:
        return (
            f"WL similarity of {self.num_pairs} pairs of independent cells\n"
            f"  mean                      {self.mean:.4f}\n"
            f"  spread                    {self.std:.4f}\n"
            f"  spread given round 0      {self.std_given_round_0:.4f}\n"
            f"  correlation with round 0  {self.correlation_with_round_0:.4f}"
        )


def wl_signal(
    space: SearchSpace,
    *,
    num_pairs: int = 10_000,
    n_iter: int = 3,
    direction: str = "in_out",
    round_weights: ArrayLike | None = None,
    labels: str = "ops",
    seed: int = 0,
) -> WLSignal:
    """How much the similarity of random cells of a space says beyond their counts of operations.

    With many edges and several operations nearly all of it lies in round 0: an encoder that only
    counts operations then has almost nothing left to learn (paper eq. 3 is small at once). Cells
    are taken as drawn, not pruned.

    Args:
        space: Where the cells are drawn.
        num_pairs: Pairs of independent cells, 2 or more.
        n_iter: Rounds of refinement, 0 .. 16.
        direction: Neighbors that are read: ``"in_out"``, ``"out"``, ``"in"`` or ``"undirected"``.
        round_weights: Weights of the rounds, ``[n_iter + 1]``, finite and >= 0; default 1.
        labels: Colors before the first round: ``"ops"``, ``"degree"`` or ``"uniform"``.
        seed: Of the cells.

    Returns:
        Mean, spread, spread given round 0, and correlation with round 0, of the normalized kernel.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of range.

    Example:
        Cells without edges are known by their operations:

        >>> space = SearchSpace(num_nodes=5, ops=("conv1x1", "conv3x3"), edge_prob=0.0)
        >>> signal = wl_signal(space, num_pairs=100)
        >>> round(signal.correlation_with_round_0, 6), round(signal.std_given_round_0, 6)
        (1.0, 0.0)
    """
    check_type("space", space, SearchSpace)
    num_pairs = check_int("num_pairs", num_pairs, 2)
    cells = space.sample(2 * num_pairs, check_seed(seed))
    pair = cells[:num_pairs], cells[num_pairs:]
    similarity = wl_pairs(
        *pair, n_iter=n_iter, direction=direction, round_weights=round_weights, labels=labels
    )
    round_0 = wl_pairs(*pair, n_iter=0, direction=direction, labels=labels)
    std, std_0 = similarity.std(), round_0.std()
    correlation = 0.0
    if std > 1e-12 and std_0 > 1e-12:  # Else rounding alone.
        correlation = float(np.corrcoef(similarity, round_0)[0, 1])
    return WLSignal(
        num_pairs=num_pairs,
        mean=float(similarity.mean()),
        std=float(std),
        std_given_round_0=float(std * np.sqrt(max(0.0, 1 - correlation**2))),
        correlation_with_round_0=correlation,
    )
