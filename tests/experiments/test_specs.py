"""Specs of NAS-Bench-101: draws, edits and neighbors, and how a table sees them."""

from itertools import combinations

import numpy as np
import pytest

from baselines.queries import Queries
from baselines.specs import EDGES, Specs, SpecSpace
from gemcore.tables import CellTable, synthetic

NAMES = ("input", "conv3x3", "conv1x1", "maxpool3x3", "output")


@pytest.fixture(scope="module")
def table() -> CellTable:
    return synthetic(300)


def as_sets(specs: Specs) -> set[tuple[bytes, bytes]]:
    return {
        (edges.tobytes(), ops.tobytes()) for edges, ops in zip(specs.edges, specs.ops, strict=True)
    }


def test_a_spec_is_a_cell_of_seven_nodes() -> None:
    space = SpecSpace(NAMES)
    edges = np.zeros((1, 21), dtype=np.uint8)
    wanted = {(0, 3), (3, 6), (2, 4)}
    pairs = [(int(u), int(v)) for u, v in zip(*EDGES, strict=True)]
    assert pairs == list(combinations(range(7), 2))
    edges[0] = [pair in wanted for pair in pairs]
    cell = space.cells(Specs(edges, np.array([[1, 2, 3, 1, 2]], dtype=np.uint8)))[0]
    assert set(cell.edges) == wanted
    assert cell.ops == ("input", "conv3x3", "conv1x1", "maxpool3x3", "conv3x3", "conv1x1", "output")


def test_neighbors_are_all_specs_one_edit_away() -> None:
    space = SpecSpace(NAMES)
    spec = space.sample(np.random.default_rng(0), 1)
    found = space.neighbors(spec)
    assert len(as_sets(found)) == len(found) == 21 + 5 * 2
    distance = (found.edges != spec.edges).sum(axis=1) + (found.ops != spec.ops).sum(axis=1)
    assert (distance == 1).all()
    assert set(found.ops.ravel().tolist()) <= {1, 2, 3}


def test_mutants_change_one_edge_and_one_operation_on_average() -> None:
    space = SpecSpace(NAMES)
    spec = space.sample(np.random.default_rng(1), 1)
    found = space.mutate(np.random.default_rng(2), spec, 20_000)
    assert (found.edges != spec.edges).sum(axis=1).mean() == pytest.approx(1, abs=0.03)
    assert (found.ops != spec.ops).sum(axis=1).mean() == pytest.approx(1, abs=0.03)
    for node in range(5):  # Both other operations are as likely.
        changed = found.ops[found.ops[:, node] != spec.ops[0, node], node]
        assert np.bincount(changed, minlength=4)[1:].max() / len(changed) == pytest.approx(
            0.5, abs=0.04
        )


def test_random_specs_have_every_edge_and_operation_alike() -> None:
    found = SpecSpace(NAMES).sample(np.random.default_rng(3), 20_000)
    assert np.abs(found.edges.mean(axis=0) - 0.5).max() < 0.02
    assert np.abs(np.bincount(found.ops.ravel(), minlength=5)[1:4] / 1e5 - 1 / 3).max() < 0.02


def test_each_network_is_asked_once_and_counted(table: CellTable) -> None:
    queries = Queries(table, budget=3)
    generator = np.random.default_rng(0)
    first = queries.ask_random(generator)
    row = next(iter(queries.answers))
    assert first.accuracy == table.accuracy[row] == queries.ask(row)
    assert queries.left == 2
    twice = Specs.join([first.spec, first.spec])
    assert len(queries.find_new(twice)[0]) == 0
    while queries.left:
        queries.ask_random(generator)
    assert len(queries.answers) == len(queries.known) == 3
    assert queries.ask(row) == first.accuracy  # Known: free.
    unknown = next(r for r in range(300) if r not in queries.answers)
    with pytest.raises(RuntimeError, match="the budget of 3 is spent"):
        queries.ask(unknown)


def test_new_specs_are_those_of_the_table_each_network_once(table: CellTable) -> None:
    queries = Queries(table, budget=3)
    specs = queries.space.sample(np.random.default_rng(5), 20_000)
    found, rows = queries.find_new(specs)
    assert len(rows) == len(set(rows.tolist())) > 10
    assert (rows >= 0).all()
    assert (table.lookup(queries.space.cells(found)) == rows).all()
    assert set(rows.tolist()) == set(table.lookup(queries.space.cells(specs)).tolist()) - {-1}


def test_the_curve_is_the_best_so_far(table: CellTable) -> None:
    queries = Queries(table, budget=300)
    for row in (5, 3, 8, 1):
        queries.ask(row)
    asked = table.accuracy[[5, 3, 8, 1]]
    assert queries.best_so_far.tolist() == [asked[: i + 1].max() for i in range(4)]


def test_a_table_that_is_known_by_heart_says_so() -> None:
    tiny = synthetic(1)
    queries = Queries(tiny, budget=2)
    queries.ask(0)
    with pytest.raises(RuntimeError, match="no new network in 64000 random specs"):
        queries.ask_random(np.random.default_rng(0))
