"""What experiments that rank cells show: tau beside published ones, calibration, times."""

from collections.abc import Mapping, Sequence

from harness.comparing import Summary
from harness.experiment import Report
from harness.figures import draw_curves
from harness.methods import METHODS
from harness.page import markdown_table
from harness.ranking import RankingContext, RankingSettings, column, curves, summarize
from harness.rows import Row, RowFile, matching

Published = Mapping[str, Mapping[int, float]]  # Tau by method and number of training cells.


def report_ranking(
    name: str, context: RankingContext, rows: list[Row], published: Published
) -> Report:
    """Tau beside published ones, how often the standard deviation is right, and times."""
    settings = context.settings
    tau, coverage = (summarize(rows, settings, value) for value in ("tau", "coverage"))
    seconds = times(context)
    text = "\n\n".join(
        [
            f"Table: {context.table.name}, {len(context.rows)} of {len(context.table)} cells.",
            markdown_table(beside_published(rows, settings, published)),
            f"{{figure {name}}}",
            "Share of test cells within 1.645 predicted standard deviations (.90 if those of a "
            "normal distribution were right):",
            markdown_table(coverage),
            "Mean seconds on one core to fit, and to predict all test cells:",
            markdown_table(seconds),
        ]
    )
    figure = draw_curves(
        curves(rows, settings),
        x_label="training cells",
        y_label="Kendall's tau (std over splits)",
        scales=("log", "linear"),
    )
    tables = {"tau": tau, "coverage": coverage, "mean_seconds": seconds}
    return Report(text, tables, {name: figure})


def beside_published(
    rows: Sequence[Row], settings: RankingSettings, published: Published
) -> list[Row]:
    """A line a method, a column a size; published ones below."""
    lines: list[Row] = []
    for method in settings.methods:
        line: Row = {"method": METHODS[method].shown}
        for n in settings.sizes:
            found = Summary.of(column(rows, "tau", n, method))
            line[f"{n} cells"] = f"{found.mean:.3f} +- {found.std:.3f} ({found.repeats} splits)"
        lines.append(line)
    for name, values in published.items():
        cells = {f"{n} cells": f"{values[n]:.3f}" if n in values else "" for n in settings.sizes}
        if any(cells.values()):
            lines.append({"method": f"*published:* {name}", **cells})
    return lines


def times(context: RankingContext) -> list[Row]:
    """Mean seconds of fit and prediction for every n and method."""
    known = RowFile(context.folder / "seconds.csv", ("n", "method", "split", "phase")).rows
    lines: list[Row] = []
    for n in context.settings.sizes:
        for method in context.settings.methods:
            for phase in ("fit", "predict"):
                found = matching(known, {"n": n, "method": method, "phase": phase})
                mean = Summary.of([float(row["seconds"]) for row in found]).mean
                shown = METHODS[method].shown
                lines.append({"n": n, "method": shown, "phase": phase, "seconds": round(mean, 2)})
    return lines
