"""Trained networks at work: logits, and the statistics that they rest on."""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from gemcore.tasks.recipe import Examples, Recipe

CHUNK = 256  # Images at once, at most.
PIXELS = 256 * 256  # Of the images at once: as many as of 64 images of CIFAR.
FEWEST = 32  # Images at once where these are large, which statistics want.


def predict_logits(network: nn.Module, examples: Examples, recipe: Recipe) -> Tensor:
    """Logits of the examples' images, float32 ``[N, num_classes]``."""
    everything = torch.arange(len(examples), dtype=torch.int64, device=examples.labels.device)
    chunks = everything.tensor_split(_num_chunks(examples))
    with torch.no_grad(), recipe.autocast():
        parts = [network(recipe.prepare(examples.gather(chunk))).float() for chunk in chunks]
        return torch.cat(parts)


def _num_chunks(examples: Examples) -> int:
    """Into how many chunks of nearly equal size, so that none is a single image."""
    _, height, width = examples.size
    chunk = min(CHUNK, max(FEWEST, PIXELS // (height * width)))
    return max(1, len(examples) // chunk)


def settle_statistics(network: nn.Module, examples: Examples, recipe: Recipe) -> None:
    """Takes the statistics of batch normalization anew, and leaves the network in eval mode.

    The running ones lag behind the weights; after a few steps they are still near where they
    began, and the network would be scored far below what it learned.
    """
    layers = [m for m in network.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    momenta = [layer.momentum for layer in layers]
    network.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # The plain mean over all chunks.
        layer.train()
    everything = torch.arange(len(examples), dtype=torch.int64, device=examples.labels.device)
    number = _num_chunks(examples)
    with torch.no_grad(), recipe.autocast():
        for first in range(number):
            # Images of a folder lie class by class: each chunk takes some of all.
            network(recipe.prepare(examples.gather(everything[first::number])))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
