"""Predictions for many cells, a part at a time: what a part needs fits into a cache."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gemcore.cell_batch import CellBatch
from gemcore.predictor.one_thread import one_torch_thread
from gemcore.threads import get_num_threads

T = TypeVar("T")


def predict_parts(predict: Callable[[CellBatch], T], cells: CellBatch, size: int) -> list[T]:
    """What is predicted of each part, in order.

    Parts run in as many threads as :func:`gemcore.get_num_threads` says, with one of torch's each:
    their bounds, and so the bits, don't depend on that number.

    Args:
        predict: Told one part.
        cells: All of them.
        size: Cells in a part.
    """
    parts = [cells[i : i + size] for i in range(0, len(cells), size)]
    with one_torch_thread(), ThreadPoolExecutor(get_num_threads()) as pool:
        return list(pool.map(predict, parts))
