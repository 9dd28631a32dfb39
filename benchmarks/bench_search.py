"""Does the search find better networks than random search, and what does it cost?

    python benchmarks/bench_search.py --seeds 20
    python benchmarks/bench_search.py --task cifar10 --data cifar10_full_jpeg.npz --seeds 3

For every seed three strategies spend the same number of trainings, the first ones on the same
random cells: the search, random search, and the search with a constant predictor, which is left
with the exact MACs alone. Prints one table in Markdown.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from cifar10_jpeg import cifar10_tenth  # type: ignore[import-not-found]  # Beside this script.
from numpy.typing import NDArray
from scipy.stats import ttest_rel, wilcoxon

from gemcore.cell import Cell
from gemcore.encoder import Encoder, train_encoder
from gemcore.predictor import Predictor, make_predictor
from gemcore.progress import progress_bar
from gemcore.searching.ask_tell import Search
from gemcore.searching.config import SearchConfig
from gemcore.searching.phase_clock import PhaseClock
from gemcore.searching.search import make_setting, plan_trials, suited_config
from gemcore.searching.setting import SearchSetting
from gemcore.tasks import ProxyTask, load_task
from gemcore.trials import LocalRunner, Outcome, choose_num_workers

STRATEGIES = ("search", "random", "constant")
LIMITS = (0.25, 0.5, 0.75)  # Quantiles of the random cells' MACs at which accuracies are compared.


class CachedTrials:
    """Trains each (cell, seed) once, two at a time, and keeps the outcomes in a file if asked.

    Rows of the file that belong to another task are passed over.
    """

    def __init__(self, task: ProxyTask, cache: Path | None) -> None:
        self.task = task
        self.cache = cache
        self.key = f"{task.fingerprint} {suited_config(task).training}"
        self.known: dict[tuple[str, int], Outcome] = {}
        self.runner: LocalRunner | None = None
        if cache is not None and cache.exists():
            for line in cache.read_text().splitlines():
                row = json.loads(line)
                if row.get("task") == self.key:
                    self.known[row["cell"], row["seed"]] = Outcome.from_dict(row["outcome"])

    def run(self, setting: SearchSetting, cells: Sequence[Cell]) -> list[Outcome]:
        """Outcomes of the cells, trained now where they are not known."""
        seed = setting.seed
        missing = [cell for cell in cells if (cell.to_json(), seed) not in self.known]
        if missing:
            outcomes = self._runner_of(setting).run(missing, range(len(missing)))
            for cell, outcome in zip(missing, outcomes, strict=True):
                self._keep(cell, seed, outcome)
        return [self.known[cell.to_json(), seed] for cell in cells]

    def _runner_of(self, setting: SearchSetting) -> LocalRunner:
        """One runner a seed, for its processes take seconds to start."""
        if self.runner is None or self.runner.settings.seed != setting.seed:
            if self.runner is not None:
                self.runner.close()
            trials = plan_trials(self.task, setting)
            number = choose_num_workers(
                self.task, ops=setting.space.op_names, device=trials.backend.device
            )
            self.runner = LocalRunner(self.task, trials, num_workers=number)
        return self.runner

    def _keep(self, cell: Cell, seed: int, outcome: Outcome) -> None:
        self.known[cell.to_json(), seed] = outcome
        if self.cache is not None:
            row = {"task": self.key, "cell": cell.to_json(), "seed": seed}
            row["outcome"] = outcome.to_dict()
            with open(self.cache, "a") as file:
                file.write(json.dumps(row) + "\n")


def predictor_of(setting: SearchSetting, encoder: Encoder | None) -> Predictor:
    """What the setting says, on an encoder that is trained already."""
    config = setting.config
    return make_predictor(
        config.predictor,
        setting.space,
        seed=setting.seed,
        embedding=config.embedding,
        encoder=encoder,
    )


def finish(search: Search, setting: SearchSetting, trials: CachedTrials) -> Search:
    """Runs a search to its end."""
    sizes = [setting.config.initial_size]
    while cells := search.ask(sizes.pop() if sizes else setting.config.round_size):
        for cell, outcome in zip(cells, trials.run(setting, list(cells)), strict=True):
            search.tell_outcome(cell, outcome)
    return search


def run_seed(
    seed: int, config: SearchConfig, trials: CachedTrials, encoder: Encoder | None = None
) -> tuple[dict[str, Search], PhaseClock]:
    """The three strategies from one seed, with an encoder of its own unless one is given."""
    clock = PhaseClock()
    number = config.num_trials
    configs = {
        "search": config,
        "random": dataclasses.replace(config, num_initial=number, predictor="constant"),
        "constant": dataclasses.replace(config, predictor="constant"),
    }
    searches = {}
    for name in STRATEGIES:
        setting = make_setting(trials.task, None, configs[name], seed)
        if name == "search" and config.needs_encoder and encoder is None:
            with clock.phase("encoder"):
                encoder = train_encoder(setting.space, config.encoder, seed=seed)
        search = Search.of(setting)
        search.predictor = predictor_of(setting, encoder)
        searches[name] = finish(search, setting, trials)
    return searches, clock


def best_score(search: Search) -> float:
    """Score of the best trial."""
    assert search.best is not None
    assert search.best.score is not None
    return search.best.score


def accuracy_within(search: Search, limit: float) -> float:
    """Best accuracy among the trials of at most so many MACs; 0 if there is none."""
    fitting = [t.accuracy for t in search.trials if t.accuracy is not None and t.macs <= limit]
    return max(fitting, default=0.0)


def compared(name: str, ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> str:
    """One row: means, paired difference, and the chance of it under no difference."""
    gain = ours - theirs
    p_t = ttest_rel(ours, theirs).pvalue if len(ours) > 1 and gain.any() else np.nan
    p_w = wilcoxon(ours, theirs).pvalue if gain.any() else np.nan
    return (
        f"| {name} | {ours.mean():.4f} +- {ours.std():.4f} | {theirs.mean():.4f} +- "
        f"{theirs.std():.4f} | {gain.mean():+.4f} +- {gain.std():.4f} | "
        f"{(gain > 0).sum()}/{(gain == 0).sum()}/{(gain < 0).sum()} | {p_w:.2g} | {p_t:.2g} |"
    )


def table(runs: list[dict[str, Search]]) -> list[str]:
    """All comparisons in Markdown."""
    score = {name: np.array([best_score(run[name]) for run in runs]) for name in STRATEGIES}
    rows = [
        "| measure | search | other | paired difference | won/tied/lost | Wilcoxon p | t-test p |",
        "|---|---|---|---|---|---|---|",
        compared("best score, against random", score["search"], score["random"]),
        compared("best score, against constant + MACs", score["search"], score["constant"]),
        compared("best score, constant + MACs against random", score["constant"], score["random"]),
    ]
    for other in ("random", "constant"):
        for quantile in LIMITS:
            limits = [np.quantile([t.macs for t in run["random"].trials], quantile) for run in runs]
            ours, theirs = (
                np.array([accuracy_within(run[n], m) for run, m in zip(runs, limits, strict=True)])
                for n in ("search", other)
            )
            name = f"accuracy within {np.mean(limits) / 1e6:.3f} M MACs, against {other}"
            rows.append(compared(name, ours, theirs))
    return rows


def phases(runs: list[dict[str, Search]], clocks: list[PhaseClock]) -> list[str]:
    """Mean seconds and share of each phase of the search; trainings as if one at a time."""
    seconds: dict[str, float] = {}
    for run, clock in zip(runs, clocks, strict=True):
        trained = sum(trial.seconds for trial in run["search"].trials)
        parts = clock.seconds | run["search"].clock.seconds | {"candidates": trained}
        for name, value in parts.items():
            seconds[name] = seconds.get(name, 0.0) + value / len(runs)
    whole = sum(seconds.values())
    rows = ["| phase | seconds | share |", "|---|---|---|"]
    return rows + [f"| {n} | {s:.1f} | {s / whole:.0%} |" for n, s in seconds.items()]


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", choices=["digits", "cifar10"], default="digits")
    parser.add_argument("--data", type=Path, help="file of cifar10, see cifar10_jpeg.py")
    parser.add_argument("--seeds", type=int, default=20, help="how many, from 0 on")
    parser.add_argument("--num-trials", type=int, help="trainings of each strategy")
    parser.add_argument("--epochs", type=int, help="of each candidate of cifar10")
    parser.add_argument(
        "--one-encoder",
        action="store_true",
        help="train the encoder of seed 0 alone, for all seeds",
    )
    parser.add_argument("--cache", type=Path, help="file of outcomes, read and added to")
    options = parser.parse_args()
    if options.task == "cifar10" and not (options.data and options.data.is_file()):
        print(f"cifar10 needs its file: there is none at --data {options.data}", file=sys.stderr)
        raise SystemExit(2)
    return options


def main() -> None:
    """Runs the benchmark."""
    options = read_options()
    digits = options.task == "digits"
    task = load_task("digits") if digits else cifar10_tenth(options.data, epochs=options.epochs)
    config = suited_config(task)
    if options.num_trials is not None:
        config = dataclasses.replace(
            config, num_trials=options.num_trials, num_initial=None, cells_per_round=None
        )
    trials = CachedTrials(task, options.cache)
    encoder = None
    if options.one_encoder:
        space = make_setting(task).space
        encoder = train_encoder(space, config.encoder, progress=True)
    runs, clocks = [], []
    with progress_bar(options.seeds, "seeds", enabled=True, unit="seed") as bar:
        for seed in range(options.seeds):
            searches, clock = run_seed(seed, config, trials, encoder)
            runs.append(searches)
            clocks.append(clock)
            bar.update()
    print(f"{task}, {options.seeds} seeds, {config.num_trials} trainings each")
    print(f"{config.training}\n")
    print("\n".join([*table(runs), "", *phases(runs, clocks)]))


if __name__ == "__main__":
    main()
