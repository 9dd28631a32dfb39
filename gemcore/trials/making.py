"""Which runner suits a task on this machine."""

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from gemcore.arguments import check_int, describe
from gemcore.cell import Cell
from gemcore.ops import RESERVED, is_built_in
from gemcore.tasks import EvaluationContext, ProxyTask, num_cores
from gemcore.trials.local import LocalRunner
from gemcore.trials.runner import InProcessRunner, TrialRunner, proxy_evaluate
from gemcore.trials.settings import TrialSettings

UserTask = Callable[[Cell, EvaluationContext], Any]
MOST_WORKERS = 2  # Unless asked for more: each holds torch and the data in memory.


def choose_num_workers(
    task: ProxyTask | UserTask,
    *,
    ops: Iterable[str],
    device: str,
    num_workers: int | None = None,
) -> int:
    """How many candidates are to be trained side by side; 1 means in this process.

    Child processes train on the CPU and know the built-in operations and metrics alone. So a task
    that is a function, a user's own operation or metric and a GPU stay in this process, whatever
    ``num_workers`` says.

    Args:
        task: What to evaluate on.
        ops: Operations of the search space.
        device: Where to train, resolved: ``"cpu"``, ``"cuda:0"``, ...
        num_workers: What the user wants; None: 2 where there are two cores.
    """
    if num_workers is not None:
        check_int("num_workers", num_workers, 1)
    at_home = not isinstance(task, ProxyTask) or bool(task.metrics) or device != "cpu"
    at_home = at_home or not all(name in RESERVED or is_built_in(name) for name in ops)
    # Pipes can't be waited for on Windows; an embedded Python has no executable.
    if at_home or os.name != "posix" or not sys.executable:
        return 1
    return num_workers or min(MOST_WORKERS, num_cores())


def make_runner(
    task: ProxyTask | UserTask, settings: TrialSettings, *, num_workers: int
) -> TrialRunner:
    """The runner of a task.

    Args:
        task: A task to train on, or a function ``(cell, context) -> accuracy | dict``.
        settings: How to train.
        num_workers: From :func:`choose_num_workers`.

    Raises:
        TypeError: If the task is neither.
    """
    if isinstance(task, ProxyTask):
        if num_workers > 1:
            return LocalRunner(task, settings, num_workers=num_workers)
        return InProcessRunner(proxy_evaluate(task, settings))
    if not callable(task):
        raise TypeError(f"task must be a ProxyTask or a function, got {describe(task)}")
    return InProcessRunner(lambda cell, index: task(cell, settings.context(index)))
