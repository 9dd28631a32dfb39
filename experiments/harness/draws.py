"""Random generators of the experiments, keyed by seed, purpose and index as gemcore's own are."""

import enum

import numpy as np

FIRST = 2**32  # Streams below belong to gemcore.


class Draw(enum.IntEnum):
    """What numbers are drawn for."""

    SPLIT = FIRST
    POOL = FIRST + 1
    ORACLE = FIRST + 2
    FIRST_CELLS = FIRST + 3
    RANDOM_SEARCH = FIRST + 4
    LOCAL_SEARCH = FIRST + 5
    EVOLUTION = FIRST + 6
    BANANAS = FIRST + 7
    LANDMARKS = FIRST + 8
    MADE_UP = FIRST + 9


def generator(seed: int, draw: Draw, index: int = 0) -> np.random.Generator:
    """Philox4x64-10 with key (seed, purpose) from item ``index`` on."""
    key = np.array([seed, int(draw)], dtype=np.uint64)
    counter = np.array([0, index, 0, 0], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
