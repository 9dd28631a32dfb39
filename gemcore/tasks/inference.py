"""Trained networks at work: logits, and the statistics that they rest on."""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from gemcore.tasks.recipe import Examples, Recipe

CHUNK = 256  # Images at once.


def predict_logits(network: nn.Module, examples: Examples, recipe: Recipe) -> Tensor:
    """Logits of the examples' images, float32 ``[N, num_classes]``."""
    everything = torch.arange(len(examples), dtype=torch.int64, device=examples.labels.device)
    # Chunks of nearly equal size, so that none is a single image.
    chunks = everything.tensor_split(max(1, len(examples) // CHUNK))
    with torch.no_grad(), recipe.autocast():
        parts = [network(recipe.prepare(examples.gather(chunk))).float() for chunk in chunks]
        return torch.cat(parts)


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
    predict_logits(network, examples, recipe)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
