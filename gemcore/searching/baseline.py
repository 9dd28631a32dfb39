"""Random cells beside a search: as many, trained the same way, for comparison."""

import dataclasses
from typing import TYPE_CHECKING

from gemcore.progress import progress_bar
from gemcore.searching.ask_tell import Search
from gemcore.searching.costs import cost_of
from gemcore.searching.journal import outcome_of
from gemcore.searching.record import RandomBaseline
from gemcore.trials import TrialRunner
from gemcore.trials.outcome import Outcome
from gemcore.trials.store import BASELINE

if TYPE_CHECKING:
    from gemcore.searching.run import SearchRun

FACT = "baseline"


def run_baseline(run: "SearchRun", runner: TrialRunner) -> RandomBaseline:
    """Trains as many random cells as a run tried, but those that it tried as well.

    What is known meanwhile stands in ``run.baseline``, and each trial in the run's journal.
    """
    number = len(run.search.own_trials)
    config = dataclasses.replace(
        run.setting.config, num_trials=number, num_initial=number, max_seconds=None
    )
    other = Search.of(
        dataclasses.replace(run.setting, config=config), cost_of(run.task, run.setting)
    )
    cells = list(other.ask(number))
    for cell in cells:
        trial = run.search.find(cell)
        if trial is not None:
            other.tell_outcome(cell, outcome_of(trial))
    for trial in run.journal.store.trials(BASELINE):
        other.tell_outcome(trial.cell, outcome_of(trial))
    missing = [cell for cell in cells if other.find(cell) is None]
    cell_of = {other.index_of(cell): cell for cell in missing}

    def on_outcome(outcome: Outcome) -> None:
        run.journal.keep_baseline(other.tell_outcome(cell_of[outcome.index], outcome))
        run.baseline = RandomBaseline(other.trials)
        bar.update()

    with progress_bar(len(missing), "random baseline", enabled=run.progress, unit="cell") as bar:
        runner.run(missing, list(cell_of), on_outcome=on_outcome)
    run.baseline = RandomBaseline(other.trials)
    best = run.baseline.best
    kept = run.journal.facts.get(FACT)
    if best is None or kept is not None:
        return RandomBaseline(other.trials, dict(kept or {}))
    chosen = run.result().best
    if run.final is not None and chosen is not None and chosen.cell == best.cell:
        return RandomBaseline(other.trials, run.final.metrics)
    trained = run.training.train_beside(best, "The baseline's training", on_failure=run.note)
    metrics = {} if trained is None else trained.metrics
    run.journal.write(FACT, metrics)
    return RandomBaseline(other.trials, metrics)
