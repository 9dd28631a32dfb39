"""The arg max over sampled cells against a loop, and what counts as one candidate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gemcore.bootstrap import Candidates, bootstrap, draw_candidates, first_of_each, identify
from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.space import SearchSpace

SMALL = SearchSpace.preset("small")
TINY = SearchSpace(num_nodes=3, ops=("conv1x1",), edge_prob=0.5)


def edges(found: Candidates) -> NDArray[np.float64]:
    return found.identities.num_edges.astype(np.float64)


def textbook(space: SearchSpace, num_samples: int, seed: int) -> dict[Cell, float]:
    """Every different network of a sample and its number of edges, one cell at a time."""
    scores = {}
    for cell in space.sample(num_samples, seed=seed):
        identity = identify(CellBatch.from_cells([cell], space.op_names))[0]
        if identity.num_nodes > 1:
            scores[identity] = float(len(identity.edges))
    return scores


@settings(max_examples=25, deadline=None)
@given(num_samples=st.integers(1, 60), num_best=st.integers(1, 70), seed=st.integers(0, 2**64 - 1))
def test_is_the_arg_max_over_different_networks(num_samples: int, num_best: int, seed: int) -> None:
    expected = textbook(SMALL, num_samples, seed)
    best, scores = bootstrap(SMALL, edges, num_samples=num_samples, num_best=num_best, seed=seed)
    assert len(best) == len(scores) == min(num_best, len(expected))
    assert scores.tolist() == sorted(expected.values(), reverse=True)[:num_best]
    assert [expected[cell] for cell in best.identities] == scores.tolist()
    assert identify(best.cells) == best.identities


def test_a_sample_may_repeat_cells_but_a_candidate_stands_once() -> None:
    found = draw_candidates(TINY, 500, seed=0)
    # 0 -> 1; the chain; both after the input; the complete DAG.
    assert len(found) == 4
    assert len({*found.identities}) == 4


def test_ties_are_ordered_by_canonical_form_whatever_the_order_of_the_sample() -> None:
    def equal(found: Candidates) -> NDArray[np.float64]:
        return np.zeros(len(found))

    orders = {
        tuple(bootstrap(TINY, equal, num_samples=500, num_best=4, seed=seed)[0].identities)
        for seed in range(5)
    }
    assert len(orders) == 1


def test_start_continues_the_stream() -> None:
    whole = draw_candidates(SMALL, 300, seed=4, in_order=True)
    parts = [draw_candidates(SMALL, 100, seed=4, start=s, in_order=True) for s in (0, 100, 200)]
    seen = list(dict.fromkeys(cell for part in parts for cell in part.identities))
    assert seen == list(whole.identities)


def test_accept_is_asked_before_the_score() -> None:
    def only_chains(found: Candidates) -> NDArray[np.bool_]:
        return np.equal(found.identities.num_edges, found.identities.sizes - 1)

    best, scores = bootstrap(SMALL, edges, num_samples=2000, num_best=5, seed=0, accept=only_chains)
    assert len(best) == 5
    assert all(len(cell.edges) == cell.num_nodes - 1 for cell in best.identities)
    nothing, scores = bootstrap(SMALL, edges, accept=lambda found: np.zeros(len(found), bool))
    assert len(nothing) == len(scores) == 0


def test_cells_that_prune_to_their_input_are_no_candidates() -> None:
    isolated = SearchSpace(num_nodes=5, ops=("conv1x1",), edge_prob=0.0)
    assert len(draw_candidates(isolated, 100, seed=0)) == 0
    assert len(bootstrap(isolated, edges, num_samples=100)[0]) == 0


@pytest.mark.parametrize("num_cells", [0, 1, 2, 65])
def test_first_of_each_is_where_a_cell_stands_first(num_cells: int) -> None:
    cells = identify(TINY.sample(num_cells, seed=1))
    first = first_of_each(cells)
    expected = {cell: place for place, cell in reversed(list(enumerate(cells)))}
    assert sorted(first.tolist()) == sorted(expected.values())


def test_rejects_bad_arguments() -> None:
    with pytest.raises(ValueError, match="num_samples must be >= 1, got 0"):
        bootstrap(SMALL, edges, num_samples=0)
    with pytest.raises(ValueError, match="num_best must be >= 1, got 0"):
        bootstrap(SMALL, edges, num_best=0)
    with pytest.raises(TypeError, match="space must be of type SearchSpace, got str"):
        bootstrap("small", edges)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"score must give \d+ finite numbers, got shape \[1\]"):
        bootstrap(SMALL, lambda found: np.zeros(1), num_samples=50)
    with pytest.raises(ValueError, match=r"score must give .* with values that are not finite"):
        bootstrap(SMALL, lambda found: np.full(len(found), np.nan), num_samples=50)
