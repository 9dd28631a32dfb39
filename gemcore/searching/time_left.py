"""How long a run will take still, from what was estimated and what its trials took."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from gemcore.trials.trial import Trial

# Phase -> its key in the estimate.
PHASES = {
    "final training": "final",
    "random baseline": "baseline",
    "encoder": "encoder",
    "re-evaluation": "reevaluation",
}


def time_left(
    facts: Mapping[str, Any],
    trials: Sequence[Trial],
    config: Mapping[str, Any],
    num_baseline: int,
    num_reruns: int = 0,
) -> float | None:
    """About how many seconds; None where nothing is known yet.

    Args:
        facts: Of the run's store: phase, seconds of each phase, and the estimate, if one was made.
        trials: Those of the search that ended.
        config: Of the search, as plain numbers.
        num_baseline: Trials of the random baseline that ended.
        num_reruns: Further runs of the best cells that ended.
    """
    estimate: Mapping[str, float] = facts.get("estimate", {})
    phase = PHASES.get(facts.get("phase", {}).get("name"), "candidates")
    per_trial = _seconds_per_trial(facts, trials, estimate, config)
    if per_trial is None:
        return None
    left = 0.0
    if phase in ("candidates", "encoder"):
        left += per_trial * max(0, config["num_trials"] - len(trials))
        if "encoder" not in facts.get("seconds", {}):
            left += _rest(facts, estimate.get("encoder", 0.0), running=phase == "encoder")
    if phase in ("candidates", "encoder", "reevaluation"):
        reruns = config.get("reevaluate", 0) * config.get("reevaluations", 1)
        left += per_trial * max(0, reruns - num_reruns) + estimate.get("final", 0.0)
    elif phase == "final":
        left += _rest(facts, estimate.get("final", 0.0), running=True)
    if config.get("random_baseline"):
        last = estimate.get("final", 0.0)
        whole = estimate.get("baseline", last)
        fresh = round((whole - last) / per_trial) if per_trial else 0
        left += last + per_trial * max(0, fresh - num_baseline)
    return left


def spoken(seconds: float) -> str:
    """A time in the unit that one would say it in.

    Example:
        >>> spoken(42.3), spoken(200), spoken(9000)
        ('42 s', '3.3 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _seconds_per_trial(
    facts: Mapping[str, Any],
    trials: Sequence[Trial],
    estimate: Mapping[str, float],
    config: Mapping[str, Any],
) -> float | None:
    """Of the wall clock: trials that run side by side share it."""
    spent = facts.get("seconds", {}).get("candidates")
    if spent and trials:
        return float(spent) / len(trials)
    if "candidates" in estimate:
        return float(estimate["candidates"]) / int(config["num_trials"])
    taken = [trial.seconds for trial in trials]
    return sum(taken) / len(taken) if taken else None


def _rest(facts: Mapping[str, Any], whole: float, *, running: bool) -> float:
    """What is left of a phase that takes about ``whole`` seconds."""
    gone = time.time() - facts["phase"]["since"] if running and "phase" in facts else 0.0
    return max(0.0, whole - gone)
