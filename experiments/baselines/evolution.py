"""Regularized evolution: tournaments in a population of which the oldest member dies."""

from collections import deque

import numpy as np

from baselines.queries import Queries


def regularized_evolution(
    queries: Queries,
    generator: np.random.Generator,
    *,
    population_size: int,
    tournament_size: int,
    num_random: int,
) -> None:
    """Adds a mutant of the best of a random sample, drops the oldest, until the budget is spent.

    A mutant that was asked before is mutated anew, so that no query is wasted.

    Args:
        queries: The table.
        generator: Of all draws.
        population_size: Members above which the oldest is dropped.
        tournament_size: Members of a sample, with replacement.
        num_random: Random networks at first.

    Source: Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI
        2019, algorithm 1.
    """
    population = deque(queries.known, maxlen=population_size)
    while queries.left and len(population) < num_random:
        population.append(queries.ask_random(generator))
    while queries.left:
        sample = generator.integers(len(population), size=tournament_size)
        parent = max((population[i] for i in sample), key=lambda known: known.accuracy)
        population.append(queries.ask_mutant(generator, parent))
