"""How well a predictor that saw n random cells ranks all the others."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, pearsonr, spearmanr

from gemcore.tables import CellTable
from harness.comparing import Paired, Summary
from harness.draws import Draw, generator
from harness.experiment import Experiment, Measured, Report, folder_of
from harness.figures import Curve
from harness.methods import METHODS, PredictorSettings, learn, make_method, plan_learning
from harness.rows import Key, Row, matching
from harness.tables import reporting_rows

NORMAL_90 = 1.645  # Standard deviations to either side that hold 90 % of a normal distribution.


@dataclass(frozen=True)
class RankingSettings(PredictorSettings):
    """Settings of an experiment that ranks cells."""

    sizes: tuple[int, ...] = (100, 172, 424, 4236)
    """Numbers of training cells."""

    num_tested: int | None = None
    """Cells to rank, drawn at random from all others. None: all of them."""

    @property
    def identity(self) -> dict[str, Any]:
        """What all rows have in common."""
        return {**super().identity, "num_tested": self.num_tested}

    def quickened(self) -> Self:
        """Twenty cells."""
        return dataclasses.replace(super().quickened(), sizes=(20,))


@dataclass(frozen=True, eq=False)
class RankingContext:
    """What the jobs share.

    Args:
        settings: Of the command line.
        table: The cells.
        rows: Of the table, among which training and test cells are drawn.
        folder: Of the experiment.
    """

    settings: RankingSettings
    table: CellTable
    rows: NDArray[np.int64]
    folder: Path
    warm: set[str] = field(default_factory=set)
    """Methods that were used before in this process."""

    @cached_property
    def networks(self) -> NDArray[np.int64]:
        """Equal numbers for rows that are the same network, int64 ``[B]``."""
        return self.table.lookup(self.table.cells)


def ranking_experiment(
    name: str,
    settings: type[RankingSettings],
    report: Callable[[RankingContext, list[Row]], Report],
) -> Experiment[RankingSettings, RankingContext]:
    """An experiment that ranks cells by every method, size and split."""
    return Experiment(
        name=name,
        settings=settings,
        keys=("n", "method", "split"),
        open_context=partial(open_ranking, name),
        facts=table_facts,
        plan=plan_ranking,
        measure=measure_ranking,
        report=report,
        prepare=(plan_learning, prepare_ranking),
    )


def open_ranking(name: str, settings: RankingSettings) -> RankingContext:
    """The table of the experiment of this name, and its reporting thirds."""
    table = settings.open_table()
    return RankingContext(settings, table, reporting_rows(table), folder_of(name, settings))


def plan_ranking(settings: RankingSettings) -> list[Key]:
    """Jobs (n, method, split), the largest n first."""
    sizes = sorted(settings.sizes, reverse=True)
    splits = range(settings.repeats)
    return [(n, method, split) for n in sizes for split in splits for method in settings.methods]


def prepare_ranking(context: RankingContext, key: Key) -> None:
    """Learns from unlabelled cells."""
    learn(context.table.cells, context.folder, context.settings, key)


def table_facts(context: RankingContext) -> dict[str, Any]:
    """What rows depend on beside the settings."""
    return {"table": context.table.fingerprint}


def measure_ranking(context: RankingContext, key: Key) -> Measured:
    """Fits on the first n cells of a split and ranks all others, which is all that it is told."""
    num_cells, method, split = key
    settings, table = context.settings, context.table
    order = generator(settings.seed, Draw.SPLIT, split).permutation(context.rows)
    train, test = order[:num_cells], order[num_cells:]
    test = test[~np.isin(context.networks[test], context.networks[train])][: settings.num_tested]
    predictor = make_method(method, table.cells, context.folder, settings, split)
    if method not in context.warm:  # What is loaded or made at the first use is not timed.
        predictor.fit(table.cells[train[:2]], [0.0, 1.0])
        context.warm.add(method)
    clock = [time.perf_counter()]
    predictor.fit(table.cells[train], table.accuracy[train])
    clock.append(time.perf_counter())
    mean, std = predictor.predict(table.cells[test])
    clock.append(time.perf_counter())
    truth = table.accuracy[test]
    values = {
        "tau": _number(kendalltau(mean, truth).statistic),
        "spearman": _number(spearmanr(mean, truth).statistic),
        "pearson": _number(pearsonr(mean, truth).statistic),
        "coverage": float((np.abs(truth - mean) < NORMAL_90 * std).mean()),
        "tested": len(test),
    }
    return Measured(values, {"fit": clock[1] - clock[0], "predict": clock[2] - clock[1]})


def summarize(rows: Sequence[Row], settings: RankingSettings, value: str = "tau") -> list[Row]:
    """A row for every n and method: mean, standard deviation and number of splits."""
    return [
        {
            "n": n,
            "method": METHODS[method].shown,
            value: found.mean,
            "std": found.std,
            "splits": found.repeats,
        }
        for n in settings.sizes
        for method in settings.methods
        for found in [Summary.of(column(rows, value, n, method))]
    ]


def compare(rows: Sequence[Row], settings: RankingSettings, pairs: Sequence[Key]) -> list[Row]:
    """A row for every n and pair of methods: the paired difference of tau and its tests."""
    return [
        {
            "n": n,
            "better": METHODS[one].shown,
            "than": METHODS[other].shown,
            "difference": paired.difference.mean,
            "std": paired.difference.std,
            "won/tied/lost": paired.won,
            "p (t-test / Wilcoxon)": paired.p,
        }
        for n in settings.sizes
        for one, other in pairs
        if one in settings.methods and other in settings.methods
        for paired in [Paired.of(column(rows, "tau", n, one), column(rows, "tau", n, other))]
    ]


def curves(rows: Sequence[Row], settings: RankingSettings) -> list[Curve]:
    """Tau over n, a curve a method; error bars are one standard deviation over splits."""
    found = []
    for method in settings.methods:
        points = [Summary.of(column(rows, "tau", n, method)) for n in settings.sizes]
        means, stds = [p.mean for p in points], [p.std for p in points]
        found.append(Curve(METHODS[method].shown, settings.sizes, means, stds))
    return found


def column(rows: Sequence[Row], value: str, n: int, method: str) -> list[float]:
    """One number of every split, in the order of splits."""
    found = matching(rows, {"n": n, "method": method})
    return [float(row[value]) for row in sorted(found, key=lambda row: row["split"])]


def _number(statistic: float) -> float:
    """0 where the predictions are all the same: they rank nothing."""
    return float(np.nan_to_num(statistic))
