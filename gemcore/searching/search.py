"""The whole search in one call: ``gemcore.search``."""

import dataclasses
import logging
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from gemcore.arguments import check_in, check_seed, check_type, describe
from gemcore.networks.skeleton import Skeleton
from gemcore.searching.ask_tell import Search
from gemcore.searching.config import SearchConfig
from gemcore.searching.costs import cost_of
from gemcore.searching.estimate import announce
from gemcore.searching.journal import Known, RunJournal
from gemcore.searching.result import SearchResult
from gemcore.searching.run import SearchRun
from gemcore.searching.run_folder import RunFolder
from gemcore.searching.setting import SearchSetting, TaskFacts
from gemcore.space import SearchSpace
from gemcore.tasks import ProxyTask, load_task, resolve_backend
from gemcore.tasks.class_weights import check_class_weights
from gemcore.trials import TrialSettings, UserTask, choose_num_workers
from gemcore.trials.store import MemoryStore

Task = str | ProxyTask | UserTask
logger = logging.getLogger("gemcore")

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
        out: Folder of the run: new, or that of the same search, which then goes on where it
            ended or was killed, and is read alone if it is complete. None: nothing is written.
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
            ``out`` holds another run, whose difference is named, or is damaged.
        TypeError: If an argument is of another kind.
        RuntimeError: If ``out`` cannot be written or another process works in it, or the
            candidates all fail alike; the reason is quoted and the state saved.
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
    if isinstance(task, ProxyTask):
        check_in("metric", setting.config.metric, task.metric_names)
        check_class_weights(setting.config.training, task.num_classes)
    plan = plan_trials(task, setting)
    # Refuses what can't be searched, and cells of another space.
    trial_run = Search.of(setting, cost_of(task, setting))
    for cell, metrics in known:
        trial_run.tell(cell, metrics)
    if out is None:
        journal = RunJournal(MemoryStore())
        return _run(task, setting, plan, known, journal, progress=progress)
    with RunFolder(out, setting) as folder:
        if folder.is_complete:
            logger.info(f"The run in {out} is complete; nothing is trained.")
            return SearchResult.load(out)
        journal = RunJournal(folder.open_store())
        return _run(task, setting, plan, known, journal, folder=folder, progress=progress)


def _run(
    task: ProxyTask | UserTask,
    setting: SearchSetting,
    plan: TrialSettings,
    known: list[Known],
    journal: RunJournal,
    *,
    folder: RunFolder | None = None,
    progress: bool,
) -> SearchResult:
    """Begins or goes on, on the backend that the run began with."""
    with closing(journal.store):
        goes_on = journal.has_begun
        backend, remark = journal.begin(setting.run_id, plan.backend)
        trials = dataclasses.replace(plan, backend=backend)
        number = choose_num_workers(
            task,
            ops=setting.space.op_names,
            device=backend.device,
            num_workers=setting.config.num_workers,
        )
        if progress and not goes_on:
            parts = announce(task, setting, trials, num_workers=number)
            journal.write("estimate", parts)
        run = SearchRun(
            task, setting, trials, journal, num_workers=number, folder=folder, progress=progress
        )
        if remark is not None:
            run.note(remark)
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
        name = getattr(task, "__name__", None) or getattr(task, "name", type(task).__name__)
        facts = TaskFacts(str(name), getattr(task, "fingerprint", None))
    return SearchSetting(
        task=facts,
        space=space,
        skeleton=skeleton,
        input_size=getattr(task, "input_size", INPUT_SIZE),
        num_classes=getattr(task, "num_classes", NUM_CLASSES),
        config=config,
        seed=check_seed(seed),
        images=getattr(task, "image_config", None),
    )


def plan_trials(task: ProxyTask | UserTask, setting: SearchSetting) -> TrialSettings:
    """How each candidate is trained on this machine."""
    training = setting.config.training
    if setting.config.device != "auto":
        training = dataclasses.replace(training, device=setting.config.device)
    backend = resolve_backend(training, setting.skeleton, input_size=setting.input_size)
    usual = choose_num_workers(task, ops=setting.space.op_names, device=backend.device)
    # Threads follow from the usual number of workers, not from the wanted one: how many threads
    # train a network can decide about its last bits.
    backend = resolve_backend(
        training, setting.skeleton, input_size=setting.input_size, num_workers=usual
    )
    return TrialSettings(
        skeleton=setting.skeleton,
        training=training,
        backend=backend,
        seed=setting.seed,
        input_size=setting.input_size,
        num_classes=setting.num_classes,
    )


def _read_known(pair: Known) -> Known:
    try:
        cell, metrics = pair
    except (TypeError, ValueError):
        raise TypeError(f"initial must hold pairs (cell, metrics), got {describe(pair)}") from None
    return cell, metrics
