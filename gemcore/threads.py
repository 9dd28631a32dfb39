"""Number of threads of the native code."""

from gemcore import _core
from gemcore.arguments import check_int


def set_num_threads(num_threads: int) -> None:
    """Sets how many threads native code uses from now on; results don't depend on it.

    Args:
        num_threads: 1 or more, or 0 for all cores (the start value).

    Raises:
        ValueError: If ``num_threads`` is negative.

    Example:
        >>> before = get_num_threads()
        >>> set_num_threads(2)
        >>> get_num_threads()
        2
        >>> set_num_threads(before)
    """
    _core.set_num_threads(check_int("num_threads", num_threads, 0, 4096))


def get_num_threads() -> int:
    """How many threads native code uses."""
    return _core.num_threads()
