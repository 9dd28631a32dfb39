"""How well do predictors rank all of NAS-Bench-101 after seeing a few cells of it?

    python experiments/kendall_tau.py --jobs 16

For every split and size, random training cells are drawn among the two thirds of the cells on which
nothing was tuned, and all the rest of these two thirds is ranked; Kendall's tau-b of predicted and
measured accuracy (test accuracy of one run), 20 splits. Published numbers were trained on the
validation accuracy of one fixed split and tested on all cells.
"""

from collections.abc import Sequence
from functools import partial

from harness.comparing import Summary
from harness.experiment import Experiment, Report, main
from harness.figures import draw_curves
from harness.methods import METHODS, plan_encoders
from harness.page import markdown_table
from harness.ranking import (
    RankingContext,
    RankingSettings,
    column,
    curves,
    measure_ranking,
    open_ranking,
    plan_ranking,
    prepare_ranking,
    summarize,
    table_facts,
)
from harness.rows import Row, RowFile, matching

NAME = "kendall_tau"
# Tau at 100, 172, 424 and 4236 cells, as compiled in the supplement of Lu et al., "PINAT", AAAI
# 2023 (table 9 and table 1), and in Xu et al., "NN-Former", CVPR 2025.
PUBLISHED = {
    "Neural Predictor (GCN)": {100: 0.391, 172: 0.545, 424: 0.679, 4236: 0.769},
    "TNASP, ranking loss": {100: 0.676, 172: 0.691, 424: 0.747, 4236: 0.824},
    "PINAT": {100: 0.679, 172: 0.715, 424: 0.772, 4236: 0.846},
    "PINAT, ranking loss": {100: 0.717, 172: 0.764, 424: 0.812, 4236: 0.854},
    "NN-Former": {100: 0.709, 172: 0.765, 424: 0.809, 4236: 0.877},
}


def report(context: RankingContext, rows: list[Row]) -> Report:
    """Tau beside published ones, how often the standard deviation is right, and times."""
    settings = context.settings
    tau, coverage = (summarize(rows, settings, value) for value in ("tau", "coverage"))
    seconds = times(rows, context)
    text = "\n\n".join(
        [
            f"Table: {context.table.name}, {len(context.rows)} of {len(context.table)} cells.",
            markdown_table(beside_published(rows, settings)),
            "{figure kendall_tau}",
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
    return Report(text, tables, {"kendall_tau": figure})


def beside_published(rows: Sequence[Row], settings: RankingSettings) -> list[Row]:
    """A line a method, a column a size; published ones below."""
    lines: list[Row] = []
    for method in settings.methods:
        line: Row = {"method": METHODS[method].shown}
        for n in settings.sizes:
            found = Summary.of(column(rows, "tau", n, method))
            line[f"{n} cells"] = f"{found.mean:.3f} +- {found.std:.3f} ({found.repeats} splits)"
        lines.append(line)
    for name, values in PUBLISHED.items():
        cells = {f"{n} cells": f"{values[n]:.3f}" if n in values else "" for n in settings.sizes}
        lines.append({"method": f"*published:* {name}", **cells})
    return lines


def times(rows: Sequence[Row], context: RankingContext) -> list[Row]:
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


EXPERIMENT = Experiment(
    name=NAME,
    settings=RankingSettings,
    keys=("n", "method", "split"),
    open_context=partial(open_ranking, NAME),
    facts=table_facts,
    plan=plan_ranking,
    measure=measure_ranking,
    report=report,
    prepare=(plan_encoders, prepare_ranking),
)

if __name__ == "__main__":
    main(EXPERIMENT, __doc__)
