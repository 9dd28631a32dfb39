"""A program that presses Ctrl-C in each phase of a search; run by test_interrupts.py.

It prints a line of JSON for each phase: seconds until the search ended, and what was saved.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import gemcore.searching.final_training
import gemcore.searching.pool
import gemcore.searching.run
from gemcore.predictor import gaussian_process
from gemcore.predictor.gaussian_process import GaussianProcessPredictor
from gemcore.searching.ask_tell import Search
from gemcore.searching.config import SearchConfig
from gemcore.searching.result import SearchResult
from gemcore.searching.search import search
from gemcore.tasks import ProxyTask, TrainingConfig

DELAY = 0.3  # Seconds from the start of a phase to Ctrl-C.

# Phase -> what is called at its start, and settings that make it long.
PHASES: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "encoder": (
        gemcore.searching.run,
        "train_encoder",
        {"predictor": "paper", "embedding": "kernel_guided"},
    ),
    "workers": (gemcore.searching.run, "make_runner", {"num_workers": 2}),
    "candidates": (Search, "tell_outcome", {"epochs": 1000, "num_workers": 1}),
    "fit": (GaussianProcessPredictor, "fit", {"predictor": "default"}),
    "bootstrap": (
        gemcore.searching.pool,
        "pick_best",
        {"predictor": "default", "bootstrap_samples": 300_000},
    ),
    "final": (gemcore.searching.final_training, "train_final", {"final_epochs": 10_000}),
    "baseline": (gemcore.searching.run.SearchRun, "_run_baseline", {"num_workers": 2}),
}


def interrupt_at(phase: str, folder: Path) -> dict[str, Any]:
    """Runs a search until Ctrl-C in a phase."""
    owner, name, changes = PHASES[phase]
    original: Callable[..., Any] = getattr(owner, name)
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    def begin(*args: Any, **options: Any) -> Any:
        if not pressed:
            pressed.append(0.0)
            timer.start()
        if phase == "fit":
            gaussian_process.NUM_STEPS = 100_000
            # Scores that differ: the candidates' own may be equal, and then nothing is fitted.
            args = (args[0], args[1], np.linspace(0, 1, len(args[1])))
        if phase == "baseline":
            training = TrainingConfig(final_epochs=10_000)
            args[0].training.trials = replace(args[0].trial_settings, training=training)
        return original(*args, **options)

    timer = threading.Timer(DELAY, press)
    num_steps = gaussian_process.NUM_STEPS
    setattr(owner, name, begin)
    try:
        run(changes, folder / phase)
    except KeyboardInterrupt:
        seconds = time.perf_counter() - pressed[-1]
        kept = SearchResult.load(folder / phase)
        return {"phase": phase, "seconds": seconds, "status": kept.status, "n": len(kept.trials)}
    finally:
        timer.cancel()
        setattr(owner, name, original)
        gaussian_process.NUM_STEPS = num_steps
    return {"phase": phase, "seconds": None, "status": "not interrupted", "n": 0}


def run(changes: dict[str, Any], out: Path) -> None:
    """A search on a handful of images."""
    labels = np.arange(80) % 2
    task = ProxyTask(labels[:, None, None] + np.zeros((80, 8, 8)), labels)
    changes = {"num_workers": 1} | changes
    training = TrainingConfig(
        epochs=changes.pop("epochs", 1), final_epochs=changes.pop("final_epochs", 1), batch_size=16
    )
    fields: dict[str, Any] = {
        "num_trials": 4,
        "num_initial": 2,
        "predictor": "constant",
        "training": training,
    }
    config = SearchConfig(
        **(
            fields
            | {"embedding": "adjacency", "bootstrap_samples": 200, "random_baseline": True}
            | changes
        )
    )
    search(task, config=config, out=out, progress=False)


if __name__ == "__main__":
    # Once undisturbed: torch imports parts of itself late, and half an import stays half.
    run({}, Path(sys.argv[1]) / "whole")
    for each in PHASES:
        print(json.dumps(interrupt_at(each, Path(sys.argv[1]))), flush=True)
