"""How good is the best network found after 10 .. 300 queries of NAS-Bench-101?

    python experiments/query_curves.py --jobs 2

The search of this package, the paper's way (its predictor, the best of 50,000 random cells), and
searches that others published, each with the settings of its paper: all on the same table, with the
same budget, and in every repeat from the same ten random networks. The table knows the test
accuracy of one run: that is what is searched, and the best of it found so far is what is shown. It
holds some luck, which published means of three runs don't.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from baselines.bananas import bananas
from baselines.evolution import regularized_evolution
from baselines.local_search import local_search
from baselines.queries import Queries
from baselines.random_search import random_search
from gemcore.arguments import check_in
from gemcore.searching import Search, SearchConfig
from gemcore.searching.costs import cost_of
from gemcore.searching.search import make_setting
from gemcore.tables import CellTable
from harness.comparing import Paired, Summary
from harness.draws import Draw, generator
from harness.experiment import Experiment, Measured, Report, folder_of, main
from harness.figures import Curve, draw_curves
from harness.methods import PredictorSettings, learn, make_method, plan_learning
from harness.page import markdown_table
from harness.rows import Key, Row, matching

NAME = "query_curves"
FIRST, STEP = 10, 10  # Random networks at first, and questions between two points of a curve.

Baseline = Callable[[Queries, np.random.Generator], None]
BASELINES: dict[str, tuple[str, Draw, Baseline]] = {
    "random": ("random search", Draw.RANDOM_SEARCH, random_search),
    "local_search": ("local search", Draw.LOCAL_SEARCH, local_search),
    "evolution": (
        "regularized evolution, 30 / 10",
        Draw.EVOLUTION,
        partial(regularized_evolution, population_size=30, tournament_size=10, num_random=10),
    ),
    "evolution_100": (
        "regularized evolution, 100 / 10",
        Draw.EVOLUTION,
        partial(regularized_evolution, population_size=100, tournament_size=10, num_random=100),
    ),
    "bananas": ("BANANAS", Draw.BANANAS, bananas),
}
OURS = {
    "gemcore": ("gemcore.search", SearchConfig(**CellTable.config)),
    "paper": ("the paper's way", SearchConfig(predictor="paper", acquisition="bootstrap")),
}
SEARCHES = (*OURS, *BASELINES)
SHOWN = {name: entry[0] for group in (OURS, BASELINES) for name, entry in group.items()}

# Test accuracy of what validation chose, mean of three runs, after 150 queries: another metric.
# Sci. Rep. 2025, s41598-025-94187-8, table 1 (200 trials); WeakNAS, NeurIPS 2021.
PUBLISHED = {
    "random search": 0.93659,
    "regularized evolution": 0.93891,
    "local search": 0.94068,
    "BANANAS": 0.94077,
    "WeakNAS": 0.9410,
}


@dataclass(frozen=True)
class QuerySettings(PredictorSettings):
    """Settings of the query curves."""

    repeats: int = 100
    """How often each search is run, from other random networks."""

    methods: tuple[str, ...] = ("gaussian_process", "paper")
    """Predictors that encoders are trained for."""

    searches: tuple[str, ...] = SEARCHES
    """Which searches."""

    budget: int = 300
    """Networks that a search may ask, the ten random ones included."""

    compare_at: tuple[int, ...] = (50, 150, 300)
    """Numbers of queries at which searches are compared; multiples of ten."""

    cells_per_round: int = 10
    """Networks that ours asks between two fits, as BANANAS does."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.searches:
            check_in("searches", name, SEARCHES)
        for count in self.compare_at:
            check_in("compare_at", count, points(self.budget))

    def quickened(self) -> Self:
        """Forty queries."""
        return dataclasses.replace(super().quickened(), budget=40, compare_at=(20, 40))

    @property
    def identity(self) -> dict[str, Any]:
        """What all rows have in common."""
        mine = {"budget": self.budget, "cells_per_round": self.cells_per_round}
        return {**super().identity, **mine}


@dataclass(frozen=True, eq=False)
class QueryContext:
    """What the jobs share."""

    settings: QuerySettings
    table: CellTable
    folder: Path


def points(budget: int) -> list[int]:
    """Numbers of queries at which a curve is kept."""
    return list(range(FIRST, budget + 1, STEP))


def open_context(settings: QuerySettings) -> QueryContext:
    """The table: all of its cells, for hyperparameters are fixed beforehand."""
    return QueryContext(settings, settings.open_table(), folder_of(NAME, settings))


def plan(settings: QuerySettings) -> list[Key]:
    """Jobs (search, repeat)."""
    return [(name, repeat) for name in settings.searches for repeat in range(settings.repeats)]


def measure(context: QueryContext, key: Key) -> Measured:
    """Runs one search and keeps its curve."""
    name, repeat = key
    settings = context.settings
    queries = Queries(context.table, settings.budget)
    first = generator(settings.seed, Draw.FIRST_CELLS, repeat)
    for _ in range(FIRST):
        queries.ask_random(first)
    begin = time.perf_counter()
    if name in OURS:
        run_ours(context, queries, name, repeat)
    else:
        _, draw, baseline = BASELINES[name]
        baseline(queries, generator(settings.seed, draw, repeat))
    seconds = time.perf_counter() - begin
    curve = queries.best_so_far
    values = {f"best_{n}": float(curve[n - 1]) for n in points(settings.budget)}
    return Measured(values, {"search": seconds})


def run_ours(context: QueryContext, queries: Queries, name: str, repeat: int) -> None:
    """The search of the package, asked and told; it knows the first networks already."""
    settings, table = context.settings, context.table
    _, config = OURS[name]
    config = dataclasses.replace(
        config,
        num_trials=queries.left,
        num_initial=min(FIRST, queries.left),
        cells_per_round=settings.cells_per_round,
        mac_penalty=0.0,
    )
    setting = make_setting(table, None, config, settings.seed + repeat)
    search = Search.of(setting, cost_of(table, setting))
    search.predictor = make_method(config.predictor, table.cells, context.folder, settings, repeat)
    for row, accuracy in list(queries.answers.items()):
        search.tell(table.cells[row], accuracy)
    while len(cells := search.ask(settings.cells_per_round)):
        for cell, row in zip(cells, table.lookup(cells).tolist(), strict=True):
            search.tell(cell, queries.ask(row))


def report(context: QueryContext, rows: list[Row]) -> Report:
    """Accuracy and regret at some numbers of queries, tests of ours against each, curves."""
    settings, best = context.settings, float(context.table.accuracy.max())
    found, tests = summarize(rows, settings, best), compare(rows, settings, best)
    parts = [
        f"Table: {context.table.name}, {len(context.table)} cells; the best has {best:.5f}.",
        markdown_table(found),
        "{figure query_curves}",
    ]
    if tests:
        parts += ["Ours against each, paired by repeat:", markdown_table(tests)]
    published = ", ".join(f"{name} {100 * value:.2f} %" for name, value in PUBLISHED.items())
    parts.append(
        f"Published at 150 queries, test accuracy of what validation chose, mean of three runs "
        f"(not the metric above): {published}."
    )
    figure = draw_curves(
        curves(rows, settings, best),
        x_label="queries",
        y_label="regret of the best found (95 % of the mean)",
        scales=("linear", "log"),
        band=True,
    )
    tables = {"curves": all_points(rows, settings, best), "tests": tests or found}
    return Report("\n\n".join(parts), tables, {"query_curves": figure})


def column(rows: Sequence[Row], name: str, n: int) -> list[float]:
    """Best accuracy after n queries in every repeat, in their order."""
    found = sorted(matching(rows, {"search": name}), key=lambda row: row["repeat"])
    return [float(row[f"best_{n}"]) for row in found]


def summarize(rows: Sequence[Row], settings: QuerySettings, best: float) -> list[Row]:
    """A line a search: accuracy in percent, and regret, at some numbers of queries."""
    lines: list[Row] = []
    for name in settings.searches:
        line: Row = {"search": SHOWN[name]}
        for n in settings.compare_at:
            found = Summary.of(column(rows, name, n))
            line[f"after {n}, %"] = f"{100 * found.mean:.3f} +- {100 * found.std:.3f}"
            line[f"regret after {n}, %"] = f"{100 * (best - found.mean):.3f}"
        lines.append({**line, "repeats": found.repeats})
    return lines


def compare(rows: Sequence[Row], settings: QuerySettings, best: float) -> list[Row]:
    """Ours against every other search at some numbers of queries."""
    if "gemcore" not in settings.searches:
        return []
    lines: list[Row] = []
    for n in settings.compare_at:
        ours = column(rows, "gemcore", n)
        for name in (name for name in settings.searches if name != "gemcore"):
            theirs = column(rows, name, n)
            paired, regret = Paired.of(ours, theirs), best - np.mean(theirs)
            ratio = float((best - np.mean(ours)) / regret) if regret > 0 else float("nan")
            lines.append(
                {
                    "queries": n,
                    "against": SHOWN[name],
                    "difference, %": f"{100 * paired.difference.mean:+.3f}",
                    "won/tied/lost": paired.won,
                    "p (t-test / Wilcoxon)": paired.p,
                    "our regret / theirs": f"{ratio:.2f}",
                }
            )
    return lines


def all_points(rows: Sequence[Row], settings: QuerySettings, best: float) -> list[Row]:
    """Mean and standard deviation at every point of every curve."""
    return [
        {
            "search": name,
            "queries": n,
            "best": found.mean,
            "std": found.std,
            "regret": best - found.mean,
            "repeats": found.repeats,
        }
        for name in settings.searches
        for n in points(settings.budget)
        for found in [Summary.of(column(rows, name, n))]
    ]


def curves(rows: Sequence[Row], settings: QuerySettings, best: float) -> list[Curve]:
    """Mean regret over queries, and the 95 % interval of the mean."""
    found = []
    for name in settings.searches:
        summaries = [Summary.of(column(rows, name, n)) for n in points(settings.budget)]
        regret = [best - summary.mean for summary in summaries]
        error = [1.96 * summary.error for summary in summaries]
        found.append(Curve(SHOWN[name], points(settings.budget), regret, error))
    return found


def prepare(context: QueryContext, key: Key) -> None:
    """Learns from unlabelled cells."""
    learn(context.table.cells, context.folder, context.settings, key)


EXPERIMENT = Experiment(
    name=NAME,
    settings=QuerySettings,
    keys=("search", "repeat"),
    open_context=open_context,
    facts=lambda context: {"table": context.table.fingerprint},
    plan=plan,
    measure=measure,
    report=report,
    prepare=(plan_learning, prepare),
)

if __name__ == "__main__":
    main(EXPERIMENT, __doc__)
