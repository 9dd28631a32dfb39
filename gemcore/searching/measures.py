"""What the best network of a search is worth, in words and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from gemcore.searching.record import SearchRecord
from gemcore.trials.trial import Trial

ACCURACY = "accuracy"


@dataclass(frozen=True)
class Measure:
    """One number that tells how good a network is.

    Args:
        label: For people.
        name: In the metrics of a trial, or of the final training.
        on_test: Whether the final training has it.
    """

    label: str
    name: str
    on_test: bool

    def of(self, trial: Trial, final: Mapping[str, float]) -> float | None:
        """The number, if it was measured."""
        return final.get(self.name) if self.on_test else trial.metrics.get(self.name)


def list_measures(metric: str) -> list[Measure]:
    """Accuracy, and the metric of a search where it is another; on test images first.

    Example:
        >>> [measure.label for measure in list_measures("macro_f1")][:3]
        ['test accuracy', 'test macro_f1', 'validation accuracy']
    """
    names = dict.fromkeys((ACCURACY, metric))
    on_test = [Measure(f"test {name}", f"test_{name}", True) for name in names]
    return on_test + [Measure(f"validation {name}", name, False) for name in names]


def describe_worth(record: SearchRecord) -> str:
    """Accuracy and cost of the best network, for the middle of a sentence."""
    best = record.best
    assert best is not None
    final = {} if record.final is None else record.final.metrics
    measures = list_measures(record.setting.config.metric)
    values = [(measure.label, measure.of(best, final)) for measure in measures]
    parts = [f"{label} {value:.4f}" for label, value in values if value is not None]
    costs = {"multiply-adds an image": best.macs, "parameters": best.params}
    parts += [f"{number:,} {name}" for name, number in costs.items() if number]
    return ", ".join(parts)
