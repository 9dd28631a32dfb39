"""gemcore.encoder.losses: equations 2 to 4 by hand, and their gradients."""

import math

import pytest
import torch
from torch import Tensor

from gemcore.encoder.losses import (
    Coded,
    cosine_similarity,
    pair_loss,
    reconstruction_loss,
    similarity_loss,
)

FLOAT64 = torch.float64


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=FLOAT64)


def coded(num_graphs: int, seed: int) -> Coded:
    """Random embeddings and logits of graphs of 3 nodes (3 possible edges) and 2 operations."""
    generator = torch.Generator().manual_seed(seed)
    edges = torch.randint(2, (num_graphs, 3), generator=generator)
    ops = torch.randint(3, (num_graphs, 3), generator=generator)
    return Coded(numbers(num_graphs, 4, seed=seed), numbers(num_graphs, 12, seed=seed), edges, ops)


def test_cosine_by_hand() -> None:
    x = torch.tensor([[3.0, 4.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]], dtype=FLOAT64)
    y = torch.tensor([[4.0, 3.0], [0.0, 5.0], [-2.0, 0.0], [1.0, 1.0]], dtype=FLOAT64)
    expected = torch.tensor([24 / 25, 0, -1, 0], dtype=FLOAT64)
    torch.testing.assert_close(cosine_similarity(x, y), expected)


def test_cosine_ignores_length() -> None:
    x, y = numbers(8, 5), numbers(8, 5, seed=1)
    torch.testing.assert_close(cosine_similarity(3 * x, 0.5 * y), cosine_similarity(x, y))


def test_similarity_loss_by_hand() -> None:
    x = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=FLOAT64)
    y = torch.tensor([[0.0, 1.0], [1.0, 1.0]], dtype=FLOAT64)
    similarity = torch.tensor([0.5, 1.0], dtype=FLOAT64)
    expected = (0.5**2 + (1 - math.sqrt(0.5)) ** 2) / 2
    assert similarity_loss(x, y, similarity).item() == pytest.approx(expected)


def test_reconstruction_loss_by_hand() -> None:
    # Two nodes, one possible edge, two operations. Logits: edge 1; node 0: (0, 2); node 1: (1, 1).
    logits = torch.tensor([[1.0, 0.0, 2.0, 1.0, 1.0]], dtype=FLOAT64)
    loss = reconstruction_loss(logits, torch.tensor([[0]]), torch.tensor([[1, 0]]))
    edge = math.log(1 + math.e)  # Of an absent edge: -log(1 - sigmoid(1)).
    ops = (math.log(1 + math.exp(-2)) + math.log(2)) / 2
    assert loss.item() == pytest.approx(edge + ops)


def test_reconstruction_of_one_node_counts_its_operation_alone() -> None:
    logits = torch.zeros(4, 3, dtype=FLOAT64)
    loss = reconstruction_loss(logits, torch.zeros(4, 0), torch.zeros(4, 1, dtype=torch.int64))
    assert loss.item() == pytest.approx(math.log(3))


def test_pair_loss_is_the_weighted_sum() -> None:
    x, y, similarity = coded(5, seed=1), coded(5, seed=2), torch.rand(5, dtype=FLOAT64)
    guided = similarity_loss(x.embedding, y.embedding, similarity).item()
    rebuilt = sum(reconstruction_loss(c.logits, c.edges, c.ops).item() for c in (x, y))
    assert pair_loss(x, y, similarity).item() == pytest.approx(guided + rebuilt)
    weighted = pair_loss(x, y, similarity, similarity_weight=3.0, reconstruction_weight=0.5)
    assert weighted.item() == pytest.approx(3 * guided + 0.5 * rebuilt)
    alone = pair_loss(x, y, similarity, reconstruction_weight=0.0)
    assert alone.item() == pytest.approx(guided)


def test_gradients() -> None:
    x, y, similarity = coded(3, seed=3), coded(3, seed=4), torch.rand(3, dtype=FLOAT64)

    def loss(
        embedding_x: Tensor, embedding_y: Tensor, logits_x: Tensor, logits_y: Tensor
    ) -> Tensor:
        return pair_loss(
            Coded(embedding_x, logits_x, x.edges, x.ops),
            Coded(embedding_y, logits_y, y.edges, y.ops),
            similarity,
        )

    inputs = (x.embedding, y.embedding, x.logits, y.logits)
    assert torch.autograd.gradcheck(loss, tuple(part.requires_grad_() for part in inputs))


def test_zero_vector_has_a_finite_gradient() -> None:
    x = torch.zeros(1, 3, dtype=FLOAT64, requires_grad=True)
    similarity_loss(x, numbers(1, 3), torch.tensor([0.5], dtype=FLOAT64)).backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
