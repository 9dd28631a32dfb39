"""Topological numberings: how graphs in any numbering become graphs with u < v on every edge."""

import heapq
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

MAX_NODES = 256


def topological_order(num_nodes: int, edges: Iterable[tuple[int, int]]) -> list[int]:
    """Nodes in topological order, the lowest ready node first (Kahn 1962).

    Raises:
        ValueError: If the edges close a cycle; the message names one of its nodes.
    """
    successors: list[list[int]] = [[] for _ in range(num_nodes)]
    waiting_for = [0] * num_nodes
    for u, v in edges:
        successors[u].append(v)
        waiting_for[v] += 1
    ready = [node for node in range(num_nodes) if waiting_for[node] == 0]
    order = []
    while ready:
        node = heapq.heappop(ready)
        order.append(node)
        for successor in successors[node]:
            waiting_for[successor] -= 1
            if waiting_for[successor] == 0:
                heapq.heappush(ready, successor)
    if len(order) < num_nodes:
        left = set(range(num_nodes)) - set(order)
        raise ValueError(
            f"edges must not close a cycle, got one through node {_on_cycle(left, successors)}"
        )
    return order


def _on_cycle(left: set[int], successors: list[list[int]]) -> int:
    """A node of a cycle among what Kahn's algorithm left over (cycles and what hangs below)."""
    predecessors = {v: u for u in left for v in successors[u] if v in left}
    node = min(left)
    for (
        _
    ) in left:  # Walking back far enough must end on a cycle: every node left has a predecessor.
        node = predecessors[node]
    return node


def batched_topological_order(adjacency: NDArray[np.uint8]) -> NDArray[np.int64]:
    """:func:`topological_order` for each of many dense graphs at once.

    Args:
        adjacency: 0/1, ``[B, N, N]``.

    Returns:
        int64 ``[B, N]``: row b lists the nodes of graph b in topological order.

    Raises:
        ValueError: If a graph has a cycle, naming the graph and one of the cycle's nodes.
    """
    num_graphs, num_nodes = adjacency.shape[:2]
    waiting_for = adjacency.sum(axis=1, dtype=np.int64)
    order = np.empty((num_graphs, num_nodes), dtype=np.int64)
    rows = np.arange(num_graphs)
    for position in range(num_nodes):
        ready = waiting_for == 0
        node = ready.argmax(axis=1)
        stuck = ~ready[rows, node]
        if stuck.any():
            graph = int(stuck.argmax())
            edges = [(int(u), int(v)) for u, v in np.argwhere(adjacency[graph])]
            try:
                topological_order(num_nodes, edges)
            except ValueError as error:
                raise ValueError(f"graph {graph}: {error}") from None
        order[:, position] = node
        waiting_for -= adjacency[rows, node]
        waiting_for[rows, node] = -1  # Done: never ready again.
    return order


def orient_undirected(edges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Undirected edges, each from its lower to its higher node."""
    return [(min(edge), max(edge)) for edge in edges]
