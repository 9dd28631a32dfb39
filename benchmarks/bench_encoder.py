"""Does the encoder say more of two cells than counting their operations does, and at what price?

    python benchmarks/bench_encoder.py [--preset paper] [--seeds 3] [--profile default] [--steps N]

One training a seed, each measured on 20,000 fresh pairs; prints one table in Markdown. The goals
are for the preset "paper" (N = 30): similarity loss at most .27 of the best constant's and .75 of
that of isotonic regression on the cosine of the op histograms, correlation at least .90, within 5
minutes on 2 cores; and for the preset "small" (N = 10): 95 % of the present and of the absent edges
decoded.
"""

import argparse
import dataclasses
import statistics

import torch

from gemcore import SearchSpace, get_num_threads
from gemcore.encoder import EncoderConfig, EncoderReport, train_encoder
from gemcore.encoder.report import KINDS

PROFILES = {"default": EncoderConfig(), "paper": EncoderConfig.paper()}
COLUMNS = (
    "seed",
    "pairs",
    "encoder",
    "constant",
    "isotonic",
    "/ constant",
    "/ isotonic",
    "correlation",
    "edges present / absent",
    "operations",
    "seconds",
)


def rows_of(seed: str, report: EncoderReport) -> list[list[str]]:
    rows = []
    for kind in KINDS:
        losses = [getattr(row, kind) for row in (report.encoder, report.constant, report.isotonic)]
        if None in losses:
            continue
        loss, constant, isotonic = losses
        row = [seed, kind, f"{loss:.3g}", f"{constant:.3g}", f"{isotonic:.3g}"]
        rows.append([*row, f"{loss / constant:.3f}", f"{loss / isotonic:.3f}"])
    rows[0] += [
        f"{report.correlation:.4f}",
        f"{report.present_edges or 0:.1%} / {report.absent_edges or 0:.1%}",
        f"{report.ops:.1%}",
        f"{report.seconds:.0f}",
    ]
    return rows


def holds(preset: str, report: EncoderReport) -> bool:
    if preset == "paper":
        loss = report.encoder.overall
        beats = loss <= 0.27 * report.constant.overall and loss <= 0.75 * report.isotonic.overall
        return beats and report.correlation >= 0.9 and report.seconds < 300
    return (report.present_edges or 0) >= 0.95 and (report.absent_edges or 0) >= 0.95


def print_table(rows: list[list[str]]) -> None:
    print("| " + " | ".join(COLUMNS) + " |")
    print("|" + "---|" * len(COLUMNS))
    for row in rows:
        print("| " + " | ".join(row + [""] * (len(COLUMNS) - len(row))) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="paper")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="default")
    parser.add_argument("--steps", type=int, help="number of steps, instead of the profile's")
    options = parser.parse_args()
    config = PROFILES[options.profile]
    if options.steps is not None:
        config = dataclasses.replace(config, num_steps=options.steps)
    space = SearchSpace.preset(options.preset)
    reports = []
    for seed in range(options.seeds):
        reports.append(train_encoder(space, config, seed=seed, progress=True).report)
    print_table([row for seed, report in enumerate(reports) for row in rows_of(str(seed), report)])
    mean = statistics.mean(report.seconds for report in reports)
    held = sum(holds(options.preset, report) for report in reports)
    threads = f"torch {torch.get_num_threads()}, native {get_num_threads()} threads"
    print(
        f"\n{config.num_steps} steps in {mean:.0f} s ({threads}); goals hold for {held} of ", end=""
    )
    print(f"{len(reports)} seeds.")
    raise SystemExit(held < len(reports) and options.profile == "default")


if __name__ == "__main__":
    main()
