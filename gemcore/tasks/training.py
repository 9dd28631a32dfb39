"""The training loop: whole data sets as tensors, batches gathered from them, no data loader.

The networks of a search are tiny: a step takes milliseconds, so what surrounds it must cost next
to nothing. Images stay in one array in their own dtype; a batch is one gather, one shift and one
standardization.
"""

import math
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from gemcore.philox import Stream, numpy_generator
from gemcore.tasks.augmentation import Augmenter, resolve_augmentation
from gemcore.tasks.inference import settle_statistics
from gemcore.tasks.recipe import Examples, Recipe
from gemcore.tasks.training_config import TrainingConfig

WARM_UP = 0.1  # Share of the steps in which the step size rises.


def fit_network(
    network: nn.Module,
    examples: Examples,
    recipe: Recipe,
    *,
    on_epoch: Callable[[], object] | None = None,
) -> float:
    """Trains a network in place and returns its mean loss in the last epoch.

    Batches and augmentation depend on (seed, epoch) alone: every candidate of a search sees the
    same ones, which makes their scores comparable.

    Args:
        network: On the device of ``examples``; float32.
        examples: At least two.
        recipe: How to train.
        on_epoch: Called after each epoch.

    Raises:
        FloatingPointError: If the loss is not finite.
    """
    channels, height, width = examples.size
    augment = resolve_augmentation(recipe.training.augment, channels)
    augmenter = Augmenter((height, width), augment)
    optimizer = _optimizer(network, recipe.training)
    loss = math.nan
    for epoch in range(recipe.epochs):
        network.train()
        loss = _fit_epoch(network, examples, recipe, augmenter, optimizer, epoch)
        if not math.isfinite(loss):
            raise FloatingPointError(f"the training loss became {loss} in epoch {epoch + 1}")
        if on_epoch is not None:
            on_epoch()
    settle_statistics(network, examples, recipe)
    return loss


def _fit_epoch(
    network: nn.Module,
    examples: Examples,
    recipe: Recipe,
    augmenter: Augmenter,
    optimizer: SGD,
    epoch: int,
) -> float:
    """One pass over the examples; their mean loss on the way."""
    training, labels = recipe.training, examples.labels
    draws = numpy_generator(recipe.seed, Stream.NETWORK_BATCHES, epoch)
    order = torch.from_numpy(draws.permutation(len(examples))).to(labels.device)
    moves = numpy_generator(recipe.seed, Stream.AUGMENTATION, epoch)
    choices = augmenter.draw(len(examples), moves).to(labels.device)
    total = torch.zeros((), dtype=torch.float32, device=labels.device)
    weights = recipe.weights_on(labels.device)
    # Batches of nearly equal size: a remainder of one image would have no batch statistics.
    batches = order.tensor_split(max(1, len(examples) // training.batch_size))
    for step, batch in enumerate(batches):
        progress = (epoch + step / len(batches)) / recipe.epochs
        _set_learning_rate(optimizer, training.learning_rate, progress)
        images = recipe.prepare(augmenter.change(examples.gather(batch), choices[:, batch]))
        with recipe.autocast():
            logits = network(images)
        loss = cross_entropy(
            logits.float(), labels[batch], weights, label_smoothing=training.label_smoothing
        )
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total += loss.detach() * (len(batch) / len(examples))
    return float(total)  # The one point at which a GPU is waited for.


def _optimizer(network: nn.Module, training: TrainingConfig) -> SGD:
    """Nesterov SGD; biases, scales and shifts are not pulled to 0."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": training.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return SGD(
        groups,
        lr=training.learning_rate,
        momentum=training.momentum,
        nesterov=training.momentum > 0,
        fused=True,
    )


def _set_learning_rate(optimizer: SGD, peak: float, progress: float) -> None:
    rise = min(1.0, (progress + 1e-3) / WARM_UP)
    for group in optimizer.param_groups:
        group["lr"] = peak * rise * 0.5 * (1 + math.cos(math.pi * progress))
