"""Random search: the yardstick of every other one."""

import numpy as np

from baselines.queries import Queries


def random_search(queries: Queries, generator: np.random.Generator) -> None:
    """Asks random networks until the budget is spent."""
    while queries.left:
        queries.ask_random(generator)
