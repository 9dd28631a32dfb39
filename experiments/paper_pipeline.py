"""Does kernel guidance help the paper's predictor, against the same network without it?

    python experiments/paper_pipeline.py --jobs 2

The paper's tables 3 and 4, on NAS-Bench-101: one network predicts from the kernel-guided encoder,
from a vanilla autoencoder (the same encoder, trained to reconstruct alone), or from the flattened
adjacency and operations. In each of 20 splits all three see the same random training cells of the
two thirds on which nothing was tuned, and rank all the rest of them; encoders of several seeds take
turns over the splits. Differences are paired by split.
"""

from dataclasses import dataclass

from gemcore.encoder import EncoderConfig
from harness.experiment import Report, main
from harness.figures import draw_curves
from harness.methods import PAPER_ENCODER
from harness.page import markdown_table
from harness.ranking import (
    RankingContext,
    RankingSettings,
    compare,
    curves,
    ranking_experiment,
    summarize,
)
from harness.rows import Row

NAME = "paper_pipeline"
INPUTS = (("paper", "autoencoder"), ("paper", "adjacency"), ("autoencoder", "adjacency"))
PAIRS = (*INPUTS, *((f"{one}_ranks", f"{other}_ranks") for one, other in INPUTS))
# Tables 3 and 4 of Cheng et al., "NASGEM", AAAI 2021: 1000 cells of its own, single splits.
PUBLISHED: list[Row] = [
    {"n": n, "adjacency tau": a, "autoencoder tau": b, "guided tau": c}
    for n, a, b, c in (
        (60, 0.42, 0.45, 0.48),
        (120, 0.45, 0.47, 0.53),
        (180, 0.44, 0.44, 0.53),
        (300, 0.44, 0.45, 0.55),
        (420, 0.46, 0.46, 0.54),
        (600, 0.46, 0.47, 0.55),
    )
]
PUBLISHED_PEARSON = (
    (0.47, 0.57, 0.76),
    (0.64, 0.58, 0.82),
    (0.62, 0.66, 0.84),
    (0.66, 0.63, 0.85),
    (0.67, 0.62, 0.85),
    (0.66, 0.71, 0.85),
)


@dataclass(frozen=True)
class PipelineSettings(RankingSettings):
    """Settings of the comparison of embeddings."""

    methods: tuple[str, ...] = (
        "paper",
        "autoencoder",
        "adjacency",
        "paper_ranks",
        "autoencoder_ranks",
        "adjacency_ranks",
    )
    """The paper's predictor on its three inputs, learning accuracies and learning their ranks."""

    sizes: tuple[int, ...] = (20, 50, 100, 200, 424, 1000, 2000, 4236)
    """Numbers of training cells."""

    encoder: EncoderConfig = PAPER_ENCODER
    """How encoders are trained, on all cells of the table, which they see without accuracies."""


def report(context: RankingContext, rows: list[Row]) -> Report:
    """Tau and Pearson's correlation of each input, and paired tests."""
    settings = context.settings
    tau, pearson = (summarize(rows, settings, value) for value in ("tau", "pearson"))
    tests = compare(rows, settings, PAIRS)
    joined: list[Row] = [
        {
            **{key: one[key] for key in ("n", "method")},
            "Kendall's tau": f"{one['tau']:.3f} +- {one['std']:.3f}",
            "Pearson": f"{other['pearson']:.3f} +- {other['std']:.3f}",
            "splits": one["splits"],
        }
        for one, other in zip(tau, pearson, strict=True)
    ]
    parts = [
        f"Table: {context.table.name}, {len(context.rows)} of {len(context.table)} cells.",
        markdown_table(joined),
        "{figure paper_pipeline}",
        "Differences of tau, paired by split:",
        markdown_table(tests),
        "The paper, on 1000 cells of its own (tau, then Pearson):",
        markdown_table(published()),
    ]
    figure = draw_curves(
        curves(rows, settings),
        x_label="training cells",
        y_label="Kendall's tau (std over splits)",
        scales=("log", "linear"),
    )
    tables = {"tau": tau, "pearson": pearson, "tests": tests}
    return Report("\n\n".join(parts), tables, {"paper_pipeline": figure})


def published() -> list[Row]:
    """Tables 3 and 4 side by side."""
    names = ("adjacency Pearson", "autoencoder Pearson", "guided Pearson")
    return [
        {**line, **dict(zip(names, pearson, strict=True))}
        for line, pearson in zip(PUBLISHED, PUBLISHED_PEARSON, strict=True)
    ]


EXPERIMENT = ranking_experiment(NAME, PipelineSettings, report)

if __name__ == "__main__":
    main(EXPERIMENT, __doc__)
