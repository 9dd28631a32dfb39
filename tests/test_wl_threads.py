"""gemcore.wl with threads, in wide batches, and interrupted: the same bits, the GIL free."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from gemcore import CellBatch, SearchSpace, get_num_threads, set_num_threads
from gemcore.wl import wl_features, wl_gram, wl_pairs
from gemcore.wl_settings import DIRECTIONS

SPACE = SearchSpace(num_nodes=20, distribution="uniform_density")


@pytest.fixture(autouse=True)
def restored_threads() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


def slow_cells(num_cells: int) -> CellBatch:
    """The largest and densest cells there are: milliseconds a pair."""
    return SearchSpace(num_nodes=256, edge_prob=1.0).sample(1)[np.zeros(num_cells, dtype=np.int64)]


def test_same_bits_for_one_thread_and_two() -> None:
    a, b = SPACE.sample(700), SPACE.sample(700, seed=1)
    weights = [0.3, 0.1, 0.9, 0.7]
    results = []
    for num_threads in (1, 2):
        set_num_threads(num_threads)
        pairs = wl_pairs(a, b, round_weights=weights)
        gram = wl_gram(a, round_weights=weights)
        features = wl_features(a, b)
        results.append((pairs, gram, features.data, features.indices, features.indptr))
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_same_bits_alone_and_in_a_wide_batch(direction: str) -> None:
    a, b = (
        CellBatch.concatenate([s.sample(6, seed) for s in (SPACE, SearchSpace(num_nodes=3))])
        for seed in (0, 1)
    )
    together = wl_pairs(a, b, direction=direction)
    wide = a.widen(256)
    np.testing.assert_array_equal(wl_pairs(wide, b.widen(130), direction=direction), together)
    np.testing.assert_array_equal(wl_gram(wide, b, direction=direction).diagonal(), together)
    for i, (cell_a, cell_b) in enumerate(zip(a, b, strict=True)):
        alone = CellBatch.from_cells([cell_a]), CellBatch.from_cells([cell_b])
        assert wl_pairs(*alone, direction=direction)[0] == together[i]
        assert wl_gram(*alone, direction=direction)[0, 0] == together[i]


def test_gil_is_released() -> None:
    cells = slow_cells(200)
    kernel = threading.Thread(target=wl_pairs, args=(cells, cells), kwargs={"n_iter": 16})
    count = 0
    kernel.start()
    while kernel.is_alive():
        count += 1
    assert count > 1000  # With the GIL held, the loop would have run once or twice.


def test_ctrl_c_ends_a_long_kernel() -> None:
    cells = slow_cells(3000)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    begin = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        wl_pairs(cells, cells, n_iter=16)
    assert time.monotonic() - begin < 2
