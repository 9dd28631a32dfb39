"""Tasks that are known by name."""

from collections.abc import Callable

from gemcore.arguments import check_in, check_type
from gemcore.tasks.proxy_task import ProxyTask


def _digits() -> ProxyTask:
    from gemcore.tasks.digits import digits_task  # Late: sklearn.datasets takes a while to import.

    return digits_task()


TASKS: dict[str, Callable[[], ProxyTask]] = {"digits": _digits}


def task_names() -> tuple[str, ...]:
    """The names that :func:`load_task` knows."""
    return tuple(TASKS)


def load_task(name: str) -> ProxyTask:
    """The task of this name, with the search space and the skeleton that suit it.

    Raises:
        ValueError: If there is no such task.

    Example:
        >>> load_task("digits")
        ProxyTask('digits': 1797 images of 1 x 8 x 8, 10 classes)
    """
    check_type("task", name, str)
    check_in("task", name, TASKS)
    return TASKS[name]()
