"""Items that are made before they are asked for, in a thread beside."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")

DEPTH = 1  # Items that are made, or waiting to be, besides the one that is used.


class Ahead(Generic[T]):
    """Item by number; once one is asked for, the next ones are made while the caller works on it.

    Worth it where making releases the GIL. An item is made once if they are asked for in turn.

    Args:
        make: Makes the item of a number; what it raises, :meth:`item` raises.

    Example:
        >>> squares = Ahead(lambda number: number**2)
        >>> [squares.item(number) for number in (3, 4, 5)]
        [9, 16, 25]
    """

    def __init__(self, make: Callable[[int], T]) -> None:
        self._make = make
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="gemcore-ahead")
        self._items: dict[int, Future[T]] = {}

    def item(self, number: int) -> T:
        """The item of this number, made now if it is not there yet."""
        wanted = range(number, number + 1 + DEPTH)
        for other in self._items.keys() - set(wanted):
            self._items.pop(other).cancel()
        for other in wanted:
            if other not in self._items:
                self._items[other] = self._worker.submit(self._make, other)
        return self._items.pop(number).result()
