"""How long does a predictor take to learn, to predict, and to search a table?

Wall-clock seconds on all threads, the least of some rounds. Labels come from a table of trained
cells; without one from a made-up table, which says so: the work is the same.

    python benchmarks/bench_predictor.py [--table ../shared/data/nb101.npz] [--rounds 2]
        [--predictors gaussian_process fast] [--million] [--json FILE]
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import measuring  # type: ignore[import-not-found]  # Beside this script.
import numpy as np

from gemcore import CellBatch, SearchConfig, SearchSpace, get_num_threads, make_predictor, search
from gemcore.predictor.making import PREDICTORS
from gemcore.predictor.stacked import StackedPredictor
from gemcore.tables import CellTable, NASBench101, synthetic

LEARNED, ROUND, SEARCH = 424, (200, 50_000), 150  # Cells; cells and candidates; queries.
MILLION = 1_000_000


def measure(
    name: str, table: CellTable, cells: CellBatch, rounds: int
) -> tuple[dict[str, float], float]:
    """Seconds of each task, and of what is learned beforehand from unlabelled cells."""
    order = np.random.default_rng(0).permutation(len(table))
    known, few = order[:LEARNED], order[: ROUND[0]]
    predictor = make_predictor(name, SearchSpace.preset("nasbench101"), seed=0)
    beforehand = 0.0
    if isinstance(predictor, StackedPredictor):
        beforehand = measuring.wall_seconds(predictor.prepare)

    def fit() -> None:
        predictor.fit(table.cells[known], table.accuracy[known])

    def fit_and_predict() -> None:
        predictor.fit(table.cells[few], table.accuracy[few])
        predictor.predict(cells[: ROUND[1]])

    def predict() -> None:
        predictor.predict(cells)

    def find() -> None:
        search(task=table, config=SearchConfig(**config), progress=False)

    config = {**CellTable.config, "num_trials": SEARCH, "predictor": name}
    tasks: dict[str, tuple[Callable[[], None], int]] = {
        f"fit {LEARNED}": (fit, rounds),
        f"fit {ROUND[0]}, predict {ROUND[1]}": (fit_and_predict, rounds),
        f"a search of {SEARCH} queries": (find, 1),
    }
    seconds = {
        task: min(measuring.wall_seconds(run) for _ in range(count))
        for task, (run, count) in tasks.items()
    }
    if len(cells) == MILLION:
        fit()
        seconds[f"predict {MILLION} after {LEARNED}"] = measuring.wall_seconds(predict)
    return seconds, beforehand


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=Path("../shared/data/nb101.npz"))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--predictors", nargs="+", choices=PREDICTORS, default=PREDICTORS[:2])
    parser.add_argument("--million", action="store_true", help="also predict a million cells")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    table = NASBench101(arguments.table) if arguments.table.exists() else synthetic(5000, seed=0)
    print(f"Table: {table.name}, {len(table)} cells; {get_num_threads()} threads.\n")
    num_cells = MILLION if arguments.million else ROUND[1]
    cells = SearchSpace.preset("nasbench101").sample(num_cells, seed=1)
    found = []
    print("| predictor | task | seconds |\n|---|---|---|")
    for name in arguments.predictors:
        seconds, beforehand = measure(name, table, cells, arguments.rounds)
        if beforehand > 1:
            seconds = {"learn the unlabelled space, once": beforehand, **seconds}
        for task, value in seconds.items():
            print(f"| {name} | {task} | {value:.1f} |", flush=True)
        found.append({"predictor": name, "seconds": seconds})
    if arguments.json:
        measuring.write_json(arguments.json, machine=measuring.machine(), rows=found)


if __name__ == "__main__":
    main()
