"""The command line: ``gemcore search`` and ``gemcore version``."""

import dataclasses
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

import tyro

from gemcore.arguments import check_seed
from gemcore.report.versions import describe_build
from gemcore.searching.config import SearchConfig
from gemcore.searching.search import search, suited_config
from gemcore.tasks.registry import load_task

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
TaskName = Literal["digits"]

DESCRIPTION = """Neural architecture search by graph embedding (NASGEM).

Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted (what was learned is saved)."""


@dataclasses.dataclass(frozen=True)
class SearchCommand:
    """Search for the best cell of a task, and train its network.

    An encoder of cells is trained, random cells are trained as networks, a predictor learns from
    them which cells to train next, and the best one is trained to the end and tested once.
    """

    task: tyro.conf.Positional[TaskName]
    """What to search on. digits: 1797 handwritten digits, bundled with scikit-learn."""

    out: Path
    """Folder for the result, new or without a run: numbers, weights, pictures of the cell."""

    seed: int = 0
    """Of everything random: the same seed gives the same result."""

    quiet: bool = False
    """Show no progress, only the summary in the end."""

    config: SearchConfig = dataclasses.field(default_factory=SearchConfig)
    """Settings of the search. Name the task to see the defaults that suit it."""

    def __post_init__(self) -> None:
        check_seed(self.seed)

    def run(self) -> None:
        """Searches and prints the summary."""
        result = search(
            load_task(self.task),
            config=self.config,
            out=self.out,
            seed=self.seed,
            progress=not self.quiet,
        )
        print(result.summary())
        print(f"\nWritten to {self.out}")


@dataclasses.dataclass(frozen=True)
class VersionCommand:
    """Print the version, how the native code was built, and what it runs on."""

    def run(self) -> None:
        """Prints it."""
        print(describe_build())


def main(args: Sequence[str] | None = None) -> int:
    """Runs a command line and returns its exit status.

    Args:
        args: Words after ``gemcore``; default: those of the process.

    Returns:
        0 done, 1 failed, 130 interrupted. Wrong usage raises ``SystemExit(2)``.
    """
    words = list(sys.argv[1:] if args is None else args)
    command = _parse(words)
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    try:
        command.run()
    except KeyboardInterrupt:
        print("Interrupted; what was learned so far is saved.", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, TypeError, RuntimeError, OSError) as error:
        logging.getLogger("gemcore").debug("where it failed", exc_info=True)
        print(f"gemcore: {error}", file=sys.stderr)
        return FAILED
    return DONE


def _parse(words: list[str]) -> SearchCommand | VersionCommand:
    default = SearchCommand(tyro.MISSING, tyro.MISSING, config=_suited_config(words))
    commands = (
        Annotated[SearchCommand, tyro.conf.subcommand("search", default=default)]
        | Annotated[VersionCommand, tyro.conf.subcommand("version")]
    )
    return tyro.cli(commands, prog="gemcore", description=DESCRIPTION, args=words)


def _suited_config(words: list[str]) -> SearchConfig:
    """The defaults of the task that is named, which ``--help`` shows, too."""
    named = [word for word in words if word in get_args(TaskName)]
    if "search" not in words or not named:
        return SearchConfig()
    return dataclasses.replace(suited_config(load_task(named[0])), random_baseline=True)
