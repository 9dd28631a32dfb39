"""A search's result in a few lines for a terminal of 80 columns."""

import textwrap
from collections import Counter

from gemcore.cell import Cell
from gemcore.searching.record import SearchRecord
from gemcore.trials.trial import Trial

COLUMNS = 79
HEADER = ("", "test acc.", "valid. acc.", "MACs (M)", "params", "score")


def summarize(result: SearchRecord) -> str:
    """The best cell, what it is worth beside random ones, how it was found, and what went wrong."""
    setting = result.setting
    counts = Counter(trial.status.partition(":")[0] for trial in result.trials)
    told = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    head = (
        f"Search of {setting.task.name!r} from seed {setting.seed}, {result.status}: "
        f"{len(result.trials)} trials" + (f" ({told})." if told else ".")
    )
    blocks = [_wrap(head)]
    if result.best is not None:
        blocks += ["", *_table(result), "", *describe_cell(result.best.cell)]
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
    for node, op in enumerate(cell.ops):
        reads = f" <- {', '.join(sources[node])}" if node in sources else ""
        lines.append(_wrap(f"  {node:>2} {op}{reads}"))
    return lines


def _table(result: SearchRecord) -> list[str]:
    assert result.best is not None
    test = None if result.final is None else result.final.metrics.get("test_accuracy")
    rows = [HEADER, _row("found", result.best, test)]
    if result.baseline is not None and result.baseline.best is not None:
        name = f"best of {len(result.baseline.trials)} random"
        test = result.baseline.metrics.get("test_accuracy")
        rows.append(_row(name, result.baseline.best, test))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _row(name: str, trial: Trial, test_accuracy: float | None) -> tuple[str, ...]:
    return (
        name,
        "-" if test_accuracy is None else f"{test_accuracy:.4f}",
        f"{trial.accuracy:.4f}",
        f"{trial.macs / 1e6:.4g}",
        f"{trial.params:,}",
        f"{trial.score:.4f}",
    )


def _remarks(result: SearchRecord) -> list[str]:
    lines = []
    if result.seconds:
        parts = ", ".join(f"{phase} {value:.1f} s" for phase, value in result.seconds.items())
        lines.append(_wrap(f"Time: {parts}."))
    reasons = Counter(
        trial.status.partition(": ")[2] for trial in result.trials if trial.status != "complete"
    )
    for reason, number in reasons.most_common(3):
        lines.append(_wrap(f"{number} trials failed: {reason}"))
    return ["", *lines, *(_wrap(note) for note in result.notes)] if lines or result.notes else []


def _wrap(text: str) -> str:
    return "\n".join(textwrap.wrap(text, COLUMNS, subsequent_indent="  ")) or text
