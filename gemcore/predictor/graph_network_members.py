"""A graph network with a head that tells scores, and how it is fitted."""

import copy
import threading
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, silu, softplus

from gemcore.encoder.invariant_input import GraphInput, GraphTensors, derive
from gemcore.encoder.invariant_network import (
    NOTHING_DROPPED,
    Dropout,
    InvariantNetwork,
    step_share,
)
from gemcore.encoder.layers import linear
from gemcore.philox import Stream, torch_generator
from gemcore.predictor.graph_network_config import GraphNetworkConfig

WARMUP = 0.1
AVERAGED_STEPS = 6  # The average of the weights reaches back over a sixth of the steps.


class LabelledCells(NamedTuple):
    """What a member is fitted to, on its device.

    Args:
        graphs: B cells.
        features: At scale, float32 ``[B, F]``.
        targets: Ranks, float32 ``[B]``.
    """

    graphs: GraphTensors
    features: Tensor
    targets: Tensor

    def rows(self, index: Tensor) -> "LabelledCells":
        """The cells of these numbers."""
        return LabelledCells(self.graphs.rows(index), self.features[index], self.targets[index])


class GraphMember(nn.Module):
    """Tells a rank from a cell's embedding and its features.

    Args:
        network: Where it starts; copied.
        num_features: F.
        generator: Of the head's weights.
    """

    def __init__(
        self, network: InvariantNetwork, num_features: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).requires_grad_(True)
        self.embedding = linear(network.embedding_dim, network.width, generator)
        self.features = linear(num_features, network.width, generator)
        self.out = linear(network.width, 1, generator)

    def forward(
        self, graphs: GraphInput, features: Tensor, drop: Dropout = NOTHING_DROPPED
    ) -> Tensor:
        """Ranks, float32 ``[B]``."""
        embedding = self.network(graphs, drop)
        seen = Dropout(drop.share / 2, drop.generator)(features)
        hidden = silu(self.embedding(embedding) + self.features(seen))
        ranks: Tensor = self.out(drop(hidden)).squeeze(1)
        return ranks


def rank_loss(predicted: Tensor, targets: Tensor) -> Tensor:
    r"""Mean over the pairs with :math:`t_i > t_j` of :math:`\log(1 + e^{p_j - p_i})`.

    Example:
        >>> rank_loss(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 2.0])).item() == \
        ...     torch.tensor(2.0).log().item()
        True

    Source: Burges et al., "Learning to Rank using Gradient Descent", ICML 2005 (RankNet).
    """
    above = (targets[:, None] > targets[None, :]).to(predicted.dtype)
    margins = predicted[:, None] - predicted[None, :]
    return (softplus(-margins) * above).sum() / above.sum().clamp(min=1)


class MemberFit:
    """One fit of a member to labelled cells.

    Args:
        member: What is fitted, in place; its weights end as their average over the last steps.
        config: How.
        cells: The labelled cells.
        seed: Of order and dropout.
        index: Which of the members it is.
    """

    def __init__(
        self,
        member: GraphMember,
        config: GraphNetworkConfig,
        cells: LabelledCells,
        *,
        seed: int,
        index: int,
    ) -> None:
        self.member = member
        self.config = config
        self.cells = cells
        self.num_ops = len(member.network.ops) - 1
        device = cells.targets.device
        self.order = torch_generator(seed, Stream.GRAPH_NETWORK, 3 * index + 1)
        dropped = torch_generator(seed, Stream.GRAPH_NETWORK, 3 * index + 2, device)
        num_cells = len(cells.targets)
        self.drop = Dropout(config.dropout_for(num_cells), dropped)
        body = list(member.network.parameters())
        head = [p for name, p in member.named_parameters() if not name.startswith("network.")]
        self.shares = config.body_share_for(num_cells), 1.0
        self.optimizer = torch.optim.AdamW(
            [{"params": body}, {"params": head}], weight_decay=config.weight_decay, fused=True
        )

    def run(self, num_steps: int, stop: threading.Event) -> None:
        """Fits; ends early where another thread says so."""
        parameters = [parameter.detach() for parameter in self.member.parameters()]
        averages = [parameter.clone() for parameter in parameters]
        keep = max(0.0, 1 - AVERAGED_STEPS / num_steps)
        for step, rows in enumerate(self._batches(num_steps)):
            if stop.is_set():
                return
            size = self.config.learning_rate * step_share(step, num_steps, WARMUP)
            self._step(self.cells.rows(rows), size)
            # A short history is averaged whole.
            new = 1 - min(keep, (step + 1) / (step + 10))
            torch._foreach_lerp_(averages, parameters, new)
        for parameter, average in zip(parameters, averages, strict=True):
            parameter.copy_(average)

    def _step(self, cells: LabelledCells, step_size: float) -> None:
        for group, share in zip(self.optimizer.param_groups, self.shares, strict=True):
            group["lr"] = step_size * share
        self.optimizer.zero_grad()
        with torch.enable_grad():
            predicted = self.member(derive(cells.graphs, self.num_ops), cells.features, self.drop)
            loss = mse_loss(predicted, cells.targets)
            loss = loss + self.config.rank_weight * rank_loss(predicted, cells.targets)
            loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.member.parameters(), 1.0)
        self.optimizer.step()

    def _batches(self, num_steps: int) -> Iterator[Tensor]:
        """Rows of each step: one random order of the cells after another, cut into batches."""
        num_cells = len(self.cells.targets)
        size = min(self.config.batch_size, num_cells)
        waiting = torch.empty(0, dtype=torch.int64)
        for _ in range(num_steps):
            while len(waiting) < size:
                waiting = torch.cat([waiting, torch.randperm(num_cells, generator=self.order)])
            yield waiting[:size].to(self.cells.targets.device)
            waiting = waiting[size:]
