"""Fig. 6: how well does the encoder learn the similarity, by size of graph and of embedding?

    python experiments/fig6_similarity.py --jobs 2

Without a GPU, graphs of up to 100 nodes.

The paper's encoder (a perceptron of one hidden layer on the flattened graph, 50,000 fixed pairs of
random graphs of one size, two rounds of the Weisfeiler-Lehman kernel) for graphs of n nodes and
embeddings of d numbers. A loss alone says little, for the similarity of random graphs may hardly
vary: so each stands beside the loss of the best constant and that of the best increasing function
of the cosine of the graphs' counts of operations, as R2 = 1 - loss / loss of the other, and beside
a closed-form embedding of as many numbers (Nystrom over 500 graphs, dot product). Three ways to
label nodes before the first round, two samplers of graphs.
"""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.nystrom import Nystrom
from gemcore.devices import resolve_device
from gemcore.encoder import Encoder, EncoderConfig, train_encoder
from gemcore.encoder.data import PairData, Use
from gemcore.encoder.losses import similarity_loss
from gemcore.pairs import PairBatch
from gemcore.space import SearchSpace
from harness.comparing import Summary
from harness.draws import Draw, generator
from harness.experiment import Experiment, Measured, Report, folder_of, main
from harness.figures import draw_grids
from harness.page import markdown_table
from harness.rows import Key, Row, matching
from harness.settings import Settings

NAME = "fig6_similarity"
SIZES = (10, 30, 50, 100, 150, 200, 250)
MOST_ON_CPU = 100
DIMS = (10, 20, 30, 40, 50)
NUM_LANDMARKS, NYSTROM_PAIRS, TRAINING_SAMPLE = 500, 2000, 5000
SPACES: dict[str, dict[str, Any]] = {
    "er": {"distribution": "bernoulli", "edge_prob": 0.5},
    "edge_shrink": {"distribution": "edge_shrink"},
}
Labels = Literal["uniform", "degree", "ops"]
Sampler = Literal["er", "edge_shrink"]


@dataclass(frozen=True)
class SimilaritySettings(Settings):
    """Settings of Fig. 6."""

    repeats: int = 3
    """Seeds of every cell of the grid."""

    sizes: tuple[int, ...] | None = None
    """Numbers of nodes n. Default: 10, 30, 50, 100, and on a GPU 150, 200, 250 too."""

    dims: tuple[int, ...] = DIMS
    """Numbers of an embedding, d."""

    labels: tuple[Labels, ...] = ("uniform", "degree", "ops")
    """Colors of nodes before the first round."""

    samplers: tuple[Sampler, ...] = ("er", "edge_shrink")
    """How graphs are drawn: each edge with probability 1/2, or the complete graph without a uniform
    number of edges."""

    steps: int = 10_000
    """Steps of 256 pairs; the paper's are 10,000."""

    pairs: int = 50_000
    """Training pairs."""

    report_pairs: int = 20_000
    """Fresh pairs that losses are measured on."""

    device: str = "auto"
    """Where encoders are trained: cpu, cuda, or auto."""

    @property
    def grid_sizes(self) -> tuple[int, ...]:
        """All n."""
        if self.sizes is not None:
            return self.sizes
        on_gpu = resolve_device(self.device).type == "cuda"
        return tuple(n for n in SIZES if on_gpu or n <= MOST_ON_CPU)

    def quickened(self) -> Self:
        """Two cells of the grid, 30 steps, on the CPU."""
        quick = dataclasses.replace(super().quickened(), sizes=(10,), dims=(10, 20))
        small = dataclasses.replace(quick, labels=("degree",), samplers=("edge_shrink",))
        return dataclasses.replace(small, steps=30, pairs=1000, report_pairs=1000, device="cpu")

    @property
    def identity(self) -> dict[str, Any]:
        """What all rows have in common."""
        device = resolve_device(self.device).type
        counts = {"steps": self.steps, "pairs": self.pairs, "report_pairs": self.report_pairs}
        return {**super().identity, **counts, "device": device}


@dataclass(frozen=True)
class SimilarityContext:
    """What the jobs share: nothing but the settings."""

    settings: SimilaritySettings
    folder: Path


def open_context(settings: SimilaritySettings) -> SimilarityContext:
    """The settings, for there is no table."""
    return SimilarityContext(settings, folder_of(NAME, settings))


def plan(settings: SimilaritySettings) -> list[Key]:
    """Jobs (sampler, labels, n, d, seed), the largest n first."""
    return [
        (sampler, labels, n, d, seed)
        for n in sorted(settings.grid_sizes, reverse=True)
        for seed in range(settings.repeats)
        for sampler in settings.samplers
        for labels in settings.labels
        for d in settings.dims
    ]


def measure(context: SimilarityContext, key: Key) -> Measured:
    """Trains the encoder of a cell of the grid and measures it."""
    sampler, labels, n, d, repeat = key
    settings = context.settings
    space = SearchSpace(num_nodes=n, **SPACES[sampler])
    config = dataclasses.replace(
        EncoderConfig.paper(),
        embedding_dim=d,
        labels=labels,
        num_steps=settings.steps,
        train_pairs=settings.pairs,
        report_pairs=settings.report_pairs,
        device=settings.device,
    )
    seed = settings.seed + repeat
    encoder = train_encoder(space, config, seed=seed)
    begin = time.perf_counter()
    values = losses(encoder, PairData(space, config, seed, torch.device("cpu")))
    values["nystrom_loss"] = nystrom_loss(space, config, seed)
    seconds = {"train": encoder.report.seconds, "measure": time.perf_counter() - begin}
    return Measured(values, seconds)


def losses(encoder: Encoder, data: PairData) -> dict[str, float]:
    """Losses on training pairs and on fresh ones, beside the two that cost nothing."""
    report = encoder.report
    training = data.pairs(Use.TRAINING, TRAINING_SAMPLE)
    fresh = data.pairs(Use.REPORT, TRAINING_SAMPLE)
    return {
        "train_loss": encoder_loss(encoder, training),
        "loss": report.encoder.overall,
        "constant_loss": report.constant.overall,
        "histogram_loss": report.isotonic.overall,
        "target_mean": float(fresh.similarity.double().mean()),
        "target_std": float(fresh.similarity.double().std()),
        "r2_constant": 1 - report.encoder.overall / report.constant.overall,
        "r2_histogram": 1 - report.encoder.overall / report.isotonic.overall,
        "present_edges": report.present_edges or 0.0,
        "absent_edges": report.absent_edges or 0.0,
        "ops_right": report.ops,
    }


def encoder_loss(encoder: Encoder, pairs: PairBatch) -> float:
    """Equation 3 over pairs."""
    with torch.inference_mode():
        first, second = (encoder.encode(cells).cpu() for cells in (pairs.cells_a, pairs.cells_b))
        return float(similarity_loss(first, second, pairs.similarity))


def nystrom_loss(space: SearchSpace, config: EncoderConfig, seed: int) -> float:
    """Equation 3 of the dot product of closed-form embeddings, on fresh pairs."""
    first = int(generator(seed, Draw.LANDMARKS).integers(2**63))
    closed_form = Nystrom(space.sample(NUM_LANDMARKS, seed=first), config)
    pairs = PairData(space, config, seed, torch.device("cpu")).pairs(Use.REPORT, NYSTROM_PAIRS)
    vectors = [closed_form.embed(cells) for cells in (pairs.cells_a, pairs.cells_b)]
    predicted = (vectors[0] * vectors[1]).sum(axis=1)
    return float(np.square(predicted - pairs.similarity.double().numpy()).mean())


def cells_of_grid(rows: Sequence[Row], settings: SimilaritySettings) -> list[Row]:
    """A row for every cell of the grid: means over seeds."""
    keys = ("sampler", "labels", "n", "d")
    numbers = [name for name in rows[0] if name not in (*keys, "seed", "seconds", "commit")]
    lines: list[Row] = []
    for sampler in settings.samplers:
        for labels in settings.labels:
            for n in settings.grid_sizes:
                for d in settings.dims:
                    cell = dict(zip(keys, (sampler, labels, n, d), strict=True))
                    found = matching(rows, cell)
                    means = {k: Summary.of([float(row[k]) for row in found]) for k in numbers}
                    line: Row = {**cell, **{k: mean.mean for k, mean in means.items()}}
                    lines.append({**line, "loss_std": means["loss"].std, "seeds": len(found)})
    return lines


def shown_grid(cells: Sequence[Row], settings: SimilaritySettings) -> list[Row]:
    """For the page: a line for every n, a column for every d."""
    lines: list[Row] = []
    for sampler in settings.samplers:
        for labels in settings.labels:
            for n in settings.grid_sizes:
                found = matching(cells, {"sampler": sampler, "labels": labels, "n": n})
                target = f"{found[0]['target_mean']:.3f} +- {found[0]['target_std']:.3f}"
                line: Row = {"sampler": sampler, "labels": labels, "n": n, "similarity": target}
                for cell in found:
                    numbers = (float(cell[name]) for name in ("loss", "nystrom_loss"))
                    loss, nystrom = (f"{number:.1e}" for number in numbers)
                    r2 = f"{cell['r2_constant']:.2f} / {cell['r2_histogram']:.2f}"
                    line[f"d = {cell['d']}"] = f"{loss} ({r2}; {nystrom})"
                lines.append(line)
    return lines


def panels(
    cells: Sequence[Row], settings: SimilaritySettings, value: str
) -> dict[str, NDArray[np.float64]]:
    """One number over n and d, for every sampler and way to label."""
    return {
        f"{sampler}, {labels}": np.array(
            [
                [
                    float(cell[value])
                    for cell in matching(cells, {"sampler": sampler, "labels": labels, "n": n})
                ]
                for n in settings.grid_sizes
            ]
        )
        for sampler in settings.samplers
        for labels in settings.labels
    }


def report(context: SimilarityContext, rows: list[Row]) -> Report:
    """The grid, as a table and as heat maps of R2."""
    settings = context.settings
    cells = cells_of_grid(rows, settings)
    text = "\n\n".join(
        [
            f"{settings.steps} steps, {settings.pairs} training pairs, "
            f"{resolve_device(settings.device).type}, {settings.repeats} seeds. In every cell: "
            f"loss (eq. 3) on {settings.report_pairs} fresh pairs (R2 against the best constant / "
            "against the histogram of operations; loss of the closed-form embedding).",
            markdown_table(shown_grid(cells, settings)),
            "{figure fig6_r2_constant}",
            "{figure fig6_r2_histogram}",
            "The paper's figure has no numbers in its text: its loss falls with n and with d.",
        ]
    )
    figures = {
        f"fig6_{value}": draw_grids(
            panels(cells, settings, value),
            rows=("nodes n", settings.grid_sizes),
            columns=("embedding d", settings.dims),
            label=label,
            limits=(-1, 1),
        )
        for value, label in (
            ("r2_constant", "R2 against the best constant"),
            ("r2_histogram", "R2 against the histogram of operations"),
        )
    }
    return Report(text, {"grid": cells}, figures)


EXPERIMENT = Experiment(
    name=NAME,
    settings=SimilaritySettings,
    keys=("sampler", "labels", "n", "d", "seed"),
    open_context=open_context,
    facts=lambda context: {},
    plan=plan,
    measure=measure,
    report=report,
)

if __name__ == "__main__":
    main(EXPERIMENT, __doc__)
