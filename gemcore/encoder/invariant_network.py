"""A small graph network whose embedding does not depend on how nodes are numbered."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, silu

from gemcore.encoder.invariant_config import InvariantConfig
from gemcore.encoder.invariant_input import NUM_RELATIONS, GraphInput
from gemcore.encoder.layers import linear


class Dropout(NamedTuple):
    """Zeroes numbers with the given probability and scales up the rest.

    Args:
        share: The probability; 0 leaves all as it is.
        generator: Of the choice, on the device of the numbers.
    """

    share: float
    generator: torch.Generator | None = None

    def __call__(self, numbers: Tensor) -> Tensor:
        if not self.share:
            return numbers
        drawn = torch.rand(
            numbers.shape, generator=self.generator, device=numbers.device, dtype=numbers.dtype
        )
        return numbers * (drawn >= self.share) / (1 - self.share)


NOTHING_DROPPED = Dropout(0.0)


class InvariantNetwork(nn.Module):
    r"""Nodes exchange messages along edges, against them, and among siblings; then they are read.

    A layer turns the state :math:`h_v` of a node, normalized to :math:`x_v`, into

    .. math:: h_v + W_o \left[ \operatorname{silu}\Big(W_0 x_v + \sum_{r} \sum_u
        \frac{R^r_{vu}}{\sqrt{\deg_r(v)}} W_r x_u\Big) \odot V x_v \right]

    for the four relations r of :func:`relations`, with m numbers inside the brackets. The
    embedding joins the states of the input, of the output (or the mean of the leaves) and the mean
    of all nodes, normalized.

    Args:
        num_ops: K.
        config: Numbers of a node d and of a message m, and how many layers.
        generator: Of the weights.

    Source: Dauphin et al., "Language Modeling with Gated Convolutional Networks", 2017 (gates);
    Xu et al., "NN-Former", CVPR 2025 (messages among siblings).
    """

    def __init__(self, num_ops: int, config: InvariantConfig, generator: torch.Generator) -> None:
        super().__init__()
        self.width = width = config.width
        table = torch.randn(num_ops + 1, width, generator=generator, dtype=torch.float32)
        self.ops = nn.Parameter(table)
        self.degrees = linear(2, width, generator)
        self.layers = nn.ModuleList(
            GatedMessages(width, config.message_width, generator) for _ in range(config.num_layers)
        )

    @property
    def embedding_dim(self) -> int:
        """Numbers in an embedding, 3 d."""
        return 3 * self.width

    def forward(self, graphs: GraphInput, drop: Dropout = NOTHING_DROPPED) -> Tensor:
        """Embeddings, float32 ``[B, 3 d]``."""
        states = self.ops[graphs.ops] + self.degrees(graphs.degrees)
        for layer in self.layers:
            states = layer(states, graphs.heard, drop)
        means = torch.bmm(graphs.readers, states).flatten(1)
        joined = torch.cat([states[:, 0], means], dim=1)
        return layer_norm(joined, joined.shape[1:])


class GatedMessages(nn.Module):
    """One exchange of messages; see :class:`InvariantNetwork`."""

    def __init__(self, width: int, inner: int, generator: torch.Generator) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width, dtype=torch.float32))
        self.shift = nn.Parameter(torch.zeros(width, dtype=torch.float32))
        self.own = linear(width, 2 * inner, generator)
        self.messages = linear(width, NUM_RELATIONS * inner, generator)
        self.out = linear(inner, width, generator)

    def forward(self, states: Tensor, heard: Tensor, drop: Dropout) -> Tensor:
        """The next states ``[B, N, d]``."""
        size, num_nodes, width = states.shape
        normal = layer_norm(states, (width,), self.scale, self.shift)
        gate, value = self.own(normal).chunk(2, dim=2)
        sent = self.messages(normal).view(size, num_nodes * NUM_RELATIONS, gate.shape[2])
        gate = torch.baddbmm(gate, heard, sent)
        return states + drop(self.out(silu(gate) * value))


def step_share(step: int, num_steps: int, warmup: float) -> float:
    """Share of the peak step size: up in a line, then down to 0 along half a cosine.

    Example:
        >>> step_share(4, 100, 0.1), step_share(9, 100, 0.1), round(step_share(55, 100, 0.1), 2)
        (0.5, 1.0, 0.5)
    """
    rising = warmup * num_steps
    if step + 1 <= rising:
        return (step + 1) / rising
    return (1 + math.cos(math.pi * (step - rising) / (num_steps - rising))) / 2


class Teller(nn.Module):
    """An :class:`InvariantNetwork` and the linear functions of its embedding that it is taught by.

    Args:
        num_ops: K.
        num_features: Features of a cell, F.
        config: Shape.
        generator: Of the weights.
    """

    def __init__(
        self, num_ops: int, num_features: int, config: InvariantConfig, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.network = InvariantNetwork(num_ops, config, generator)
        self.kernel = linear(self.network.embedding_dim, config.kernel_dim, generator)
        self.features = linear(self.network.embedding_dim, num_features, generator)

    def forward(self, graphs: GraphInput) -> tuple[Tensor, Tensor]:
        """Inner products of the first and the second half of the cells ``[B]``, features of all."""
        embedding = self.network(graphs)
        first, second = self.kernel(embedding).chunk(2)
        # Of unit size at first, whatever their length.
        product = (first * second).mean(dim=1)
        return product, self.features(embedding)
