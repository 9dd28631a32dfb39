"""One experiment from its command line to its files: rows, tables, figures, its part of a page."""

import functools
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import tyro
from matplotlib.figure import Figure

from gemcore.atomic_files import read_document, write_document
from gemcore.progress import progress_bar
from harness.figures import save_figure
from harness.jobs import run_jobs
from harness.machine import current_commit, describe_machine
from harness.page import replace_part
from harness.rows import COMMIT, Key, Row, RowFile, write_rows
from harness.settings import Settings, changed_flags

S = TypeVar("S", bound=Settings)
C = TypeVar("C")


@dataclass(frozen=True)
class Measured:
    """What a job gave: numbers that are the same in every run, and times that are not."""

    values: Mapping[str, int | float | str]
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Report:
    """What an experiment shows.

    Args:
        text: For the page and the terminal, in Markdown; ``{figure NAME}`` shows a figure.
        tables: Each becomes ``NAME.csv``.
        figures: Each becomes ``NAME.png`` and ``NAME.svg``.
    """

    text: str
    tables: Mapping[str, Sequence[Row]]
    figures: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment(Generic[S, C]):
    """What an experiment consists of.

    Args:
        name: Of its script, its folder and its part of the page.
        settings: Of its command line.
        keys: Names of what a job is known by.
        open_context: Makes what jobs share, once a process.
        facts: What rows depend on beside the settings' identity, such as the table.
        plan: All jobs, as values of the keys; longest first.
        measure: Does one job.
        report: Of all rows.
        prepare: Jobs to do first, and how: they leave files in the experiment's folder.
    """

    name: str
    settings: type[S]
    keys: tuple[str, ...]
    open_context: Callable[[S], C]
    facts: Callable[[C], dict[str, Any]]
    plan: Callable[[S], list[Key]]
    measure: Callable[[C, Key], Measured]
    report: Callable[[C, list[Row]], Report]
    prepare: tuple[Callable[[S], list[Key]], Callable[[C, Key], object]] | None = None


def main(experiment: Experiment[S, Any], description: str | None) -> None:
    """Runs an experiment as the command line says; ends the process with 1 if that is wrong."""
    settings = tyro.cli(experiment.settings, description=description)
    try:
        run(experiment, settings.quickened() if settings.quick else settings)
    except (OSError, ValueError) as error:
        sys.exit(f"{experiment.name}: {error}")


def run(experiment: Experiment[S, Any], settings: S) -> Report:
    """Measures what is missing, then writes and prints the report."""
    folder = folder_of(experiment.name, settings)
    if settings.quick:  # It shows that everything runs: nothing of an earlier run is kept.
        shutil.rmtree(folder, ignore_errors=True)
    context = experiment.open_context(settings)
    _check_identity(folder, {**settings.identity, **experiment.facts(context)})
    _prepare(experiment, settings)
    rows = _measure(experiment, settings, folder)
    report = experiment.report(context, rows)
    for name, table in report.tables.items():
        write_rows(folder / f"{name}.csv", table)
    for name, figure in report.figures.items():
        save_figure(figure, folder / name)
    print(re.sub(r"\{figure \w+\}\n\n", "", report.text))
    print(f"\nRows, tables and figures are in {folder}.")
    if settings.docs is not None and not settings.quick:
        _write_part(experiment.name, settings, report, settings.docs, rows)
    return report


def folder_of(name: str, settings: Settings) -> Path:
    """Where an experiment keeps what it has."""
    return settings.out / ("quick" if settings.quick else "") / name


def _check_identity(folder: Path, identity: dict[str, Any]) -> None:
    """Refuses to go on with rows that were measured otherwise."""
    path = folder / "identity.json"
    if not path.exists():
        write_document(path, identity, kind="gemcore.experiment", version=1)
        return
    known = read_document(path, kind="gemcore.experiment", version=1)
    other = [name for name in identity if known.get(name) != identity[name]]
    if other:
        name = other[0]
        raise ValueError(
            f"{folder} holds rows with {name} = {known.get(name)!r}, got {identity[name]!r}: give "
            "another --out"
        )


def _prepare(experiment: Experiment[S, Any], settings: S) -> None:
    if experiment.prepare is None:
        return
    plan, do = experiment.prepare
    _run_all(experiment, settings, plan(settings), do, phase="preparing")


def _measure(experiment: Experiment[S, Any], settings: S, folder: Path) -> list[Row]:
    """All rows of the plan, in its order sorted by key."""
    results = RowFile(folder / "rows.csv", experiment.keys)
    times = RowFile(folder / "seconds.csv", (*experiment.keys, "phase"))
    plan, commit = experiment.plan(settings), current_commit()

    def keep(job: Key, measured: Measured) -> None:
        key = dict(zip(experiment.keys, job, strict=True))
        for phase, seconds in measured.seconds.items():
            times.append({**key, "phase": phase, "seconds": round(seconds, 4)})
        total = round(sum(measured.seconds.values()), 4)
        results.append({**key, **measured.values, "seconds": total, COMMIT: commit})

    missing = [job for job in plan if job not in results]
    _run_all(experiment, settings, missing, experiment.measure, phase=experiment.name, keep=keep)
    order = sorted(plan, key=lambda key: tuple(map(_sortable, key)))
    results.sort(order)
    phases = dict.fromkeys(str(row["phase"]) for row in times.rows)
    times.sort((*key, phase) for key in order for phase in phases)
    wanted = set(plan)
    return [row for row in results.rows if tuple(row[name] for name in experiment.keys) in wanted]


def _run_all(
    experiment: Experiment[S, Any],
    settings: S,
    jobs: list[Key],
    do: Callable[[Any, Key], Any],
    *,
    phase: str,
    keep: Callable[[Key, Any], None] = lambda job, result: None,
) -> None:
    open_context = functools.partial(experiment.open_context, settings)
    with progress_bar(len(jobs), phase, enabled=sys.stderr.isatty(), unit="job") as bar:
        for job, result in run_jobs(do, jobs, open_context, num_processes=settings.jobs):
            keep(job, result)
            bar.update()


def _sortable(value: int | float | str) -> tuple[int, float, str]:
    """Numbers in their order, before words."""
    return (1, 0.0, value) if isinstance(value, str) else (0, value, "")


def _write_part(
    name: str, settings: Settings, report: Report, page: Path, rows: Sequence[Row]
) -> None:
    images = page.parent / "images" / "experiments"
    text = report.text
    for figure_name, figure in report.figures.items():
        save_figure(figure, images / figure_name)
        shown = f"![{figure_name}](images/experiments/{figure_name}.svg)"
        text = text.replace(f"{{figure {figure_name}}}", shown)
    commits = ", ".join(dict.fromkeys(str(row[COMMIT]) for row in rows))
    today, machine = time.strftime("%Y-%m-%d"), describe_machine(settings.jobs)
    words = ["python", f"experiments/{Path(sys.argv[0]).name}", *changed_flags(settings)]
    facts = f"Measured by `{' '.join(words)}` on {today}: {machine}; commit {commits}."
    replace_part(page, name, f"{facts}\n\n{text}")
