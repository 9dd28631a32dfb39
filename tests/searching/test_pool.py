"""Unseen networks within limits: none twice, none lost, and an end where there are no more."""

import numpy as np
import pytest
from numpy.typing import NDArray

from gemcore.bootstrap import Candidates, draw_candidates, identify
from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.networks.cost import NetworkCost, network_cost
from gemcore.networks.skeleton import Skeleton
from gemcore.philox import Stream, derived_seed
from gemcore.searching.pool import CandidatePool, Limits, identify_cells
from gemcore.space import SearchSpace

SMALL = SearchSpace.preset("small")
TINY = SearchSpace(num_nodes=3, ops=("conv1x1",), edge_prob=0.5)


def cost(cells: CellBatch) -> NetworkCost:
    skeleton = Skeleton.preset("proxy", width=8)
    return network_cost(cells, skeleton, input_size=(1, 8, 8), num_classes=10)


def pool(space: SearchSpace = SMALL, limits: Limits | None = None, seed: int = 0) -> CandidatePool:
    return CandidatePool(space, cost, limits or Limits(), seed=seed)


def edges(found: Candidates) -> NDArray[np.float64]:
    return found.identities.num_edges.astype(np.float64)


def test_random_cells_are_the_stream_in_its_order_however_they_are_asked() -> None:
    seed = derived_seed(7, Stream.SEARCH_INITIAL)
    stream = list(draw_candidates(SMALL, 2000, seed=seed, in_order=True).identities)
    asked = pool(seed=7)
    taken = [cell for number in (1, 0, 299, 300) for cell in asked.random(number).identities]
    assert taken == stream[:600]
    assert taken == list(pool(seed=7).random(600).identities)


def test_cells_within_limits_are_the_stream_without_the_others() -> None:
    everything = pool().random(300).identities
    bound = int(np.median(cost(everything).macs))
    kept = [
        cell for cell, macs in zip(everything, cost(everything).macs, strict=True) if macs <= bound
    ]
    assert list(pool(limits=Limits(max_macs=bound)).random(len(kept)).identities) == kept


def test_best_cells_come_once_and_in_falling_order() -> None:
    asked = pool()
    first, second = (asked.best(edges, 20, num_samples=400) for _ in range(2))
    assert not {*first.identities} & {*second.identities}
    for chosen in (first, second):
        assert len(chosen) == 20
        assert (np.diff(edges(chosen)) <= 0).all()


def test_a_sample_too_small_is_followed_by_more() -> None:
    asked = pool(TINY)
    assert len(asked.best(edges, 4, num_samples=1)) == 4
    assert not asked.exhausted
    assert len(asked.best(edges, 1, num_samples=200)) == 0
    assert asked.exhausted


def test_an_exhausted_space_gives_what_it_has() -> None:
    asked = pool(TINY)
    assert len(asked.random(100)) == 4
    assert asked.exhausted
    assert len(asked.random(1)) == 0


def test_what_is_marked_is_not_drawn() -> None:
    asked = pool(TINY)
    known = identify(CellBatch.from_cells([Cell(("input", "conv1x1"), ((0, 1),))], TINY.op_names))
    asked.mark(known)
    left = asked.random(10)
    assert len(left) == 3
    assert known[0] not in {*left.identities}


def test_limits_that_different_cells_meet_are_told_apart() -> None:
    class Opposed(NetworkCost):
        """The fewer multiply-adds, the more parameters."""

    def opposed(cells: CellBatch) -> NetworkCost:
        return Opposed(macs=cells.num_edges, params=100 - cells.num_edges)

    with pytest.raises(
        ValueError, match=r"max_macs and max_params must be met by one cell .* 20 and"
    ):
        CandidatePool(SMALL, opposed, Limits(max_macs=20, max_params=75), seed=0)


def test_cells_from_outside_are_put_into_the_space() -> None:
    cell = Cell(("input", "sepconv3x3", "conv1x1"), ((0, 2),))
    found = identify_cells([cell], SMALL)
    assert found.cells.num_nodes == SMALL.num_nodes
    assert found.cells.op_names == SMALL.op_names
    assert found.cells[0] == cell
    assert found.identities[0] == Cell(("input", "conv1x1"), ((0, 1),))
