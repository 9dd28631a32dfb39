"""The best cells are evaluated again from other seeds, so that luck does not choose the winner."""

import dataclasses
from typing import TYPE_CHECKING, Any

from gemcore.philox import Stream, derived_seed
from gemcore.progress import progress_bar
from gemcore.searching.record import count_failures
from gemcore.searching.reruns import best_trials
from gemcore.trials import make_runner
from gemcore.trials.outcome import Outcome
from gemcore.trials.store import RERUN
from gemcore.trials.trial import Trial

if TYPE_CHECKING:
    from tqdm import tqdm

    from gemcore.searching.run import SearchRun


def reevaluate(run: "SearchRun") -> None:
    """Runs the best cells of a search again, as often as it is set, and keeps each run.

    What a run that was cut short kept is not done again. Further runs stand in ``run.reruns`` and
    in the journal; they are no trials of the search, and its predictor doesn't see them.
    """
    config = run.setting.config
    if getattr(run.task, "deterministic", False):
        run.note("Nothing was evaluated again: the task has one answer for each cell.")
        return
    rivals = best_trials(run.search.trials, config.reevaluate)
    run.reruns = run.journal.store.trials(RERUN)
    total = len(rivals) * config.reevaluations
    name, done = "best cells again", len(run.reruns)
    with progress_bar(total, name, enabled=run.progress, unit="cell", done=done) as bar:
        for time in range(config.reevaluations):
            _run_all(run, rivals, time, bar)
    for reason, number in count_failures(run.reruns).most_common():
        run.note(f"{number} of {total} re-evaluations failed: {reason}")
    if _all_alike(rivals, run.reruns):
        run.note("Evaluating again told nothing: the task gave each cell the same numbers again.")


def _run_all(run: "SearchRun", rivals: list[Trial], time: int, bar: "tqdm[Any]") -> None:
    """Each of the best cells once, from the seed of this time."""
    seed = derived_seed(run.setting.seed, Stream.SEARCH_REEVALUATION, time)
    done = {trial.cell for trial in run.reruns if trial.seed == seed}
    place = {trial.index: i for i, trial in enumerate(rivals) if trial.cell not in done}
    if not place:
        return

    def on_outcome(outcome: Outcome) -> None:
        i = place[outcome.index]
        trial = _as_trial(run, rivals[i], outcome, time * len(rivals) + i, seed)
        run.journal.keep_rerun(trial)
        run.reruns.append(trial)
        bar.update()

    settings = dataclasses.replace(run.trial_settings, seed=seed)
    with make_runner(run.task, settings, num_workers=run.num_workers) as runner:
        runner.run([rivals[i].cell for i in place.values()], list(place), on_outcome=on_outcome)
    run.reruns.sort(key=lambda trial: trial.index)  # Workers end in any order.


def _as_trial(run: "SearchRun", first: Trial, outcome: Outcome, index: int, seed: int) -> Trial:
    rating = run.search.rating
    outcome = rating.checked(outcome)
    return dataclasses.replace(
        first,
        index=index,
        status=outcome.status,
        accuracy=outcome.metrics.get("accuracy"),
        score=rating.score(outcome.metrics, first.macs) if outcome.is_complete else None,
        metrics=outcome.metrics,
        seconds=outcome.seconds,
        seed=seed,
    )


def _all_alike(rivals: list[Trial], reruns: list[Trial]) -> bool:
    """Whether no further run differs from the first in any metric."""
    first = {trial.cell: trial.metrics for trial in rivals}
    complete = [run for run in reruns if run.is_complete]
    return bool(complete) and all(run.metrics == first[run.cell] for run in complete)
