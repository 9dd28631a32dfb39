"""A program that kills a search at many moments, always in one folder; run by test_resume.py.

Each attempt is a forked child that runs the same search and is killed at the next moment; the last
one is left alone, as is a run in another folder. It prints a line of JSON for each attempt: the
moment, whether the child was killed there, the trials that were kept before and after it, the cells
whose training it ended, and the time that it took.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gemcore.searching.final_training
import gemcore.searching.pool
import gemcore.searching.result_files
import gemcore.searching.run
import gemcore.trials.runner
from gemcore.encoder import EncoderConfig
from gemcore.encoder.training import Training
from gemcore.predictor.mlp import MLPPredictor
from gemcore.searching.config import SearchConfig
from gemcore.searching.journal import RunJournal
from gemcore.searching.search import search
from gemcore.tasks import ProxyTask, TrainingConfig
from gemcore.trials.optuna_store import OptunaStore
from gemcore.trials.store import KNOWN, RERUN, SEARCH

BEFORE, AFTER = "before", "after"

# Moment -> owner and name of what is called there, the number of the call, before or after it;
# and how its first argument ends, where other calls don't count.
MOMENTS: dict[str, tuple[Any, ...]] = {
    "store: made but not named": (os, "replace", 1, BEFORE, ".trials.db.new"),
    "first round: asked, not kept": (RunJournal, "keep_round", 1, BEFORE),
    "evaluation: the third": (gemcore.trials.runner, "evaluate_cell", 3, BEFORE),
    "evaluation: ended, not kept": (OptunaStore, "add", 1, BEFORE),
    "evaluation: kept, not told": (OptunaStore, "add", 1, AFTER),
    "encoder: in training": (Training, "step", 20, AFTER),
    "encoder: trained, not kept": (gemcore.searching.run.SearchRun, "_keep_encoder", 1, BEFORE),
    "encoder: kept": (gemcore.searching.run.SearchRun, "_keep_encoder", 1, AFTER),
    "fit: at its beginning": (MLPPredictor, "fit", 1, BEFORE),
    "fit: ended, not kept": (MLPPredictor, "fit", 1, AFTER),
    "bootstrap": (gemcore.searching.pool, "pick_best", 1, BEFORE),
    "second round: asked, not kept": (RunJournal, "keep_round", 1, BEFORE),
    "second round: kept": (RunJournal, "keep_round", 1, AFTER),
    "second fit: written, not in its place": (os, "replace", 1, BEFORE, ".predictor.new"),
    "third round: kept": (RunJournal, "keep_round", 1, AFTER),
    "re-evaluation: begins": (gemcore.trials.runner, "evaluate_cell", 1, BEFORE),
    "re-evaluation: ended, not kept": (OptunaStore, "add", 1, BEFORE),
    "re-evaluation: kept": (OptunaStore, "add", 1, AFTER),
    "re-evaluation: the other seed": (OptunaStore, "add", 2, AFTER),
    "retraining": (gemcore.searching.final_training, "train_final", 1, BEFORE),
    "retraining: ended, not kept": (gemcore.searching.final_training, "train_final", 1, AFTER),
    "retraining: weights kept": (gemcore.searching.final_training, "write_tensors", 1, AFTER),
    "baseline: an evaluation": (OptunaStore, "add", 1, AFTER),
    "baseline: retraining": (gemcore.searching.final_training, "train_final", 1, AFTER),
    "writing: weights": (gemcore.searching.result_files, "write_tensors", 1, BEFORE),
    "writing: pictures": (gemcore.searching.result_files, "write_model_files", 1, BEFORE),
    "writing: numbers": (gemcore.searching.result_files, "write_document", 2, BEFORE),
}


def kill_at(owner: Any, name: str, number: int, when: str, ending: str = "") -> None:
    """Ends this process at a call of a function, as SIGKILL does: nothing runs after it."""
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal calls
        if not str(args[0]).endswith(ending):
            return original(*args, **options)
        calls += 1
        if calls == number and when == BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(*args, **options)
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, counted)


def log_evaluations(log: Path) -> None:
    """Writes down each cell whose training ended."""
    runner: Any = gemcore.trials.runner
    original = runner.evaluate_cell

    def logged(cell: Any, *args: Any, **options: Any) -> Any:
        answer = original(cell, *args, **options)
        with open(log, "a") as stream:
            stream.write(f"{options['seed']} {cell.to_json()}\n")
        return answer

    runner.evaluate_cell = logged


def run(out: Path, **changes: Any) -> None:
    """A small search with all phases, whose predictor is fitted on from round to round."""
    labels = np.arange(80) % 2
    noise = np.random.default_rng(0).normal(0, 0.6, (80, 8, 8))
    task = ProxyTask(labels[:, None, None] + noise, labels)
    small: dict[str, Any] = {"hidden_dims": (32,), "decoder_dims": (32,), "report_pairs": 100}
    config = SearchConfig(
        num_trials=10,
        num_initial=4,
        cells_per_round=2,
        bootstrap_samples=300,
        predictor="mlp",
        fine_tune=True,
        random_baseline=True,
        reevaluate=2,
        reevaluations=2,
        num_workers=changes.pop("num_workers", 1),
        encoder=EncoderConfig(num_steps=40, validate_every=20, validation_pairs=100, **small),
        training=TrainingConfig(epochs=1, final_epochs=2, batch_size=16, threads=1),
    )
    search(task, config=config, out=out, seed=5, progress=False)


def stored(out: Path) -> list[str]:
    """The seeds and cells whose trials are kept."""
    if not (out / "trials.db").exists():
        return []
    store = OptunaStore(out / "trials.db")
    trials = [trial for group in (KNOWN, SEARCH, RERUN) for trial in store.trials(group)]
    found = [f"{trial.seed} {trial.cell.to_json()}" for trial in trials]
    store.close()
    return found


def attempt(out: Path, log: Path, moment: str | None, delay: float | None = None) -> dict[str, Any]:
    """One run in a child; killed at a moment, after a delay, or not at all."""
    before, began = stored(out), time.monotonic()
    log.write_text("")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            log_evaluations(log)
            if moment is not None:
                kill_at(*MOMENTS[moment])
            run(out)
            status = 0
        finally:
            os._exit(status)
    if delay is not None:
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return {
        "moment": moment,
        "killed": os.WIFSIGNALED(status),
        "status": os.waitstatus_to_exitcode(status),
        "before": before,
        "after": stored(out),
        "evaluated": log.read_text().splitlines(),
        "seconds": time.monotonic() - began,
    }


def main(folder: Path) -> None:
    """Runs all attempts."""
    log = folder / "evaluated.txt"
    run(folder / "first")  # Imports what is imported late: children have it.
    whole = attempt(folder / "whole", log, None)
    print(json.dumps(whole), flush=True)
    for moment in MOMENTS:
        print(json.dumps(attempt(folder / "killed", log, moment)), flush=True)
    print(json.dumps(attempt(folder / "killed", log, None)), flush=True)
    # And at moments that nobody chose.
    delays = np.random.default_rng(0).uniform(0, whole["seconds"], 4).tolist()
    for delay in delays:
        print(json.dumps(attempt(folder / "timed", log, None, delay)), flush=True)
    print(json.dumps(attempt(folder / "timed", log, None)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
