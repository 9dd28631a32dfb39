"""The searches of others, each against what its paper says of it."""

from collections import deque
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from baselines import mlp_ensemble
from baselines.bananas import bananas
from baselines.evolution import regularized_evolution
from baselines.local_search import local_search
from baselines.queries import Known, Queries
from baselines.random_search import random_search
from baselines.specs import Specs
from gemcore.tables import CellTable, synthetic

SEARCHES: dict[str, Callable[[Queries, np.random.Generator], None]] = {
    "random": random_search,
    "local_search": local_search,
    "evolution": partial(regularized_evolution, population_size=8, tournament_size=3, num_random=5),
    "bananas": bananas,
}


@pytest.fixture(scope="module")
def table() -> CellTable:
    return synthetic(4000)


@pytest.fixture(autouse=True)
def fast_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlp_ensemble, "EPOCHS", 10)


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("budget", [1, 13, 30])
def test_the_budget_is_spent_to_the_last_query_and_by_the_seed_alone(
    name: str, budget: int, table: CellTable
) -> None:
    asked = []
    for _ in range(2):
        queries = Queries(table, budget)
        SEARCHES[name](queries, np.random.default_rng(budget))
        assert len(queries.answers) == budget
        asked.append(list(queries.answers))
    assert asked[0] == asked[1]


@pytest.mark.parametrize("name", SEARCHES)
def test_what_is_known_beforehand_counts(name: str, table: CellTable) -> None:
    queries = Queries(table, 20)
    for _ in range(10):
        queries.ask_random(np.random.default_rng(7))
    before = list(queries.answers)
    SEARCHES[name](queries, np.random.default_rng(0))
    assert list(queries.answers)[: len(before)] == before
    assert len(queries.answers) == 20


class Line(Queries):
    """A landscape of one dimension: spec i has accuracy heights[i] and neighbors i - 1, i + 1."""

    def __init__(self, heights: list[float], budget: int, starts: list[int]) -> None:
        super().__init__(synthetic(1), budget)
        self.heights, self.starts = heights, deque(starts)
        self.space.neighbors = self.around  # type: ignore[method-assign]

    def spec(self, place: int) -> Specs:
        return Specs(np.full((1, 21), place, np.uint8), np.zeros((1, 5), np.uint8))

    def around(self, spec: Specs) -> Specs:
        center = int(spec.edges[0, 0])
        places = [p for p in (center - 1, center + 1) if 0 <= p < len(self.heights)]
        return Specs.join([self.spec(p) for p in places])

    def find_new(self, specs: Specs) -> tuple[Specs, NDArray[np.int64]]:
        rows = specs.edges[:, 0].astype(np.int64)
        kept = np.array([int(row) not in self.answers for row in rows], dtype=bool)
        return specs[kept], rows[kept]

    def ask(self, row: int) -> float:
        return self.answers.setdefault(row, self.heights[row])

    def ask_random(self, generator: np.random.Generator) -> Known:
        place = self.starts.popleft()
        return self.ask_spec(self.spec(place), place)


def test_local_search_climbs_and_starts_anew_at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baselines.local_search.NUM_RANDOM", 2)
    heights = [0.1, 0.2, 0.3, 0.2, 0.1, 0.0, 0.5, 0.9, 0.6]
    line = Line(heights, budget=8, starts=[0, 5, 8, 6])
    local_search(line, np.random.default_rng(0))
    asked = list(line.answers)
    assert asked[:4] == [0, 5, 1, 2]  # From the better of 0 and 5 up to 2;
    assert asked[4] == 3  # beyond which it falls:
    assert asked[5:7] == [8, 6]  # anew, from the better one,
    assert asked[7] == 7  # to the highest of all.


def test_evolution_drops_the_oldest_and_breeds_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    heights = [0.5, 0.9, 0.1, 0.2, 0.3, 0.4, 0.6]
    line = Line(heights, budget=7, starts=[0, 1, 2])
    parents, next_place = [], iter(range(3, 7))

    def ask_mutant(generator: np.random.Generator, parent: Known) -> Known:
        parents.append(parent.accuracy)
        place = next(next_place)
        return line.ask_spec(line.spec(place), place)

    monkeypatch.setattr(line, "ask_mutant", ask_mutant)
    regularized_evolution(
        line, np.random.default_rng(0), population_size=3, tournament_size=50, num_random=3
    )
    # Members 0, 1, 2: the best is 1, until it is the oldest and dies, with the fifth network.
    assert parents == [0.9, 0.9, 0.3, 0.4]
