"""One cell: a small directed acyclic graph whose nodes are operations."""

import json
import operator
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from gemcore.arguments import check_type
from gemcore.topology import MAX_NODES, orient_undirected, topological_order

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Cell:
    """A cell, immutable and hashable; equal if operations and edges are equal.

    Edges may come in any order and in any numbering without a cycle: nodes are renumbered so that
    every edge goes from the lower to the higher number, keeping the order given wherever it can
    be kept. Node 0 is the cell's input, with the reserved operation ``"input"``, where the cell
    becomes a network; similarities take any labels.

    Args:
        ops: Operation of each node, 1 .. 256 of them.
        edges: Pairs (u, v): node v reads what node u wrote.
        is_canonical: Set by :func:`gemcore.canonicalize` where the canonical form is proven; not
            part of the cell's identity.

    Raises:
        ValueError: For a cycle, a self loop, an edge to a node that is not there, or a number of
            nodes out of 1 .. 256.
        TypeError: If an operation is not hashable or an edge is not a pair of integers.

    Example:
        >>> cell = Cell(ops=("input", "conv1x1", "sepconv3x3"), edges=((1, 2), (0, 1)))
        >>> cell.edges
        ((0, 1), (1, 2))
        >>> cell == Cell.from_json(cell.to_json())
        True
    """

    ops: tuple[Any, ...]
    edges: tuple[tuple[int, int], ...] = ()
    is_canonical: bool = field(default=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        ops = _read_ops(self.ops)
        edges = _read_edges(self.edges, len(ops))
        if any(u > v for u, v in edges):
            order = topological_order(len(ops), edges)
            new = {node: number for number, node in enumerate(order)}
            ops = tuple(ops[node] for node in order)
            edges = {(new[u], new[v]) for u, v in edges}
        object.__setattr__(self, "ops", ops)
        object.__setattr__(self, "edges", tuple(sorted(edges)))

    @property
    def num_nodes(self) -> int:
        """Number of nodes, the input included."""
        return len(self.ops)

    def to_dense(self) -> NDArray[np.uint8]:
        """Adjacency matrix, uint8 ``[num_nodes, num_nodes]``; 1 at [u, v] is an edge u -> v."""
        matrix = np.zeros((self.num_nodes, self.num_nodes), dtype=np.uint8)
        for u, v in self.edges:
            matrix[u, v] = 1
        return matrix

    @classmethod
    def from_dense(cls, adjacency: ArrayLike, ops: Sequence[Hashable]) -> "Cell":
        """The cell of a 0/1 matrix ``[N, N]`` and N operation names."""
        matrix = np.asarray(adjacency)
        if matrix.shape != (len(ops), len(ops)):
            raise ValueError(
                f"adjacency must have shape [{len(ops)}, {len(ops)}], got {list(matrix.shape)}"
            )
        if not np.isin(matrix, (0, 1)).all():
            raise ValueError("adjacency must hold 0 and 1 alone, got other values")
        return cls(tuple(ops), tuple((int(u), int(v)) for u, v in np.argwhere(matrix)))

    def to_networkx(self) -> "nx.DiGraph[int]":
        """A networkx DiGraph with nodes 0 .. N - 1 and the operations as node attribute ``op``."""
        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_nodes_from((node, {"op": op}) for node, op in enumerate(self.ops))
        graph.add_edges_from(self.edges)
        return graph

    @classmethod
    def from_networkx(cls, graph: "nx.Graph[Any]") -> "Cell":
        """The cell of a networkx graph with node attribute ``op``.

        Nodes are numbered in the graph's own order, then topologically. Edges of an undirected
        graph go from the lower to the higher number; read them with ``direction="undirected"``.

        Raises:
            ValueError: If a node has no attribute ``op``, or for a multigraph.
        """
        check_type("graph", graph, nx.Graph)
        if graph.is_multigraph():
            raise ValueError("graph must not be a multigraph, got one")
        number = {node: i for i, node in enumerate(graph.nodes)}
        for node, attributes in graph.nodes(data=True):
            if "op" not in attributes:
                raise ValueError(
                    f"graph must have the attribute 'op' at every node, got none at {node!r}"
                )
        edges = [(number[u], number[v]) for u, v in graph.edges]
        if not graph.is_directed():
            edges = orient_undirected(edges)
        return cls(tuple(op for _, op in graph.nodes(data="op")), tuple(edges))

    def to_json(self) -> str:
        """One line of JSON: ``{"ops": [...], "edges": [[u, v], ...]}``."""
        for op in self.ops:
            if not isinstance(op, str):
                raise TypeError(f"ops must be strings to be written as JSON, got {op!r}")
        return json.dumps({"ops": self.ops, "edges": self.edges})

    @classmethod
    def from_json(cls, text: str) -> "Cell":
        """Reads what :meth:`to_json` wrote.

        Raises:
            ValueError: If the text is no JSON object with ``ops`` and ``edges``.
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"text must be JSON, got {text[:60]!r}: {error}") from None
        if not isinstance(data, dict) or not {"ops", "edges"} <= data.keys():
            raise ValueError(f"text must be an object with 'ops' and 'edges', got {text[:60]!r}")
        return cls(tuple(data["ops"]), tuple(data["edges"]))

    def draw(self, path: str | Path | None = None) -> "Figure":
        """A picture of the cell, written to ``path`` (.png, .svg, .pdf) if one is given."""
        from gemcore.drawing import draw_cell  # Late: matplotlib takes half a second to import.

        return draw_cell(self, path)


def _read_ops(ops: Iterable[Hashable]) -> tuple[Hashable, ...]:
    if isinstance(ops, str):
        raise TypeError(f"ops must be a sequence of operations, got the string {ops!r}")
    read = tuple(ops)
    if not 1 <= len(read) <= MAX_NODES:
        raise ValueError(f"ops must name 1 .. {MAX_NODES} nodes, got {len(read)}")
    for node, op in enumerate(read):
        try:
            hash(op)
        except TypeError:
            raise TypeError(f"ops must be hashable, got {op!r} at node {node}") from None
    return read


def _read_edges(edges: Iterable[Sequence[int]], num_nodes: int) -> set[tuple[int, int]]:
    read = set()
    for edge in edges:
        try:
            u, v = (operator.index(end) for end in edge)
        except (TypeError, ValueError):
            raise TypeError(f"edges must be pairs of integers, got {edge!r}") from None
        if not (0 <= u < num_nodes and 0 <= v < num_nodes):
            raise ValueError(f"edges must join nodes 0 .. {num_nodes - 1}, got ({u}, {v})")
        if u == v:
            raise ValueError(f"edges must not be self loops, got ({u}, {v})")
        read.add((u, v))
    return read
