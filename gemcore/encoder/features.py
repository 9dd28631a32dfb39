"""Cells as the numbers that the encoder reads, unpacked on the device that needs them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from gemcore.cell_batch import CellBatch
from gemcore.encoder.config import EncoderConfig
from gemcore.graph import canonicalize, prune
from gemcore.ops import OUTPUT
from gemcore.packing import ABSENT, pack, words_for
from gemcore.space import SearchSpace


@dataclass(frozen=True)
class FlatInput:
    """How a cell of at most N nodes becomes a vector: the flattened graph of section 3.1.

    Args:
        num_nodes: N.
        op_names: What operations there are, in the order of the one-hot numbers.
        prune: Whether nodes that no data reaches are dropped first.
        canonical: Whether nodes are put in canonical order first: isomorphic cells are then equal.
        signed: Whether the numbers are -1 and 1 instead of 0 and 1.
    """

    num_nodes: int
    op_names: tuple[str, ...]
    prune: bool = True
    canonical: bool = True
    signed: bool = False

    @classmethod
    def of(cls, space: SearchSpace | CellBatch, config: EncoderConfig) -> "FlatInput":
        """How cells of the space, or of a batch, are read under these settings."""
        return cls(
            space.num_nodes, tuple(space.op_names), config.prune, config.canonical, config.signed
        )

    @property
    def num_edges(self) -> int:
        """Possible edges, N (N - 1) / 2."""
        return self.num_nodes * (self.num_nodes - 1) // 2

    @property
    def num_features(self) -> int:
        """Length of the vector: possible edges, then a one-hot operation for each node."""
        return self.num_edges + self.num_nodes * len(self.op_names)

    @property
    def num_logits(self) -> int:
        """Length of what the decoder gives: as the vector, with "absent" as one more operation."""
        return self.num_features + self.num_nodes

    def prepare(self, cells: CellBatch) -> CellBatch:
        """The cells as they are read: pruned and ordered as asked, N wide, with these operations.

        Raises:
            ValueError: If a cell has more than N nodes or an operation that ``op_names`` lacks.
        """
        if self.prune:
            cells = prune(cells, to_output=OUTPUT in cells.op_names)
        if self.canonical:
            cells = canonicalize(cells)
        return cells.with_op_names(self.op_names).widen(self.num_nodes)

    def expand(self, prepared: CellBatch, device: torch.device) -> "GraphTensors":
        """Edges and operations of prepared cells, unpacked on the device."""
        return self.unpack(PackedTensors.of(prepared), device)

    def unpack(self, packed: "PackedTensors", device: torch.device) -> "GraphTensors":
        """The same of packed tensors, wherever they are."""
        octets, ops = packed.octets.to(device), packed.ops.to(device)
        octet, bit = _places(self.num_nodes, device)
        # gather is four times as fast as index_select here.
        edges = octets.gather(1, octet.expand(len(octets), -1)).bitwise_and_(bit).ne_(0)
        kinds = ops.to(torch.int64)
        return GraphTensors(edges, kinds.masked_fill_(kinds == ABSENT, len(self.op_names)))

    def flatten(self, graphs: "GraphTensors") -> Tensor:
        """The vectors, float32 ``[B, num_features]``; an absent node has no operation."""
        kinds = torch.arange(len(self.op_names), device=graphs.ops.device)
        one_hot = graphs.ops.unsqueeze(2) == kinds
        flat = torch.cat([graphs.edges.to(torch.bool), one_hot.flatten(1)], dim=1)
        flat = flat.to(torch.float32)
        return flat.mul_(2).sub_(1) if self.signed else flat

    def unflatten(self, edge_logits: Tensor, op_logits: Tensor) -> CellBatch:
        """The likeliest cells, in an order that makes them a batch: absent nodes come last.

        Args:
            edge_logits: ``[B, num_edges]``, on the CPU.
            op_logits: ``[B, N, K + 1]``, the last of them "absent".
        """
        ops = op_logits.argmax(dim=2).numpy().astype(np.uint8)
        ops[:, 0] = op_logits[:, 0, :-1].argmax(dim=1).numpy()  # No cell lacks its first node.
        absent = ops == len(self.op_names)
        sizes = np.where(absent.any(axis=1), absent.argmax(axis=1), self.num_nodes)
        is_node = np.arange(self.num_nodes) < sizes[:, None]
        dense = np.zeros((len(ops), self.num_nodes, self.num_nodes), dtype=np.uint8)
        dense[:, *np.triu_indices(self.num_nodes, k=1)] = edge_logits.numpy() > 0
        dense *= is_node[:, :, None] & is_node[:, None, :]
        ops = np.where(is_node, ops, ABSENT).astype(np.uint8)
        return CellBatch.from_native(pack(dense), ops, sizes.astype(np.uint16), self.op_names)


@dataclass(frozen=True)
class PackedTensors:
    """Cells as they go to a device.

    Args:
        octets: The rows of each packed graph, byte by byte, uint8 ``[B, 8 N W]``.
        ops: uint8 ``[B, N]``.
    """

    octets: Tensor
    ops: Tensor

    @classmethod
    def of(cls, cells: CellBatch) -> "PackedTensors":
        """A copy: a batch's arrays are read-only, which torch can't express."""
        octets = cells.adjacency.astype("<u8", copy=False).view(np.uint8)
        return cls(torch.tensor(octets.reshape(len(cells), -1)), torch.tensor(cells.ops))


@dataclass(frozen=True)
class GraphTensors:
    """Unpacked cells on a device: what is flattened, and what the decoder has to tell.

    Args:
        edges: 0 or 1 for each possible edge, row by row, uint8 ``[B, N (N - 1) / 2]``.
        ops: Index of each node's operation, or their number for an absent node, int64 ``[B, N]``.
    """

    edges: Tensor
    ops: Tensor

    def __getitem__(self, rows: Tensor | slice) -> "GraphTensors":
        return GraphTensors(self.edges[rows], self.ops[rows])


@lru_cache(maxsize=8)
def _places(num_nodes: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Which byte of a packed graph holds each possible edge, and which bit of it."""
    u, v = np.triu_indices(num_nodes, k=1)
    octet = torch.from_numpy(u * (8 * words_for(num_nodes)) + v // 8)
    return octet.to(device), torch.from_numpy((1 << v % 8).astype(np.uint8)).to(device)
