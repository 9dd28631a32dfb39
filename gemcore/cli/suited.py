"""Defaults of the command line: those of the task, then those of a file."""

import dataclasses
import itertools
from collections.abc import Sequence
from pathlib import Path

from gemcore.cli.settings import Settings, read_settings
from gemcore.cli.terminal import refuse
from gemcore.searching.config import SearchConfig
from gemcore.searching.search import suited_config
from gemcore.space import SearchSpace
from gemcore.tables import CellTable
from gemcore.tables.registry import TABLES
from gemcore.tasks.registry import SUITED, load_task, needs_directory, task_names

# What follows these may be called as a task is.
TAKES_TEXT = ("--data", "--test-data", "--out", "--config", "--metric")


def suited_settings(words: Sequence[str]) -> Settings:
    """What holds where no flag says otherwise; ``--help`` shows it, too."""
    task, path = _find_task(words), _find_config(words)
    suited = _suited_to(task)
    if path is None:
        return suited
    try:
        return read_settings(path, suited)
    except OSError as error:
        refuse(f"--config must name a readable file: {error.strerror}: {str(path)!r}")
    except (TypeError, ValueError) as error:
        refuse(str(error))


def _suited_to(task: str | None) -> Settings:
    space = SearchSpace.preset("small")
    if task is None:
        return Settings(space=space)
    if task in TABLES:  # Random cells cost nothing there.
        config = SearchConfig(**CellTable.config, random_baseline=True)
        return Settings(space=space, config=config)
    if needs_directory(task):
        return Settings(space=space, config=SearchConfig(**SUITED))
    known = load_task(task)  # Bundled, and read in no time; so is the baseline of random cells.
    config = dataclasses.replace(suited_config(known), random_baseline=True)
    return Settings(space=known.space or space, config=config)


def _find_task(words: Sequence[str]) -> str | None:
    before = ["", *words]
    names = (
        word
        for word, last in zip(words, before, strict=False)
        if word in (*task_names(), *TABLES) and last not in TAKES_TEXT
    )
    return next(names, None)


def _find_config(words: Sequence[str]) -> Path | None:
    path = None  # The last one counts, as for any flag.
    for word, value in itertools.zip_longest(words, words[1:]):
        if word == "--config" and value is not None:
            path = Path(value)
        elif word.startswith("--config="):
            path = Path(word.removeprefix("--config="))
    return path
