"""Cells as the invariant encoder reads them: who reads whom, unpacked on the device."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from gemcore.cell_batch import CellBatch
from gemcore.graph import canonicalize, prune
from gemcore.ops import OUTPUT
from gemcore.packing import ABSENT

NUM_RELATIONS = 4


class GraphTensors(NamedTuple):
    """B unpacked cells of at most N nodes.

    Args:
        adjacency: 0 or 1, uint8 ``[B, N, N]``; 1 at [b, u, v] is an edge u -> v.
        ops: Index of each node's operation, or their number K for an absent node, int64 ``[B, N]``.
    """

    adjacency: Tensor
    ops: Tensor

    def rows(self, index: Tensor) -> "GraphTensors":
        """The cells of these numbers."""
        return GraphTensors(self.adjacency[index], self.ops[index])

    def to(self, device: torch.device) -> "GraphTensors":
        """The same on another device."""
        return GraphTensors(self.adjacency.to(device), self.ops.to(device))


class GraphInput(NamedTuple):
    """What a network makes of the tensors of B cells before it has any weights.

    Args:
        ops: As in :class:`GraphTensors`, int64 ``[B, N]``.
        degrees: Logarithm of 1 + out-degree and of 1 + in-degree, float32 ``[B, N, 2]``.
        heard: What :func:`relations` gives, float32 ``[B, N, 4 N]``.
        readers: Weights of the nodes in the mean of the leaves and in that of all nodes, float32
            ``[B, 2, N]``.
    """

    ops: Tensor
    degrees: Tensor
    heard: Tensor
    readers: Tensor


def derive(graphs: GraphTensors, num_ops: int) -> GraphInput:
    """The input of a network for cells of K = ``num_ops`` operations."""
    edges = graphs.adjacency.to(torch.float32)
    present = (graphs.ops < num_ops).to(torch.float32)
    outputs, inputs = edges.sum(dim=2), edges.sum(dim=1)
    chosen = torch.stack([(outputs == 0) * present, present], dim=1)
    return GraphInput(
        graphs.ops,
        torch.stack([outputs, inputs], dim=2).log1p(),
        relations(edges),
        chosen / chosen.sum(dim=2, keepdim=True),
    )


@dataclass(frozen=True)
class GraphReader:
    """How cells become tensors.

    Args:
        op_names: What operations there are.
    """

    op_names: tuple[str, ...]

    def prepare(self, cells: CellBatch) -> CellBatch:
        """The cells pruned, in canonical order, with these operations.

        The order changes nothing but the last bits, which isomorphic cells then share.

        Raises:
            ValueError: If a cell has an operation that ``op_names`` lacks.
        """
        cells = cells.with_op_names(self.op_names)
        return canonicalize(prune(cells, to_output=OUTPUT in self.op_names))

    def inputs(self, prepared: CellBatch, device: torch.device) -> GraphInput:
        """What a network reads of prepared cells."""
        return derive(self.expand(prepared).to(device), len(self.op_names))

    def expand(self, prepared: CellBatch) -> GraphTensors:
        """The tensors of prepared cells, as wide as the largest of them."""
        width = int(prepared.sizes.max(initial=1))
        narrow = prepared.widen(width)
        ops = torch.tensor(narrow.ops, dtype=torch.int64)
        ops.masked_fill_(ops == ABSENT, len(self.op_names))
        return GraphTensors(torch.from_numpy(narrow.dense()), ops)


def relations(edges: Tensor) -> Tensor:
    """What a node hears of the others, float32 ``[B, N, 4 N]``.

    Column 4 u + r of row v tells whether v and u stand in relation r: u -> v; v -> u; both lead to
    one node; one node leads to both. Each row and relation is divided by the square root of its
    sum, so that many neighbors are more than few, but don't drown the node itself.

    Args:
        edges: float32 ``[B, N, N]``.
    """
    inputs = edges.transpose(1, 2)
    siblings = (edges @ inputs).clamp(max=1), (inputs @ edges).clamp(max=1)
    related = torch.stack([inputs, edges, *siblings], dim=-1)
    related = related / related.sum(dim=2, keepdim=True).clamp(min=1).sqrt()
    return related.flatten(2)
