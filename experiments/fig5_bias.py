"""Fig. 5: how far below the best of 50,000 cells is the one that a predictor picks?

    python experiments/fig5_bias.py --jobs 2

The global prediction bias B = A_B - A_P: the best accuracy in a bootstrap sample, minus that of the
cell that is predicted to be best (paper section 4.4). In every repeat n random cells of the two
thirds on which nothing was tuned train the predictors, and 50,000 are drawn, with replacement, from
the rest of these thirds; all methods and all n share a sample. Both accuracies are test accuracies
of one run, so B is never negative, and not even one who knew every cell's expected accuracy would
reach 0: the best of the sample is also the luckiest.

That oracle is estimated. The noise of a run comes from cells of which a second accuracy is known
(validation against test accuracy: what these two sets of images do differently is counted as noise
too, so it is rather too large, and the oracle is shown for 70 % of it as well); the distribution of
expected accuracies behind all single runs follows by maximum likelihood; then in each sample every
cell's expected accuracy is drawn given its run, and the oracle picks the highest.
"""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from baselines.expected_accuracy import ExpectedAccuracy, RunNoise
from baselines.second_run import SecondRun, read_second_run
from gemcore.encoder import EncoderConfig
from gemcore.tables import CellTable
from harness.comparing import Paired, Summary
from harness.draws import Draw, generator
from harness.experiment import Experiment, Measured, Report, folder_of, main
from harness.figures import Curve, draw_curves
from harness.methods import (
    METHODS,
    PAPER_ENCODER,
    PredictorSettings,
    learn,
    make_method,
    plan_learning,
)
from harness.page import markdown_table
from harness.rows import Key, Row, matching
from harness.tables import reporting_rows

NAME = "fig5_bias"
MOST_TRAINING = 2000  # Cells that are kept out of the samples, whatever n is.
ORACLES = {"oracle": ("oracle", 1.0), "oracle_70": ("oracle, 70 % of the noise", 0.7)}
SHOWN = {name: method.shown for name, method in METHODS.items()} | {
    name: shown for name, (shown, _) in ORACLES.items()
}


@dataclass(frozen=True)
class BiasSettings(PredictorSettings):
    """Settings of Fig. 5."""

    repeats: int = 100
    """Samples, each with its own training cells."""

    methods: tuple[str, ...] = ("fast", "paper", "adjacency")
    """Predictors: the default without its graph network, whose fits would take hours here; the
    paper's pipeline; adjacency is the paper's network without an embedding."""

    sizes: tuple[int, ...] = (200, 500, 1000, 2000)
    """Numbers of training cells, at most 2000."""

    encoder: EncoderConfig = PAPER_ENCODER
    """How encoders are trained, on all cells of the table, which they see without accuracies."""

    samples: int = 50_000
    """Cells drawn in a bootstrap sample."""

    oracle: bool = True
    """Also estimate one who knows all expected accuracies."""

    second_run: Path | None = None
    """Archive of index and valid_acc: a second accuracy of some cells of the table. Default: the
    table's own, or nb101_val500.npz beside it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for n in self.sizes:
            if not 1 <= n <= MOST_TRAINING:
                raise ValueError(f"sizes must be in 1 .. {MOST_TRAINING}, got {n}")

    def quickened(self) -> Self:
        """Twenty training cells, samples of 2000."""
        return dataclasses.replace(super().quickened(), sizes=(20,), samples=2000)

    @property
    def identity(self) -> dict[str, Any]:
        """What all rows have in common."""
        return {**super().identity, "samples": self.samples}


@dataclass(frozen=True, eq=False)
class BiasContext:
    """What the jobs share."""

    settings: BiasSettings
    table: CellTable
    rows: NDArray[np.int64]
    folder: Path
    second: SecondRun | None

    @property
    def num_kept_out(self) -> int:
        """Cells of which the training cells are: half of a small table."""
        return min(MOST_TRAINING, len(self.rows) // 2)

    def expected(self, oracle: str) -> ExpectedAccuracy:
        """The distribution of expected accuracies, at the noise of an oracle."""
        return self._expected[oracle]

    @cached_property
    def noise(self) -> RunNoise:
        """The noise of a run."""
        assert self.second is not None
        return RunNoise.measure(self.table.accuracy[self.second.rows], self.second.accuracy)

    @cached_property
    def _expected(self) -> dict[str, ExpectedAccuracy]:
        observed = self.table.accuracy[self.rows]
        return {
            name: ExpectedAccuracy(observed, self.noise.scaled(scale))
            for name, (_, scale) in ORACLES.items()
        }


def open_context(settings: BiasSettings) -> BiasContext:
    """The table, its reporting thirds, and the noise of a run."""
    table = settings.open_table()
    second = None
    if settings.oracle:
        second = read_second_run(table, settings.second_run, beside=settings.table)
    return BiasContext(settings, table, reporting_rows(table), folder_of(NAME, settings), second)


def plan(settings: BiasSettings) -> list[Key]:
    """Jobs (method, n, repeat), the largest n first; an oracle's n is 0."""
    jobs = [
        (method, n, repeat)
        for n in sorted(settings.sizes, reverse=True)
        for repeat in range(settings.repeats)
        for method in settings.methods
    ]
    oracles = ORACLES if settings.oracle else ()
    return jobs + [(name, 0, repeat) for name in oracles for repeat in range(settings.repeats)]


def measure(context: BiasContext, key: Key) -> Measured:
    """Picks a cell of the sample of a repeat."""
    method, n, repeat = key
    settings, accuracy = context.settings, context.table.accuracy
    order = generator(settings.seed, Draw.SPLIT, repeat).permutation(context.rows)
    rest = order[context.num_kept_out :]
    draws = generator(settings.seed, Draw.POOL, repeat).integers(len(rest), size=settings.samples)
    pool = np.unique(rest[draws])
    begin = time.perf_counter()
    if method in ORACLES:
        draw = generator(settings.seed, Draw.ORACLE, repeat)
        predicted = context.expected(method).draw(accuracy[pool], draw)
    else:
        cells = context.table.cells
        predictor = make_method(method, cells, context.folder, settings, repeat)
        predicted, _ = predictor.fit(cells[order[:n]], accuracy[order[:n]]).predict(cells[pool])
    seconds = time.perf_counter() - begin
    best, picked = float(accuracy[pool].max()), float(accuracy[pool[np.argmax(predicted)]])
    return Measured({"best": best, "picked": picked, "bias": best - picked}, {"pick": seconds})


def column(rows: Sequence[Row], method: str, n: int) -> list[float]:
    """B of every repeat, in their order."""
    found = matching(rows, {"method": method, "n": 0 if method in ORACLES else n})
    return [float(row["bias"]) for row in sorted(found, key=lambda row: row["repeat"])]


def contestants(settings: BiasSettings) -> list[str]:
    """All methods, oracles last."""
    return [*settings.methods, *(ORACLES if settings.oracle else ())]


def summarize(rows: Sequence[Row], settings: BiasSettings) -> list[Row]:
    """B of every method and n, in percent."""
    return [
        {
            "n": n,
            "method": SHOWN[name],
            "B, %": 100 * found.mean,
            "std": 100 * found.std,
            "repeats": found.repeats,
        }
        for n in settings.sizes
        for name in contestants(settings)
        for found in [Summary.of(column(rows, name, n))]
    ]


def compare(rows: Sequence[Row], settings: BiasSettings) -> list[Row]:
    """Every other method against the first, which is ours, paired by repeat."""
    ours, *others = contestants(settings)
    lines: list[Row] = []
    for n in settings.sizes:
        for other in others:
            paired = Paired.of(column(rows, ours, n), column(rows, other, n))
            lines.append(
                {
                    "n": n,
                    "B of": SHOWN[ours],
                    "minus B of": SHOWN[other],
                    "difference, %": 100 * paired.difference.mean,
                    "std": 100 * paired.difference.std,
                    "larger/equal/smaller": paired.won,
                    "p (t-test / Wilcoxon)": paired.p,
                }
            )
    return lines


def describe_oracle(context: BiasContext) -> str:
    """The noise that the oracle was given, and how well it explains two runs."""
    second = context.second
    assert second is not None
    first = context.table.accuracy[second.rows]
    draw = generator(context.settings.seed, Draw.ORACLE, context.settings.repeats)
    made_up = context.expected("oracle").run_again(first, draw)
    taus = [kendalltau(first, other).statistic for other in (second.accuracy, made_up)]
    points = zip(context.noise.accuracy, context.noise.std, strict=True)
    noise = ", ".join(f"{100 * std:.2f} % at {100 * accuracy:.1f} %" for accuracy, std in points)
    return (
        f"Noise of a run (one standard deviation), from {len(first)} cells with two: {noise}. "
        f"Kendall's tau of the two runs is {taus[0]:.3f}, of the first and a second one that is "
        f"made up from the estimate {taus[1]:.3f}."
    )


def report(context: BiasContext, rows: list[Row]) -> Report:
    """B by n, the paired differences, and a figure."""
    settings = context.settings
    found, tests = summarize(rows, settings), compare(rows, settings)
    parts = [
        f"Table: {context.table.name}, {len(context.rows)} of {len(context.table)} cells; samples "
        f"of {settings.samples}.",
        markdown_table(found),
        "{figure fig5_bias}",
        "Paired by repeat:",
        markdown_table(tests) if tests else "One method alone.",
        *([describe_oracle(context)] if settings.oracle else []),
        'The paper: "around 0.2 % gain" by the embedding, over n = 200 .. 2000; no table.',
    ]
    curves = [
        Curve(
            SHOWN[name],
            settings.sizes,
            [100 * s.mean for s in summaries],
            [196 * s.error for s in summaries],
        )
        for name in contestants(settings)
        for summaries in [[Summary.of(column(rows, name, n)) for n in settings.sizes]]
    ]
    figure = draw_curves(
        curves, x_label="training cells", y_label="global prediction bias B, % (95 % of the mean)"
    )
    tables = {"bias": found, "tests": tests or found}
    return Report("\n\n".join(parts), tables, {"fig5_bias": figure})


def prepare(context: BiasContext, key: Key) -> None:
    """Learns from unlabelled cells."""
    learn(context.table.cells, context.folder, context.settings, key)


EXPERIMENT = Experiment(
    name=NAME,
    settings=BiasSettings,
    keys=("method", "n", "repeat"),
    open_context=open_context,
    facts=lambda context: {"table": context.table.fingerprint},
    plan=plan,
    measure=measure,
    report=report,
    prepare=(plan_learning, prepare),
)

if __name__ == "__main__":
    main(EXPERIMENT, __doc__)
