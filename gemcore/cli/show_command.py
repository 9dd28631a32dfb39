"""``gemcore show``."""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro
from tyro.conf import DisallowNone, Positional

from gemcore.cell import Cell
from gemcore.searching.result import SearchResult
from gemcore.searching.status import RunStatus, read_status
from gemcore.searching.summary import describe_cell
from gemcore.trials.trial import Trial


@dataclass(frozen=True)
class ShowCommand:
    """Show a cell as text, or draw it.

    The text has each node with the nodes that it reads and, for a cell of a run, its numbers. The
    run may be going on.
    """

    what: Annotated[Positional[str], tyro.conf.arg(metavar="WHAT")]
    """A file with a cell in JSON, {"ops": ["input", ...], "edges": [[0, 1], ...]}; - for standard
    input; or the folder of a run, whose best cell is shown."""

    out: Annotated[DisallowNone[Path | None], tyro.conf.arg(metavar="FILE")] = None
    """Draw the cell to this file, which ends in .png, .svg or .pdf, instead of printing it."""

    trial: Annotated[DisallowNone[int | None], tyro.conf.arg(metavar="N")] = None
    """Show the cell of this trial of the run, from 0, instead of the best."""

    kept: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if self.out is not None and self.out.suffix not in (".png", ".svg", ".pdf"):
            raise ValueError(f"--out must end in .png, .svg or .pdf, got {self.out}")
        if self.trial is not None and not Path(self.what).is_dir():
            raise ValueError(f"--trial goes with the folder of a run, got {self.what}")

    def run(self) -> str:
        """Draws the cell, or describes it."""
        if Path(self.what).is_dir():
            status = read_status(self.what)
            trial = _find(status, self.trial)
            cell, numbers = trial.cell, _tell(trial, status)
        else:
            cell, numbers = _read(self.what), ""
        if self.out is not None:
            cell.draw(self.out)
            return f"Written to {self.out}"
        return "\n".join([f"{numbers}{_count(cell)}", *describe_cell(cell)[1:]])


def _read(what: str) -> Cell:
    try:
        return Cell.from_json(sys.stdin.read() if what == "-" else Path(what).read_text("utf-8"))
    except (TypeError, ValueError) as error:
        where = "standard input" if what == "-" else what
        raise ValueError(f"{where} must hold a cell in JSON: {error}") from error


def _find(status: RunStatus, number: int | None) -> Trial:
    if number is None:
        if status.best is None:
            raise ValueError("the run has no complete trial, so it has no best cell: give --trial")
        return status.best
    found = {trial.index: trial for trial in status.trials}
    if number not in found:
        wanted = f"one of the run's, {min(found)} .. {max(found)}" if found else "of a run with any"
        raise ValueError(f"trial must be {wanted}, got {number}")
    return found[number]


def _tell(trial: Trial, status: RunStatus) -> str:
    best = status.best is not None and trial.index == status.best.index
    lines = [f"Trial {trial.index}{', the best' if best else ''}: {trial.status}"]
    if trial.score is not None:
        lines += _list({"score": trial.score, **trial.metrics})
    lines += [f"  {trial.macs:,} multiply-adds", f"  {trial.params:,} parameters"]
    if best and status.state == "complete":
        final = SearchResult.load(status.directory).final
        if final is not None:
            lines.append("Its network, trained on all but the test images:")
            lines += _list(final.metrics)
    return "\n".join(lines) + "\n"


def _list(numbers: Mapping[str, float]) -> list[str]:
    return [f"  {name} {value:.4f}" for name, value in numbers.items()]


def _count(cell: Cell) -> str:
    counts = ", ".join(f"{number} {op}" for op, number in Counter(map(str, cell.ops)).items())
    return f"{cell.num_nodes} nodes ({counts}), {len(cell.edges)} edges:"
