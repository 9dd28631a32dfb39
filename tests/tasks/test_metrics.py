"""Metrics by hand and by scikit-learn, a user's own, and what of theirs is refused."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from gemcore.cell import Cell
from gemcore.networks.skeleton import Skeleton
from gemcore.tasks import ProxyTask, TrainingConfig, evaluate_cell, train_final
from gemcore.tasks.metrics import measure
from gemcore.trials import choose_num_workers
from gemcore.trials.runner import evaluate_safely

CELL = Cell(("input", "conv1x1"), ((0, 1),))
SKELETON = Skeleton.preset("proxy", width=4)
TRAINING = TrainingConfig(epochs=1, final_epochs=1, threads=1, device="cpu")


def logits_of(predicted: list[int], num_classes: int) -> torch.Tensor:
    return 5 * torch.nn.functional.one_hot(torch.tensor(predicted), num_classes).float()


def test_by_hand() -> None:
    # Class 0: 3 of 4 recognized, 3 of 4 right; class 1: 1 of 2 and 1 of 2.
    metrics = measure(logits_of([0, 0, 0, 1, 1, 0], 2), torch.tensor([0, 0, 0, 0, 1, 1]), {})
    assert metrics["accuracy"] == pytest.approx(4 / 6)
    assert metrics["balanced_accuracy"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert metrics["macro_f1"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    wrong, right = math.log(1 + math.exp(5)), math.log(1 + math.exp(-5))
    assert metrics["loss"] == pytest.approx((2 * wrong + 4 * right) / 6, rel=1e-5)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30),
)
def test_as_scikit_learn_says(pairs: list[tuple[int, int]]) -> None:
    labels, predicted = ([pair[place] for pair in pairs] for place in (0, 1))
    metrics = measure(logits_of(predicted, 4), torch.tensor(labels), {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of classes that do not occur.
        balanced = balanced_accuracy_score(labels, predicted)
    assert metrics["accuracy"] == accuracy_score(labels, predicted)
    assert metrics["balanced_accuracy"] == pytest.approx(balanced)
    assert metrics["macro_f1"] == f1_score(labels, predicted, average="macro", zero_division=0)


def images(**options: Any) -> ProxyTask:
    labels = np.arange(60) % 2
    noise = np.random.default_rng(0).normal(0, 0.1, (60, 8, 8))
    return ProxyTask(labels[:, None, None] + noise, labels, **options)


def test_a_users_own_metric_is_told_labels_and_probabilities() -> None:
    seen = []

    def brier(labels: Any, probabilities: Any) -> Any:
        seen.append((labels.copy(), probabilities.copy()))
        labels[:] = 7  # What it changes reaches nobody.
        return np.float32(-0.25)

    task = images(metrics={"brier": brier})
    assert task.metric_names == ("accuracy", "balanced_accuracy", "macro_f1", "brier")
    metrics = evaluate_cell(CELL, task, skeleton=SKELETON, training=TRAINING, seed=0)
    assert metrics["brier"] == -0.25
    labels, probabilities = seen[0]
    assert np.array_equal(labels, task.labels[task.split.valid])
    assert probabilities.shape == (len(labels), 2)
    assert np.allclose(probabilities.sum(axis=1), 1)
    _, final = train_final(CELL, task, skeleton=SKELETON, training=TRAINING, seed=0)
    assert final["test_brier"] == -0.25


def test_with_metrics_of_ones_own_candidates_stay_in_this_process() -> None:
    options: dict[str, Any] = {"ops": ("input", "conv1x1"), "device": "cpu", "num_workers": 2}
    assert choose_num_workers(images(), **options) == 2
    assert choose_num_workers(images(metrics={"zero": lambda y, p: 0.0}), **options) == 1


def fail(labels: Any, probabilities: Any) -> float:
    raise ZeroDivisionError("no positives")


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda y, p: math.nan, "metric 'own' must return a finite number, got nan"),
        (lambda y, p: -math.inf, "metric 'own' must return a finite number, got -inf"),
        (lambda y, p: "0.5", "metric 'own' failed: TypeError: it returned str '0.5', which is no"),
        (lambda y, p: True, "metric 'own' failed: TypeError: it returned bool True, which is no"),
        (lambda y, p: None, "metric 'own' failed: TypeError: float"),
        (fail, "metric 'own' failed: ZeroDivisionError: no positives"),
    ],
)
def test_a_metric_that_fails_fails_the_trial_by_name(
    function: Callable[[Any, Any], Any], reason: str
) -> None:
    task = images(metrics={"own": function})

    def evaluate(cell: Cell, index: int) -> Any:
        return evaluate_cell(cell, task, skeleton=SKELETON, training=TRAINING, seed=0)

    outcome = evaluate_safely(evaluate, CELL, 0)
    assert outcome.status.startswith(f"failed: ValueError: {reason}")


@pytest.mark.parametrize(
    ("metrics", "error", "message"),
    [
        ({"accuracy": max}, ValueError, "metrics must have new names.*got 'accuracy'"),
        ({"valid_loss": max}, ValueError, "metrics must have new names.*got 'valid_loss'"),
        ({"test_own": max}, ValueError, "metrics must have new names.*got 'test_own'"),
        ({"my own": max}, ValueError, "metrics must have new names.*got 'my own'"),
        ({"own": 3}, TypeError, "metrics must be functions, got int 3 as 'own'"),
        ({3: max}, TypeError, "metrics must be of type str, got int 3"),
        ([max], TypeError, "metrics must be of type Mapping, got list"),
    ],
)
def test_metrics_are_checked(metrics: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        images(metrics=metrics)
