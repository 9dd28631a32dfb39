"""gemcore.tasks.training against the textbook, and at the edges of little data."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gemcore.philox import Stream, numpy_generator
from gemcore.tasks.backend import ResolvedBackend
from gemcore.tasks.inference import predict_logits, settle_statistics
from gemcore.tasks.preprocessing import Preprocessing
from gemcore.tasks.recipe import Examples, Recipe
from gemcore.tasks.training import fit_network
from gemcore.tasks.training_config import TrainingConfig

BACKEND = ResolvedBackend("cpu", "float32", "channels_last", 1, str(torch.__version__))
SMALL = Preprocessing((1, 2, 2), mean=(0.5,), std=(2.0,))


def recipe_of(training: TrainingConfig, preprocessing: Preprocessing = SMALL) -> Recipe:
    return Recipe(training, BACKEND, preprocessing, training.epochs, seed=5)


def random_examples(num_images: int, *shape: int) -> Examples:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(num_images, *shape, generator=generator)
    return Examples(images, torch.arange(num_images) % 2)


def linear_network() -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    for i, parameter in enumerate(network.parameters()):
        nn.init.constant_(parameter, 0.1 * (i + 1))
        parameter.data.view(-1)[0] = -0.3
    return network


def textbook_weights(examples: Examples, training: TrainingConfig) -> tuple[Tensor, Tensor]:
    """Softmax regression by its formulas: smoothed targets, Nesterov's momentum, a cosine."""
    weight, bias = (parameter.detach().double() for parameter in linear_network().parameters())
    speed = [torch.zeros_like(weight), torch.zeros_like(bias)]
    images = examples.gather(torch.arange(len(examples)))
    inputs = (images.flatten(1).double() - 0.5) / 2
    smoothing = training.label_smoothing
    targets = torch.full((len(inputs), 2), smoothing / 2, dtype=torch.float64)
    targets[torch.arange(len(inputs)), examples.labels] += 1 - smoothing
    num_batches = len(inputs) // training.batch_size
    for epoch in range(training.epochs):
        order = numpy_generator(5, Stream.NETWORK_BATCHES, epoch).permutation(len(inputs))
        for step, batch in enumerate(np.array_split(order, num_batches)):
            progress = (epoch * num_batches + step) / (training.epochs * num_batches)
            rate = training.learning_rate * min(1, (progress + 1e-3) / 0.1)
            rate *= (1 + math.cos(math.pi * progress)) / 2
            error = (inputs[batch] @ weight.T + bias).softmax(1) - targets[batch]
            slope = error.T @ inputs[batch] / len(batch) + training.weight_decay * weight
            for i, gradient in enumerate((slope, error.mean(0))):
                speed[i] = training.momentum * speed[i] + gradient
                change = rate * (gradient + training.momentum * speed[i])
                if i == 0:
                    weight = weight - change
                else:
                    bias = bias - change
    return weight, bias


def test_matches_textbook() -> None:
    examples = random_examples(11, 1, 2, 2)
    training = TrainingConfig(
        epochs=3, batch_size=3, learning_rate=0.5, weight_decay=0.1, label_smoothing=0.2
    )
    network = linear_network()
    fit_network(network, examples, recipe_of(training))
    expected = textbook_weights(examples, training)
    for actual, wanted in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(actual.detach().double(), wanted, rtol=1e-5, atol=1e-6)


class BatchSizes(nn.Module):
    """Notes how many images it is trained on at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 2)
        self.sizes: list[int] = []

    def forward(self, images: Tensor) -> Tensor:
        if self.training:
            self.sizes.append(len(images))
        logits: Tensor = self.linear(images.flatten(1))
        return logits


@pytest.mark.parametrize("num_images", [2, 3, 15, 16, 17, 31, 32, 33, 47, 48, 49, 1025])
def test_no_batch_is_smaller_than_asked_for(num_images: int) -> None:
    network = BatchSizes()
    training = TrainingConfig(epochs=1, batch_size=16)
    fit_network(network, random_examples(num_images, 1, 2, 2), recipe_of(training))
    assert sum(network.sizes) == num_images
    assert min(network.sizes) >= min(16, num_images)
    assert max(network.sizes) - min(network.sizes) <= 1


@pytest.mark.parametrize("num_images", [2, 3, 17, 257, 513])
def test_no_single_image_reaches_batch_statistics(num_images: int) -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 3, 2), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3, 2)
    )  # Maps 2 x 2 to 1 x 1: one image would be one value a channel, which torch refuses.
    training = TrainingConfig(epochs=1, batch_size=2)
    loss = fit_network(network, random_examples(num_images, 1, 2, 2), recipe_of(training))
    assert math.isfinite(loss)
    assert not any(module.training for module in network.modules())


def test_statistics_are_those_of_the_final_weights() -> None:
    examples = random_examples(40, 1, 2, 2)
    network = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(4, 2))
    layer = network[0]
    assert isinstance(layer, nn.BatchNorm2d)
    settle_statistics(network, examples, recipe_of(TrainingConfig()))
    inputs = (examples.gather(torch.arange(40)) - 0.5) / 2
    assert layer.running_mean is not None
    assert layer.running_var is not None
    torch.testing.assert_close(layer.running_mean, inputs.mean().view(1))
    torch.testing.assert_close(layer.running_var, inputs.var().view(1))
    assert layer.momentum == 0.1
    assert not layer.training


@pytest.mark.parametrize("size", [(2, 2), (32, 32), (64, 64)])
def test_statistics_do_not_depend_on_the_order_of_the_images(size: tuple[int, int]) -> None:
    images = torch.zeros(600, 1, *size)
    images[300:] = 1.0  # As in a folder: class by class.
    network = nn.BatchNorm2d(1)
    recipe = recipe_of(TrainingConfig(), Preprocessing((1, *size), (0.0,), (1.0,)))
    settle_statistics(network, Examples(images, torch.arange(600) // 300), recipe)
    assert network.running_mean is not None
    assert network.running_var is not None
    assert network.running_mean.item() == pytest.approx(0.5)
    assert network.running_var.item() == pytest.approx(0.25, rel=0.01)


def test_loss_that_is_not_finite_is_an_error() -> None:
    network = linear_network()
    next(network.parameters()).data[:] = math.nan
    with pytest.raises(FloatingPointError, match="the training loss became nan in epoch 1"):
        fit_network(network, random_examples(9, 1, 2, 2), recipe_of(TrainingConfig()))


def test_epochs_are_announced_and_frozen_weights_stay() -> None:
    network = linear_network()
    frozen = list(network.parameters())[1]
    frozen.requires_grad_(False)
    before, seen = frozen.clone(), []
    training = TrainingConfig(epochs=3)
    fit_network(
        network,
        random_examples(9, 1, 2, 2),
        recipe_of(training),
        on_epoch=lambda: seen.append(1),
    )
    assert len(seen) == 3
    assert torch.equal(frozen, before)


def test_bfloat16_trains_like_float32() -> None:
    losses = []
    for precision in ("float32", "bfloat16"):
        backend = ResolvedBackend("cpu", precision, "channels_last", 1, "any")
        recipe = Recipe(TrainingConfig(), backend, SMALL, 3, 0)
        losses.append(fit_network(linear_network(), random_examples(64, 1, 2, 2), recipe))
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


@pytest.mark.parametrize("num_images", [1, 255, 256, 257, 600])
def test_logits_come_in_the_order_of_the_images(num_images: int) -> None:
    examples = random_examples(num_images, 1, 2, 2)
    network = linear_network()
    expected = network((examples.gather(torch.arange(num_images)) - 0.5) / 2)
    actual = predict_logits(network, examples, recipe_of(TrainingConfig()))
    torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize("numbers", [[0], [3, 1], [5, 0, 2, 3]])
def test_examples_on_a_cpu_are_gathered_from_the_tasks_own_array(numbers: list[int]) -> None:
    images = np.arange(6 * 4, dtype=np.uint8).reshape(6, 1, 2, 2)
    images.flags.writeable = False
    labels = np.arange(6)
    index = np.array(numbers, dtype=np.int64)
    examples = Examples.select(images, labels, index, torch.device("cpu"))
    assert examples.images is images
    assert examples.size == (1, 2, 2)
    assert examples.labels.tolist() == numbers
    batch = torch.arange(len(numbers)).flip(0)
    np.testing.assert_array_equal(examples.gather(batch).numpy(), images[index[::-1]])
