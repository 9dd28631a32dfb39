"""Trials: one evaluation of one cell each, and the runners that carry them out."""

from gemcore.trials.local import LocalRunner
from gemcore.trials.making import UserTask, choose_num_workers, make_runner
from gemcore.trials.outcome import Outcome
from gemcore.trials.reported import read_metrics
from gemcore.trials.runner import InProcessRunner, TrialRunner
from gemcore.trials.settings import TrialSettings
from gemcore.trials.trial import Trial

__all__ = [
    "InProcessRunner",
    "LocalRunner",
    "Outcome",
    "Trial",
    "TrialRunner",
    "TrialSettings",
    "UserTask",
    "choose_num_workers",
    "make_runner",
    "read_metrics",
]
