"""Several small networks of one shape, run and fitted side by side as batched products."""

import math
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from gemcore.philox import Stream, torch_generator
from gemcore.predictor.config import PredictorConfig

CHUNK = 8192  # Rows at once in a prediction: the widest activation then stays within a few MB.


class Members:
    """M fully connected ReLU networks from ``num_inputs`` numbers to one.

    Weights of a layer are one tensor ``[M, in, out]``: on small data a batched product costs
    little more than a single one, and the optimizer treats members apart since no term joins them.
    """

    def __init__(self, weights: list[Tensor], biases: list[Tensor]) -> None:
        self.weights = weights
        self.biases = biases

    @classmethod
    def initial(cls, num_inputs: int, config: PredictorConfig, *, seed: int) -> "Members":
        """Fresh members, drawn uniformly in +- 1/sqrt(inputs of the layer), as torch's Linear."""
        widths = (num_inputs, *config.hidden, 1)
        generators = [
            torch_generator(seed, Stream.PREDICTOR_WEIGHTS, member)
            for member in range(config.num_members)
        ]
        weights, biases = [], []
        for rows, columns in pairwise(widths):
            bound = 1 / math.sqrt(rows)
            drawn = [_uniform((rows + 1, columns), bound, generator) for generator in generators]
            layer = torch.stack(drawn)
            weights.append(layer[:, :-1].clone())
            biases.append(layer[:, -1:].clone())
        return cls(weights, biases)

    @property
    def num_members(self) -> int:
        """M."""
        return self.weights[0].shape[0]

    def parameters(self) -> list[Tensor]:
        """All tensors that are learned."""
        return [*self.weights, *self.biases]

    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs ``[M, B]`` for inputs ``[M, B, num_inputs]``."""
        hidden = inputs
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            hidden = torch.relu(torch.baddbmm(bias, hidden, weight))
        return torch.baddbmm(self.biases[-1], hidden, self.weights[-1]).squeeze(-1)

    @torch.no_grad()
    def predict(self, inputs: Tensor) -> Tensor:
        """Outputs ``[M, B]`` for one set of inputs ``[B, num_inputs]``."""
        shared = [
            self.forward(chunk.expand(self.num_members, -1, -1))
            for chunk in torch.split(inputs, CHUNK)
        ]
        return torch.cat(shared, dim=1)

    @torch.no_grad()
    def rescale(self, scale: Tensor, shift: Tensor) -> None:
        """Makes each output ``scale`` times what it was, plus ``shift``; ``[M]`` each."""
        self.weights[-1].mul_(scale[:, None, None])
        self.biases[-1].mul_(scale[:, None, None]).add_(shift[:, None, None])

    def lipschitz_bounds(self) -> Tensor:
        r"""How much faster than its input each member's output can change, float64 ``[M]``.

        .. math:: |f(x) - f(x')| \le \prod_l \|W_l\|_2 \, |x - x'|

        for a ReLU moves two numbers no farther apart; with the largest singular value of each
        layer. The true constant is mostly smaller, for no direction is the worst of all layers.
        """
        norms = [torch.linalg.matrix_norm(weight.double(), ord=2) for weight in self.weights]
        return torch.stack(norms).prod(dim=0)

    def to_tensors(self) -> dict[str, Tensor]:
        """Names and tensors, for a file."""
        return dict(self._named())

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> "Members":
        """Reads what :meth:`to_tensors` gave."""
        depth = sum(name.startswith("weight.") for name in tensors)
        weights = [tensors[f"weight.{layer}"] for layer in range(depth)]
        return cls(weights, [tensors[f"bias.{layer}"] for layer in range(depth)])

    def _named(self) -> Iterator[tuple[str, Tensor]]:
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            yield f"weight.{layer}", weight.detach()
            yield f"bias.{layer}", bias.detach()


def _uniform(shape: tuple[int, int], bound: float, generator: torch.Generator) -> Tensor:
    drawn = torch.rand(shape, generator=generator, dtype=torch.float32)
    return (2 * drawn - 1) * bound
