"""Fitting the members of a predictor to standardized targets."""

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

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
    """Minimizes the loss of each member, in place.

    A ranking loss leaves level and scale of the outputs open: they are then given the mean and the
    spread of the targets by the last layer, which keeps their order.

    Args:
        members: What is fitted.
        inputs: float32 ``[B, num_inputs]``.
        targets: float32 ``[B]``, standardized.
        config: Loss, batch size, learning rate and weight decay.
        epochs: Passes over the data.
        seed: Of the order of the data, which differs from member to member.
    """
    generator = torch_generator(seed, Stream.PREDICTOR_BATCHES)
    parameters = [tensor.requires_grad_() for tensor in members.parameters()]
    optimizer = torch.optim.AdamW(
        parameters, lr=config.learning_rate, weight_decay=config.weight_decay, foreach=True
    )
    losses = LOSSES[config.loss]
    with torch.enable_grad():
        for epoch in range(epochs):
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * _cosine(epoch / epochs)
            order = _orders(members.num_members, len(targets), generator)
            for rows in torch.split(order, config.batch_size, dim=1):
                optimizer.zero_grad()
                loss = losses(members.forward(inputs[rows]), targets[rows])
                # A sum over members: each then has the gradient of its own loss.
                loss.sum().backward()  # type: ignore[no-untyped-call]
                optimizer.step()
    for tensor in parameters:
        tensor.requires_grad_(False)
    if config.loss == "ranking":
        _match_scale(members, inputs, targets)


def squared_errors(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error of each member, ``[M]``, of outputs and targets ``[M, B]``."""
    return (outputs - targets).square().mean(dim=1)


def ranking_losses(outputs: Tensor, targets: Tensor) -> Tensor:
    r"""Logistic loss of the order of each two rows, a mean over pairs of unequal targets.

    .. math::
        \frac{1}{|\{(i, j): t_i > t_j\}|} \sum_{t_i > t_j} \log(1 + e^{f_j - f_i})

    Args:
        outputs: f, ``[M, B]``.
        targets: t, ``[M, B]``.

    Returns:
        ``[M]``; 0 where all targets are equal.

    Example:
        >>> ranking_losses(torch.tensor([[0.0, 2.0, 2.0]]), torch.tensor([[0.0, 1.0, 1.0]]))
        tensor([0.1269])

    Source: Burges et al., "Learning to rank using gradient descent", ICML 2005.
    """
    ordered = targets.unsqueeze(2) > targets.unsqueeze(1)
    surprise = softplus(outputs.unsqueeze(1) - outputs.unsqueeze(2))
    return (surprise * ordered).sum(dim=(1, 2)) / ordered.sum(dim=(1, 2)).clamp(min=1)


LOSSES = {"mse": squared_errors, "ranking": ranking_losses}


def _match_scale(members: Members, inputs: Tensor, targets: Tensor) -> None:
    outputs = members.predict(inputs)
    spread = outputs.std(dim=1, correction=0)
    scale = torch.where(spread > 0, targets.std(correction=0) / spread, torch.ones_like(spread))
    members.rescale(scale, targets.mean() - scale * outputs.mean(dim=1))


def _orders(num_members: int, num_rows: int, generator: torch.Generator) -> Tensor:
    """A random order of the rows for each member, int64 ``[M, B]``."""
    keys = torch.rand((num_members, num_rows), generator=generator, dtype=torch.float64)
    return keys.argsort(dim=1)


def _cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))
