"""The encoder's losses, equations 2 to 4 of the paper."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

EPS = 1e-8


def cosine_similarity(x: Tensor, y: Tensor) -> Tensor:
    r"""Cosine of the angle between two vectors, S_e (eq. 2).

    .. math::
        S_e(x, y) = \frac{\langle x, y \rangle}{\max(|x|, \epsilon) \max(|y|, \epsilon)}, \qquad
        \epsilon = 10^{-8}

    So it is 0 where a vector is 0, and its gradient is finite everywhere.

    Args:
        x: ``[..., d]``, of a floating-point dtype.
        y: The same.

    Returns:
        ``[...]``, in [-1, 1], of the same dtype.

    Example:
        >>> x, y = torch.tensor([[3.0, 0.0], [1.0, 1.0]]), torch.tensor([[0.0, 2.0], [2.0, 2.0]])
        >>> cosine_similarity(x, y).abs().round(decimals=4)
        tensor([0., 1.])

    Source: Cheng et al., "NASGEM", AAAI 2021, eq. 2.
    """
    return torch.nn.functional.cosine_similarity(x, y, dim=-1, eps=EPS)


def similarity_loss(x: Tensor, y: Tensor, similarity: Tensor) -> Tensor:
    """Mean of (S_e - S_g)^2 over pairs, L_s (eq. 3).

    Args:
        x: Embeddings of the first cells, ``[B, d]``.
        y: Embeddings of the second cells, ``[B, d]``.
        similarity: S_g, ``[B]``.

    Returns:
        A number >= 0, ``[]``.

    Example:
        >>> x, y = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
        >>> similarity_loss(x, y, torch.tensor([0.5]))
        tensor(0.2500)

    Source: Cheng et al., "NASGEM", AAAI 2021, eq. 3.
    """
    return (cosine_similarity(x, y) - similarity).square().mean()


def reconstruction_loss(logits: Tensor, edges: Tensor, ops: Tensor) -> Tensor:
    """How far a decoded graph is from the graph, L_r, averaged over graphs.

    The binary cross-entropy of the edges, a mean over all possible ones, plus the cross-entropy of
    the operations, a mean over nodes. Means, for sums over hundreds of edges would drown L_s <= 4.

    Args:
        logits: Of each possible edge, then of each node's operation, ``[B, E + N K]``.
        edges: 0 or 1, ``[B, E]``.
        ops: Index of each node's operation, int64 ``[B, N]``, in 0 .. K - 1.

    Returns:
        A number >= 0, ``[]``.

    Example:
        Two nodes of two operations, and nothing known: log 2 for the edge, log 2 for each node.

        >>> edges, ops = torch.ones(1, 1), torch.tensor([[0, 1]])
        >>> reconstruction_loss(torch.zeros(1, 5), edges, ops)
        tensor(1.3863)

    Source: Cheng et al., "NASGEM", AAAI 2021, section 3.1, which leaves its form open.
    """
    edge_logits, op_logits = split_logits(logits, edges.shape[1], ops.shape[1])
    edge_loss = edge_logits.sum()  # 0: a graph of one node has no possible edge to average over.
    if edges.shape[1]:
        edge_loss = binary_cross_entropy_with_logits(edge_logits, edges.to(logits.dtype))
    return edge_loss + cross_entropy(op_logits.flatten(0, 1), ops.flatten())


def split_logits(logits: Tensor, num_edges: int, num_nodes: int) -> tuple[Tensor, Tensor]:
    """Logits of the edges ``[B, E]`` and of the operations ``[B, N, K]``."""
    num_ops = (logits.shape[1] - num_edges) // num_nodes
    return logits[:, :num_edges], logits[:, num_edges:].reshape(-1, num_nodes, num_ops)


class Coded(NamedTuple):
    """Graphs beside what encoder and decoder make of them.

    Args:
        embedding: E(x), ``[B, d]``.
        logits: D(E(x)), ``[B, E + N K]``.
        edges: 0 or 1, ``[B, E]``.
        ops: int64 ``[B, N]``.
    """

    embedding: Tensor
    logits: Tensor
    edges: Tensor
    ops: Tensor


def pair_loss(
    x: Coded,
    y: Coded,
    similarity: Tensor,
    *,
    similarity_weight: float = 1.0,
    reconstruction_weight: float = 1.0,
) -> Tensor:
    r"""What encoder and decoder are trained on (eq. 4), averaged over pairs.

    .. math::
        w_s L_s(x, y) + w_r (L_r(x) + L_r(y))

    A term of weight 0 is not computed.

    Args:
        x: The first cells of B pairs.
        y: The second cells.
        similarity: S_g, ``[B]``.
        similarity_weight: w_s, 1 in the paper.
        reconstruction_weight: w_r, 1 in the paper.

    Returns:
        A number >= 0, ``[]``.

    Source: Cheng et al., "NASGEM", AAAI 2021, eq. 4.
    """
    loss = x.embedding.new_zeros(())
    if similarity_weight:
        loss = loss + similarity_weight * similarity_loss(x.embedding, y.embedding, similarity)
    if reconstruction_weight:
        for half in (x, y):
            term = reconstruction_loss(half.logits, half.edges, half.ops)
            loss = loss + reconstruction_weight * term
    return loss
