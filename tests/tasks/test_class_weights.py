"""Weights of classes in training: by hand, and what they do."""

from typing import Any

import numpy as np
import pytest
import torch

from gemcore.cell import Cell
from gemcore.networks.skeleton import Skeleton
from gemcore.tasks import ProxyTask, TrainingConfig, evaluate_cell
from gemcore.tasks.class_weights import resolve_class_weights

LABELS = np.array([0] * 6 + [1] * 3 + [2])


def test_balanced_weights_make_classes_count_alike() -> None:
    weights = resolve_class_weights(TrainingConfig(class_weights="balanced"), LABELS, 3)
    assert weights == pytest.approx((10 / 18, 10 / 9, 10 / 3))
    assert weights is not None
    assert (np.bincount(LABELS) * weights).tolist() == pytest.approx([10 / 3] * 3)


def test_given_weights_are_taken_and_none_means_none() -> None:
    given = TrainingConfig(class_weights=(1, 2.5, 3))
    assert resolve_class_weights(given, LABELS, 3) == (1.0, 2.5, 3.0)
    assert resolve_class_weights(TrainingConfig(), LABELS, 3) is None


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ((1.0, 0.0), ValueError, "class_weights must be above 0, got 0"),
        ((1.0, -1.0), ValueError, "class_weights must be >= 0, got -1"),
        ("even", TypeError, "class_weights must be 'balanced' or numbers, got str 'even'"),
        ((1.0, "a"), TypeError, "class_weights must be a number, got str 'a'"),
    ],
)
def test_weights_are_checked(weights: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        TrainingConfig(class_weights=weights)


def test_a_weight_is_needed_for_each_class() -> None:
    with pytest.raises(ValueError, match="class_weights must be 3 numbers, one a class, got 2"):
        resolve_class_weights(TrainingConfig(class_weights=(1, 2)), LABELS, 3)


def test_a_rare_class_is_recognized_where_it_counts() -> None:
    labels = (np.arange(400) % 20 == 0).astype(int)
    rng = np.random.default_rng(0)
    images = 0.6 * labels[:, None, None] + rng.normal(0, 1, (400, 8, 8))
    task = ProxyTask(images, labels)
    recall = []
    choices: tuple[Any, ...] = (None, "balanced")
    for weights in choices:
        training = TrainingConfig(
            epochs=4,
            threads=1,
            device="cpu",
            augment="none",
            class_weights=weights,
        )
        cell, skeleton = Cell(("input", "conv1x1"), ((0, 1),)), Skeleton.preset("proxy", width=4)
        metrics = evaluate_cell(cell, task, skeleton=skeleton, training=training, seed=0)
        recall.append(metrics["balanced_accuracy"])
    assert recall[1] > recall[0] + 0.2


def test_weights_reach_the_loss() -> None:
    labels = np.arange(40) % 2
    task = ProxyTask(torch.randn(40, 8, 8, generator=torch.Generator().manual_seed(0)), labels)
    losses = []
    for weights in ((1.0, 1.0), (1.0, 9.0)):
        training = TrainingConfig(epochs=1, threads=1, device="cpu", class_weights=weights)
        cell, skeleton = Cell(("input", "conv1x1"), ((0, 1),)), Skeleton.preset("proxy", width=4)
        metrics = evaluate_cell(cell, task, skeleton=skeleton, training=training, seed=0)
        losses.append(metrics["train_loss"])
    assert losses[0] != losses[1]
