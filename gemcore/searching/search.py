"""The whole search in one call: ``gemcore.search``."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gemcore.arguments import check_seed, check_type, describe
from gemcore.cell import Cell
from gemcore.networks.skeleton import Skeleton
from gemcore.searching.config import SearchConfig
from gemcore.searching.estimate import announce
from gemcore.searching.result import SearchResult
from gemcore.searching.run import SearchRun, new_search
from gemcore.searching.run_folder import RunFolder
from gemcore.searching.setting import SearchSetting, TaskFacts
from gemcore.space import SearchSpace
from gemcore.tasks import ProxyTask, load_task, resolve_backend
from gemcore.trials import TrialSettings, UserTask, choose_num_workers

Task = str | ProxyTask | UserTask
Known = tuple[Cell, float | Mapping[str, Any]]  # A cell and its accuracy or metrics.

# What a function is told where it does not say otherwise: the paper's images.
INPUT_SIZE, NUM_CLASSES = (3, 32, 32), 10


def search(
    task: Task = "digits",
    space: SearchSpace | None = None,
    config: SearchConfig | None = None,
    *,
    out: str | Path | None = None,
    seed: int = 0,
    initial: Iterable[Known] = (),
    progress: bool = True,
) -> SearchResult:
    """Searches for the best cell of a task (paper section 3, fig. 2), and trains its network.

    An encoder of cells is trained on the space; random cells are trained as networks; a predictor
    learns from them on the encoder's embeddings and picks the best of many sampled cells, which
    are trained in turn, round by round. The cell with the best measured score is then trained on
    all but the test images and tested once.

    Args:
        task: A name (``"digits"``), a :class:`gemcore.ProxyTask`, or a function
            ``(cell, context) -> accuracy | dict`` with an ``"accuracy"`` in [0, 1], which trains
            in its own way and is told the context by an :class:`EvaluationContext`.
        space: Where cells come from. Default: what suits the task, or the preset ``"small"``.
        config: Settings. Default: what suits the task, or ``SearchConfig()``.
        out: Folder for the result, new or without a run; written to after each trial, so that
            an interrupted search leaves what it learned. None: nothing is written.
        seed: 0 .. 2^64 - 1. The same seed, task and settings give the same trials and weights on
            the same machine, whatever the number of workers.
        initial: Cells that are known already, with their accuracy or metrics; they stand in for
            random ones and don't count as trials.
        progress: Show an estimate of the whole, and bars on standard error.

    Returns:
        The result; it is also what ``SearchResult.load(out)`` reads.

    Raises:
        ValueError: Before anything is trained: if an argument is out of range, all cells of the
            space prune to their input, no cell keeps within ``max_macs`` and ``max_params``, or
            ``out`` holds a run already.
        TypeError: If an argument is of another kind.
        RuntimeError: If ``out`` cannot be written, or the candidates all fail alike; the reason
            is quoted and the state saved.
        KeyboardInterrupt: After Ctrl-C, when what was learned has been saved.

    Example:
        >>> def count_edges(cell, context):
        ...     return len(cell.edges) / 100
        >>> config = SearchConfig(num_trials=6, embedding="adjacency", bootstrap_samples=500)
        >>> result = search(count_edges, config=config, progress=False)
        >>> len(result.trials), result.best.accuracy >= result.trials[0].accuracy
        (6, True)
    """
    task = load_task(task) if isinstance(task, str) else task
    if not (isinstance(task, ProxyTask) or callable(task)):
        raise TypeError(f"task must be a name, a ProxyTask or a function, got {describe(task)}")
    setting = make_setting(task, space, config, seed)
    known = [_read_known(pair) for pair in initial]
    num_workers, trials = plan_trials(task, setting)
    trial_run = new_search(setting)  # Refuses what can't be searched, and cells of another space.
    for cell, metrics in known:
        trial_run.tell(cell, metrics)
    folder = None if out is None else RunFolder.claim(out, setting)
    if progress:
        announce(task, setting, trials, num_workers=num_workers)
    run = SearchRun(
        task, setting, trials, num_workers=num_workers, folder=folder, progress=progress
    )
    return run.execute(known)


def suited_config(task: ProxyTask | UserTask) -> SearchConfig:
    """The settings that suit a task: what it says itself over the defaults."""
    return SearchConfig(**(getattr(task, "config", None) or {}))


def make_setting(
    task: ProxyTask | UserTask,
    space: SearchSpace | None = None,
    config: SearchConfig | None = None,
    seed: int = 0,
) -> SearchSetting:
    """All that decides the course of a search: what the caller says, else what suits the task.

    Raises:
        TypeError: If an argument is of another kind.
        ValueError: If the seed is out of range.
    """
    space = space or getattr(task, "space", None) or SearchSpace.preset("small")
    config = config or suited_config(task)
    check_type("space", space, SearchSpace)
    check_type("config", config, SearchConfig)
    if config.width is None:
        skeleton = getattr(task, "skeleton", None) or Skeleton.preset("proxy")
    else:
        skeleton = Skeleton.preset("proxy", width=config.width)
    if isinstance(task, ProxyTask):
        assert task.name is not None
        assert task.class_names is not None
        names = tuple(task.class_names)
        facts = TaskFacts(task.name, task.fingerprint, names, task.preprocessing)
    else:
        facts = TaskFacts(getattr(task, "__name__", type(task).__name__))
    return SearchSetting(
        task=facts,
        space=space,
        skeleton=skeleton,
        input_size=getattr(task, "input_size", INPUT_SIZE),
        num_classes=getattr(task, "num_classes", NUM_CLASSES),
        config=config,
        seed=check_seed(seed),
    )


def plan_trials(task: ProxyTask | UserTask, setting: SearchSetting) -> tuple[int, TrialSettings]:
    """How many candidates are trained side by side, and how each is trained."""
    training = setting.config.training
    if setting.config.device != "auto":
        training = dataclasses.replace(training, device=setting.config.device)
    backend = resolve_backend(training, setting.skeleton, input_size=setting.input_size)
    usual, wanted = (
        choose_num_workers(
            task, ops=setting.space.op_names, device=backend.device, num_workers=number
        )
        for number in (None, setting.config.num_workers)
    )
    # Threads follow from the usual number of workers, not from the wanted one: how many threads
    # train a network can decide about its last bits.
    backend = resolve_backend(
        training, setting.skeleton, input_size=setting.input_size, num_workers=usual
    )
    trials = TrialSettings(
        skeleton=setting.skeleton,
        training=training,
        backend=backend,
        seed=setting.seed,
        input_size=setting.input_size,
        num_classes=setting.num_classes,
    )
    return wanted, trials


def _read_known(pair: Known) -> Known:
    try:
        cell, metrics = pair
    except (TypeError, ValueError):
        raise TypeError(f"initial must hold pairs (cell, metrics), got {describe(pair)}") from None
    return cell, metrics
