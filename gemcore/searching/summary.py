"""A search's result in a few lines for a terminal of 80 columns."""

import textwrap
from collections import Counter
from collections.abc import Sequence

from gemcore.cell import Cell
from gemcore.searching.measures import list_measures
from gemcore.searching.objectives import Objectives
from gemcore.searching.record import SearchRecord, count_failures
from gemcore.searching.reruns import average_all, best_trials, runs_of
from gemcore.trials.trial import Trial

COLUMNS = 79
LONGEST_LABEL = 30
SHOWN_REASONS = 5
LONGEST_REASON = 240
SHOWN_OF_FRONT = 16
COST_LABELS = {"macs": "multiply-adds", "params": "parameters"}


def summarize(result: SearchRecord) -> str:
    """The best cell, what it is worth beside random ones, how it was found, and what went wrong."""
    setting = result.setting
    counts = Counter(trial.status.partition(":")[0] for trial in result.trials)
    told = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    name = _shorten(setting.task.name, 2 * COLUMNS)
    head = (
        f"Search of {name!r} from seed {setting.seed}, {result.status}: "
        f"{len(result.trials)} trials" + (f" ({told})." if told else ".")
    )
    blocks = [_wrap(head)]
    if result.best is not None:
        blocks += ["", *_table(result), "", *describe_cell(result.best.cell)]
        if result.reruns:
            blocks += ["", *_describe_reruns(result)]
        if result.setting.config.objectives is not None:
            blocks += ["", *describe_front(result.objectives, result.averaged)]
    else:
        blocks += ["", "No trial is complete, so there is no best cell."]
    blocks += _remarks(result)
    return "\n".join(blocks)


def describe_cell(cell: Cell) -> list[str]:
    """The best cell as text: each node with its operation and the nodes that it reads."""
    sources: dict[int, list[str]] = {}
    for u, v in cell.edges:
        sources.setdefault(v, []).append(str(u))
    lines = ["Best cell, each node with the nodes that it reads:"]
    width = len(str(cell.num_nodes - 1))
    for node, op in enumerate(cell.ops):
        reads = f" <- {', '.join(sources[node])}" if node in sources else ""
        # Further lines begin right of the numbers of nodes.
        lines.append(_wrap(f"  {node:>{width}} {op}{reads}", indent=width + 5))
    return lines


def _table(result: SearchRecord) -> list[str]:
    """A line for each measure, a column for the found cell and one for the best random cell."""
    assert result.best is not None
    columns = {"found": (result.best, {} if result.final is None else result.final.metrics)}
    if result.baseline is not None and result.baseline.best is not None:
        name = f"best of {len(result.baseline.trials)} random"
        columns[name] = (result.baseline.best, result.baseline.metrics)
    rows = [["", *columns]]
    for measure in list_measures(result.setting.config.metric):
        values = [measure.of(trial, final) for trial, final in columns.values()]
        if any(value is not None for value in values):
            rows.append([_shorten(measure.label, LONGEST_LABEL), *map(_decimal, values)])
    trials = [trial for trial, _ in columns.values()]
    for name, label in COST_LABELS.items():
        counts = [getattr(trial, name) for trial in trials]
        if any(counts):  # No network has none: then it is not known.
            rows.append([label, *map(_count, counts)])
    rows.append(["score", *(_decimal(trial.score) for trial in trials)])
    return _aligned(rows)


def _describe_reruns(result: SearchRecord) -> list[str]:
    """The scores of cells that were trained more than once, the best mean first."""
    further = runs_of(result.reruns)
    firsts = [trial for trial in result.trials if trial.cell in further]
    rows = [["", "mean score", "lowest", "highest", "runs"]]
    for mean in best_trials(average_all(firsts, result.reruns), len(firsts)):
        first = next(trial for trial in firsts if trial.index == mean.index)
        runs = [first, *further[mean.cell]]
        scores = [run.score for run in runs if run.score is not None]
        numbers = map(_decimal, (mean.score, min(scores), max(scores)))
        failed = len(runs) - len(scores)
        rows.append(
            [
                f"trial {mean.index}",
                *numbers,
                f"{len(scores)}" + f" ({failed} failed)" * (failed > 0),
            ]
        )
    return ["The best cells, trained again from other seeds:", *_aligned(rows)]


def describe_front(objectives: Objectives, trials: Sequence[Trial]) -> list[str]:
    """The Pareto front of trials as text, the cheapest first; some of a long one."""
    front = objectives.front(trials)
    title = f"Pareto front of {objectives}: {_trials(len(front))}, hypervolume "
    title += _decimal(objectives.hypervolume(trials))
    shown = front
    if len(front) > SHOWN_OF_FRONT:
        step = (len(front) - 1) / (SHOWN_OF_FRONT - 1)
        shown = [front[round(i * step)] for i in range(SHOWN_OF_FRONT)]
        title += f", {SHOWN_OF_FRONT} of them"
    labels = [COST_LABELS[name] for name in objectives.costs]
    rows = [["", *labels, _shorten(objectives.metric, LONGEST_LABEL)]]
    for trial in shown:
        counts = [_count(getattr(trial, name)) for name in objectives.costs]
        rows.append([f"trial {trial.index}", *counts, _decimal(trial.metrics[objectives.metric])])
    return [_wrap(f"{title}:"), *_aligned(rows)]


def _aligned(rows: list[list[str]]) -> list[str]:
    """Rows as text: the first column begins, the others end at one place."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "   ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]


def _decimal(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if abs(value) < 1e6 else f"{value:.4g}"


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**12 else f"{number:.4g}"


def _remarks(result: SearchRecord) -> list[str]:
    lines = []
    if result.seconds:
        parts = ", ".join(f"{phase} {value:.1f} s" for phase, value in result.seconds.items())
        lines.append(_wrap(f"Time: {parts}."))
    reasons = count_failures(result.trials).most_common()
    for reason, number in reasons[:SHOWN_REASONS]:
        lines.append(_wrap(f"{_trials(number)} failed: {_shorten(reason, LONGEST_REASON)}"))
    rest = sum(number for _, number in reasons[SHOWN_REASONS:])
    if rest:
        lines.append(f"{_trials(rest)} failed for other reasons.")
    lines += [_wrap(note) for note in result.notes]
    return ["", *lines] if lines else []


def _trials(number: int) -> str:
    return "1 trial" if number == 1 else f"{number} trials"


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


def _wrap(text: str, indent: int = 2) -> str:
    return "\n".join(textwrap.wrap(text, COLUMNS, subsequent_indent=" " * indent)) or text
