"""Local search: from the best of a few random networks to better neighbors, then anew."""

import numpy as np

from baselines.queries import Known, Queries

NUM_RANDOM = 10  # Networks of a start, as in the published benchmark of this search.


def local_search(queries: Queries, generator: np.random.Generator) -> None:
    """Moves to the first better neighbor, in random order; at a local optimum it starts anew.

    Neighbors differ in one edge or one operation; what was asked before is passed over.

    Source: White, Nolen & Savani, "Exploring the Loss Landscape in Neural Architecture Search",
        UAI 2021.
    """
    start = list(queries.known)  # The first random networks, where they are given.
    while queries.left:
        while queries.left and len(start) < NUM_RANDOM:
            start.append(queries.ask_random(generator))
        best: Known | None = max(start, key=lambda known: known.accuracy)
        while best is not None:
            best = _better_neighbor(queries, generator, best)
        start = []


def _better_neighbor(
    queries: Queries, generator: np.random.Generator, center: Known
) -> Known | None:
    specs, rows = queries.find_new(queries.space.neighbors(center.spec))
    for place in generator.permutation(len(rows)):
        if not queries.left:
            return None
        neighbor = queries.ask_spec(specs[place : place + 1], int(rows[place]))
        if neighbor.accuracy > center.accuracy:
            return neighbor
    return None
