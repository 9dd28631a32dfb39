"""Fitting the members of a predictor to standardized scores."""

import math

import torch
from torch import Tensor

from gemcore.philox import Stream, torch_generator
from gemcore.predictor.config import PredictorConfig
from gemcore.predictor.members import Members


def fit_members(
    members: Members,
    inputs: Tensor,
    targets: Tensor,
    config: PredictorConfig,
    *,
    epochs: int,
    seed: int,
) -> None:
    """Minimizes the mean squared error of each member, in place.

    Args:
        members: What is fitted.
        inputs: float32 ``[B, num_inputs]``.
        targets: float32 ``[B]``, standardized.
        config: Batch size, learning rate and weight decay.
        epochs: Passes over the data.
        seed: Of the order of the data, which differs from member to member.
    """
    generator = torch_generator(seed, Stream.PREDICTOR_BATCHES)
    parameters = [tensor.requires_grad_() for tensor in members.parameters()]
    optimizer = torch.optim.AdamW(
        parameters, lr=config.learning_rate, weight_decay=config.weight_decay, foreach=True
    )
    with torch.enable_grad():
        for epoch in range(epochs):
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * _cosine(epoch / epochs)
            order = _orders(members.num_members, len(targets), generator)
            for rows in torch.split(order, config.batch_size, dim=1):
                optimizer.zero_grad()
                errors = members.forward(inputs[rows]) - targets[rows]
                # A sum over members: each then has the gradient of its own mean error.
                errors.square().mean(dim=1).sum().backward()  # type: ignore[no-untyped-call]
                optimizer.step()
    for tensor in parameters:
        tensor.requires_grad_(False)


def _orders(num_members: int, num_rows: int, generator: torch.Generator) -> Tensor:
    """A random order of the rows for each member, int64 ``[M, B]``."""
    keys = torch.rand((num_members, num_rows), generator=generator, dtype=torch.float64)
    return keys.argsort(dim=1)


def _cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))
