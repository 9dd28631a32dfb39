"""What every experiment can be told on its command line."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from gemcore.tables import CellTable
from harness.tables import open_nasbench101

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "experiments.md"


@dataclass(frozen=True)
class Settings:
    """Settings of an experiment without a table; what its numbers depend on is kept with them."""

    repeats: int = 20
    """How often each setting is repeated, with other splits and seeds."""

    seed: int = 0
    """Of all that is drawn."""

    quick: bool = False
    """Only see that it runs: few and small settings, a small table, afresh, no page is written."""

    out: Path = Path("results")
    """Folder of the results; an experiment has a folder of its own in it, and goes on there."""

    jobs: int = 1
    """Processes side by side, each with one thread."""

    docs: Path | None = DOCS
    """The page whose part is rewritten in the end; None writes none."""

    def quickened(self) -> Self:
        """The quick form: the same course in seconds."""
        return dataclasses.replace(self, repeats=2, jobs=min(self.jobs, 2))

    @property
    def identity(self) -> dict[str, Any]:
        """What all rows of a folder have in common: rows of another identity don't mix."""
        return {"seed": self.seed, "quick": self.quick}


@dataclass(frozen=True)
class TableSettings(Settings):
    """Settings of an experiment on a table of trained cells."""

    table: Path = Path("../shared/data/nb101.npz")
    """The table; with --quick a made-up one stands in where it is missing."""

    def open_table(self) -> CellTable:
        """The table of trained cells.

        Raises:
            FileNotFoundError: If there is none, and the form is not quick.
            ValueError: If the file is damaged.
        """
        return open_nasbench101(self.table, quick=self.quick)


NOT_SHOWN = ("out", "docs", "quick")  # Where a machine keeps things.


def changed_flags(settings: object, default: object = None, prefix: str = "--") -> list[str]:
    """The command line that makes these settings; of a path the name alone.

    Example:
        >>> changed_flags(Settings(repeats=3, out=Path("/tmp")))
        ['--repeats', '3']
    """
    default = type(settings)() if default is None else default
    words: list[str] = []
    for item in dataclasses.fields(settings):  # type: ignore[arg-type]
        value, usual = getattr(settings, item.name), getattr(default, item.name)
        flag = prefix + item.name.replace("_", "-")
        if value == usual or item.name in NOT_SHOWN:
            continue
        if dataclasses.is_dataclass(value):
            words += changed_flags(value, usual, f"{flag}.")
        elif isinstance(value, bool):
            words.append(flag if value else f"{prefix}no-{flag.removeprefix(prefix)}")
        else:
            values = value if isinstance(value, tuple) else (value,)
            words += [flag, *(v.name if isinstance(v, Path) else str(v) for v in values)]
    return words
