"""Fully connected networks with weights drawn from a generator of their own (section 3.1)."""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.utils import skip_init


def fully_connected(sizes: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    """Linear layers from ``sizes[0]`` to ``sizes[-1]`` numbers with ReLU between them, in float32.

    Args:
        sizes: Numbers that go in, widths of the hidden layers, numbers that come out.
        generator: Of the weights; torch's global one is left alone. On the CPU.
    """
    layers: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        if layers:
            layers.append(nn.ReLU())
        layers.append(linear(fan_in, fan_out, generator))
    return nn.Sequential(*layers)


def linear(fan_in: int, fan_out: int, generator: torch.Generator) -> nn.Linear:
    """A layer with torch's default distribution of weights: uniform within 1 / sqrt(fan_in)."""
    # skip_init draws nothing; the constructor would draw from the global generator.
    layer: nn.Linear = skip_init(nn.Linear, fan_in, fan_out, dtype=torch.float32)  # type: ignore[no-untyped-call]
    bound = 1 / math.sqrt(fan_in)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-bound, bound, generator=generator)
    return layer
