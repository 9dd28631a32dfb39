"""Trained networks at work: logits, and the statistics that they rest on."""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from gemcore.tasks.recipe import Recipe

CHUNK = 256  # Images at once.


def predict_logits(network: nn.Module, images: Tensor, recipe: Recipe) -> Tensor:
    """Logits of images as the task stores them, float32 ``[N, num_classes]``."""
    # Chunks of nearly equal size, so that none is a single image.
    chunks = images.tensor_split(max(1, len(images) // CHUNK))
    with torch.no_grad(), recipe.autocast():
        return torch.cat([network(recipe.prepare(chunk)).float() for chunk in chunks])


def settle_statistics(network: nn.Module, images: Tensor, recipe: Recipe) -> None:
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
    predict_logits(network, images, recipe)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
