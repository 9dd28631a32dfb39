"""gemcore.tasks.evaluation: the same bits always, test images untouched, global state kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gemcore import Cell, Skeleton
from gemcore.tasks import (
    ProxyTask,
    TrainingConfig,
    evaluate_cell,
    load_task,
    resolve_backend,
    train_final,
)

CELL = Cell(("input", "sepconv3x3", "conv1x1"), ((0, 1), (0, 2), (1, 2)))
SKELETON = Skeleton.preset("proxy", width=4)
TRAINING = TrainingConfig(epochs=2, final_epochs=3, batch_size=16, threads=1, device="cpu")


def striped(num_images: int = 120, num_classes: int = 2, shape: tuple[int, ...] = (3, 6, 6)) -> Any:
    """Images that anyone can tell apart: class k is brighter than class k - 1."""
    labels = np.arange(num_images) % num_classes
    generator = np.random.Generator(np.random.Philox(0))
    noise = generator.normal(0, 0.05, (num_images, *shape))
    return (labels / num_classes).reshape(-1, *[1] * len(shape)) + noise, labels


@pytest.fixture(scope="module")
def task() -> ProxyTask:
    return ProxyTask(*striped())


def evaluate(
    task: ProxyTask, seed: int = 0, training: TrainingConfig = TRAINING
) -> dict[str, float]:
    return evaluate_cell(CELL, task, skeleton=SKELETON, training=training, seed=seed)


def test_learns_digits() -> None:
    task = load_task("digits")
    assert task.skeleton is not None
    training = TrainingConfig(threads=1, device="cpu")
    found = evaluate_cell(CELL, task, skeleton=task.skeleton, training=training, seed=0)
    assert found["accuracy"] > 0.7
    names = ["accuracy", "balanced_accuracy", "macro_f1", "train_loss", "valid_loss"]
    assert sorted(found) == names
    assert all(type(value) is float for value in found.values())


def test_same_seed_gives_the_same_bits_whatever_ran_before(task: ProxyTask) -> None:
    first = evaluate(task)
    torch.rand(1000)
    evaluate(task, seed=1)
    assert evaluate(task) == first


def test_seed_decides(task: ProxyTask) -> None:
    assert evaluate(task, seed=1) != evaluate(task)


@contextmanager
def default_dtype() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        yield
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    "state",
    [default_dtype, threads, torch.no_grad, torch.inference_mode, lambda: torch.device("meta")],
    ids=["float64", "threads", "no_grad", "inference_mode", "default_device"],
)
def test_global_state_of_the_caller_changes_nothing(
    task: ProxyTask, state: Callable[[], Any]
) -> None:
    expected = evaluate(task)
    with state():
        dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
        inference = torch.is_inference_mode_enabled()
        assert evaluate(task) == expected
        assert torch.get_default_dtype() == dtype
        assert torch.is_grad_enabled() == grad
        assert torch.is_inference_mode_enabled() == inference


def test_generators_of_the_caller_are_kept(task: ProxyTask) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3), np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002
    torch.manual_seed(7)
    evaluate(task)
    assert torch.equal(torch.rand(3), expected[0])
    assert np.random.get_state()[1].tolist() == expected[1]  # type: ignore[index]  # noqa: NPY002


def test_global_state_is_kept_when_a_candidate_fails(task: ProxyTask) -> None:
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    diverging = replace(TRAINING, learning_rate=1e30)
    with pytest.raises(FloatingPointError, match="the training loss became nan"):
        evaluate(task, training=diverging)
    assert (torch.get_num_threads(), torch.get_default_dtype()) == (threads, dtype)
    assert torch.equal(torch.rand(3), expected)


def test_search_never_sees_test_images(task: ProxyTask) -> None:
    images, labels = striped()
    images[task.split.test] = 1e6
    spoiled = ProxyTask(images, labels)
    np.testing.assert_array_equal(spoiled.split.test, task.split.test)
    assert evaluate(spoiled) == evaluate(task)


def test_final_training_sees_validation_images_but_no_test_images(task: ProxyTask) -> None:
    def final_weights(changed: Any = slice(0)) -> list[torch.Tensor]:
        images, labels = striped()
        images[changed] = 0.3
        network, _ = train_final(
            CELL, ProxyTask(images, labels), skeleton=SKELETON, training=TRAINING, seed=0
        )
        return list(network.state_dict().values())

    expected = final_weights()
    for part, kept in ((task.split.test, True), (task.split.valid, False)):
        weights = final_weights(part)
        assert kept == all(map(torch.equal, weights, expected))


def test_final_network_is_ready_to_use(task: ProxyTask) -> None:
    network, metrics = train_final(CELL, task, skeleton=SKELETON, training=TRAINING, seed=0)
    measured = ["test_accuracy", "test_balanced_accuracy", "test_loss", "test_macro_f1"]
    assert sorted(metrics) == [*measured, "train_loss"]
    assert not any(module.training for module in network.modules())
    assert all(tensor.is_contiguous() for tensor in network.state_dict().values())
    with torch.no_grad():
        classes = network(task.preprocess(task.images[task.split.test])).argmax(1).numpy()
    share = float((classes == task.labels[task.split.test]).mean())
    assert share == pytest.approx(metrics["test_accuracy"])
    assert metrics["test_accuracy"] > 0.8


def test_final_training_shows_its_progress(
    task: ProxyTask, capsys: pytest.CaptureFixture[str]
) -> None:
    train_final(CELL, task, skeleton=SKELETON, training=TRAINING, seed=0, progress=True)
    out, err = capsys.readouterr()
    assert "final training" in err
    assert "3/3" in err
    assert out == ""


@pytest.mark.parametrize("num_images", range(33, 50))
def test_any_number_of_images_can_be_trained_on(num_images: int) -> None:
    task = ProxyTask(*striped(num_images, 2, (1, 4, 4)))
    training = replace(TRAINING, epochs=1, final_epochs=1)
    assert 0 <= evaluate(task, training=training)["accuracy"] <= 1
    _, metrics = train_final(CELL, task, skeleton=SKELETON, training=training, seed=0)
    assert 0 <= metrics["test_accuracy"] <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 5, 1), (4, 3, 2)])
def test_odd_images_can_be_trained_on(shape: tuple[int, ...]) -> None:
    images, labels = striped(24, 3, shape)
    task = ProxyTask(images, labels, channels="first" if len(shape) == 3 else None)
    assert 0 <= evaluate(task)["accuracy"] <= 1


def test_cell_that_prunes_to_its_input_is_a_network(task: ProxyTask) -> None:
    bare = Cell(("input", "conv1x1"))
    found = evaluate_cell(bare, task, skeleton=SKELETON, training=TRAINING, seed=0)
    assert 0 <= found["accuracy"] <= 1


def test_backend_that_was_stored_is_used(task: ProxyTask) -> None:
    backend = resolve_backend(TRAINING, SKELETON, input_size=task.input_size)
    stored = replace(backend, precision="bfloat16")
    found = evaluate_cell(CELL, task, skeleton=SKELETON, training=TRAINING, seed=0, backend=stored)
    assert found != evaluate(task)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": 3}, "task must be of type ProxyTask, got int 3"),
        ({"training": 3}, "training must be of type TrainingConfig, got int 3"),
        ({"seed": 0.5}, "seed must be an integer, got float 0.5"),
    ],
)
def test_bad_arguments_are_refused(task: ProxyTask, change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "task": task,
        "skeleton": SKELETON,
        "training": TRAINING,
        "seed": 0,
    } | change
    with pytest.raises(TypeError, match=message):
        evaluate_cell(CELL, **arguments)
