"""Accuracy of a cell on a task: the one number that a search is after."""

import numpy as np
import torch
from numpy.typing import NDArray

from gemcore.arguments import check_seed, check_type
from gemcore.cell import Cell
from gemcore.networks.network import Network, build_network
from gemcore.networks.skeleton import Skeleton
from gemcore.progress import progress_bar
from gemcore.tasks.backend import ResolvedBackend, resolve_backend
from gemcore.tasks.class_weights import resolve_class_weights
from gemcore.tasks.inference import predict_logits
from gemcore.tasks.isolation import isolated
from gemcore.tasks.metrics import measure
from gemcore.tasks.proxy_task import ProxyTask
from gemcore.tasks.recipe import Examples, Recipe
from gemcore.tasks.training import fit_network
from gemcore.tasks.training_config import TrainingConfig


def evaluate_cell(
    cell: Cell,
    task: ProxyTask,
    *,
    skeleton: Skeleton,
    training: TrainingConfig,
    seed: int,
    backend: ResolvedBackend | None = None,
) -> dict[str, float]:
    """Trains the network of a cell on the training images and measures it on the validation ones.

    The same cell, task, settings, seed and backend give the same bits in every process, whatever
    ran before. Torch's generators, default dtype and number of threads stay the caller's.

    Args:
        cell: With ``input`` at node 0 and registered operations elsewhere.
        task: What to train on; its test images are not touched.
        skeleton: What surrounds the cell.
        training: How to train.
        seed: Of initial weights, batches and augmentation.
        backend: Where and in which numbers; default: as ``training`` and this machine say.

    Returns:
        On the validation images ``accuracy``, ``balanced_accuracy`` and ``macro_f1`` in [0, 1],
        the task's own metrics and ``valid_loss`` (cross-entropy); ``train_loss`` (as minimized,
        last epoch).

    Raises:
        ValueError: If the cell can't become a network, a metric of the task's own fails, or
            ``class_weights`` are not one a class.
        FloatingPointError: If the loss is not finite.
    """
    check_type("task", task, ProxyTask)
    recipe = _recipe(task, skeleton, training, seed, backend, task.split.train)
    with isolated(recipe.backend, seed) as device:
        network = _build(cell, task, skeleton, recipe)
        train = _examples(task, task.split.train, device)
        valid = _examples(task, task.split.valid, device)
        train_loss = fit_network(network, train, recipe)
        logits = predict_logits(network, valid, recipe)
        metrics = measure(logits, valid.labels, task.metrics)
        return metrics | {"valid_loss": metrics.pop("loss"), "train_loss": train_loss}


def train_final(
    cell: Cell,
    task: ProxyTask,
    *,
    skeleton: Skeleton,
    training: TrainingConfig,
    seed: int,
    backend: ResolvedBackend | None = None,
    progress: bool = False,
) -> tuple[Network, dict[str, float]]:
    """Trains the network of the final choice on all but the test images, and tests it once.

    Args:
        cell: As for :func:`evaluate_cell`.
        task: What to train on.
        skeleton: What surrounds the cell.
        training: How to train; ``final_epochs`` says for how long.
        seed: Of initial weights, batches and augmentation.
        backend: As for :func:`evaluate_cell`.
        progress: Whether to show a bar.

    Returns:
        The network, on the CPU and in eval mode, float32; and what :func:`evaluate_cell` measures,
        on the test images, by names that begin with ``test_``, beside ``train_loss``.

    Raises:
        ValueError: If the cell can't become a network.
        FloatingPointError: If the loss is not finite.
    """
    check_type("task", task, ProxyTask)
    known = task.split.known(len(task.labels))
    recipe = _recipe(task, skeleton, training, seed, backend, known, final=True)
    with (
        isolated(recipe.backend, seed) as device,
        progress_bar(recipe.epochs, "final training", enabled=progress, unit="epoch") as bar,
    ):
        network = _build(cell, task, skeleton, recipe)
        train = _examples(task, known, device)
        test = _examples(task, task.split.test, device)
        train_loss = fit_network(network, train, recipe, on_epoch=bar.update)
        logits = predict_logits(network, test, recipe)
        measured = measure(logits, test.labels, task.metrics)
        metrics = {f"test_{name}": value for name, value in measured.items()}
        metrics["train_loss"] = train_loss
    # The plain order in memory is what files and other frameworks expect of weights.
    return _moved(network, "cpu", torch.contiguous_format), metrics


def _recipe(
    task: ProxyTask,
    skeleton: Skeleton,
    training: TrainingConfig,
    seed: int,
    backend: ResolvedBackend | None,
    part: NDArray[np.int64],
    *,
    final: bool = False,
) -> Recipe:
    check_type("training", training, TrainingConfig)
    if backend is None:
        backend = resolve_backend(training, skeleton, input_size=task.input_size)
    epochs = training.final_epochs if final else training.epochs
    weights = resolve_class_weights(training, task.labels[part], task.num_classes)
    return Recipe(training, backend, task.preprocessing, epochs, check_seed(seed), weights)


def _build(cell: Cell, task: ProxyTask, skeleton: Skeleton, recipe: Recipe) -> Network:
    """The network with fresh weights, which are drawn on the CPU: the same on every device."""
    with torch.device("cpu"):
        network = build_network(
            cell, skeleton, num_classes=task.num_classes, in_channels=task.input_size[0]
        )
    return _moved(network, recipe.backend.device, recipe.backend.torch_format)


def _moved(network: Network, device: str, memory_format: torch.memory_format) -> Network:
    moved = network.to(device, torch.float32, memory_format=memory_format)  # type: ignore[call-overload]
    assert isinstance(moved, Network)
    return moved


def _examples(task: ProxyTask, part: NDArray[np.int64], device: torch.device) -> Examples:
    return Examples.select(task.images, task.labels, part, device)
