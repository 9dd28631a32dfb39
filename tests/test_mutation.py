"""Mutants of cells, and what a space says that it holds."""

import numpy as np
import pytest

from gemcore import CellBatch, SearchSpace, prune
from gemcore.bootstrap import identify
from gemcore.listed_space import ListedSpace
from gemcore.mutation import mutate

SPACES = {
    "small": SearchSpace.preset("small"),
    "nasbench101": SearchSpace.preset("nasbench101"),
    "grow": SearchSpace(num_nodes=8, ops=("conv1x1",), distribution="grow", max_edges=9),
}


@pytest.mark.parametrize("name", SPACES)
def test_mutants_are_different_networks_of_the_space(name: str) -> None:
    space = SPACES[name]
    parents = space.sample(5, seed=1)
    found = mutate(space, parents, 400, seed=2)
    assert len(found) > 20
    assert space.contains(found.identities).all()
    assert len(set(found.identities)) == len(found)
    assert found.identities == identify(found.cells, to_output=space.has_output)
    if space.max_edges is not None:
        assert found.identities.num_edges.max() <= space.max_edges


def test_children_differ_from_parents_by_few_edges() -> None:
    space = SPACES["small"]
    parents = space.sample(4, seed=1)
    found = mutate(space, parents, 200, seed=2)
    dense, kin = found.cells.dense().astype(int), parents.dense().astype(int)
    nearest = np.abs(dense[:, None] - kin).sum(axis=(2, 3)).min(axis=1)
    assert nearest.max() <= 3


def test_parts_of_the_stream_differ_and_repeat() -> None:
    space = SPACES["small"]
    parents = space.sample(2, seed=1)
    first = mutate(space, parents, 50, seed=3)
    assert first.cells == mutate(space, parents, 50, seed=3).cells
    assert first.cells != mutate(space, parents, 50, seed=3, start=50).cells


@pytest.mark.parametrize("num_cells", [0, 1, 2])
def test_few(num_cells: int) -> None:
    space = SPACES["small"]
    assert len(mutate(space, space.sample(1), num_cells)) <= num_cells


def test_a_list_of_cells_holds_its_own_alone() -> None:
    cells = SPACES["small"].sample(300, seed=4)
    space = ListedSpace(cells[:200])
    known = set(identify(cells[:200]))
    forms = identify(cells)
    assert space.contains(prune(cells)).tolist() == [form in known for form in forms]


def test_limits_of_a_space() -> None:
    space = SPACES["grow"]
    star = np.zeros((1, 5, 5), dtype=np.uint8)
    star[0, 0, 1:] = 1
    wide = CellBatch.from_dense(star, [[0, 1, 1, 1, 1]], op_names=("input", "conv1x1"))
    assert not space.contains(wide)[0]  # Four readers of one node.
    assert space.contains(space.sample(50, seed=0)).all()
    assert not SearchSpace(num_nodes=4).contains(SearchSpace(num_nodes=5).sample(1))[0]


def test_errors() -> None:
    space = SPACES["small"]
    with pytest.raises(ValueError, match="parents must hold at least one cell, got none"):
        mutate(space, space.sample(0), 5)
    with pytest.raises(ValueError, match="num_cells must be >= 0, got -1"):
        mutate(space, space.sample(1), -1)
    with pytest.raises(TypeError, match="parents must be of type CellBatch, got list"):
        mutate(space, [1], 5)  # type: ignore[arg-type]
