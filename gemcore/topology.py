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
    order, successors = _sort(num_nodes, edges)
    if len(order) < num_nodes:
        node = _on_cycle(set(range(num_nodes)) - set(order), successors)
        raise ValueError(f"edges must not close a cycle, got one through node {node}")
    return order


def node_on_cycle(adjacency: NDArray[np.uint8]) -> int:
    """A node of one of the cycles of a dense graph ``[N, N]``; there must be one."""
    num_nodes = len(adjacency)
    order, successors = _sort(num_nodes, ((int(u), int(v)) for u, v in np.argwhere(adjacency)))
    return _on_cycle(set(range(num_nodes)) - set(order), successors)


def _sort(num_nodes: int, edges: Iterable[tuple[int, int]]) -> tuple[list[int], list[list[int]]]:
    """Nodes in order, less those on or below a cycle; and the successors of each node."""
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
    return order, successors


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
        int64 ``[B, N]``: row b lists the nodes of graph b in topological order; it holds a -1
        where graph b has a cycle.
    """
    num_graphs, num_nodes = adjacency.shape[:2]
    waiting_for = adjacency.sum(axis=1, dtype=np.int64)
    order = np.empty((num_graphs, num_nodes), dtype=np.int64)
    rows = np.arange(num_graphs)
    for position in range(num_nodes):
        ready = waiting_for == 0
        node = ready.argmax(axis=1)
        order[:, position] = np.where(ready[rows, node], node, -1)
        waiting_for -= adjacency[rows, node]
        waiting_for[rows, node] = -1  # Done: never ready again.
    return order


def orient_undirected(edges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Undirected edges, each from its lower to its higher node."""
    return [(min(edge), max(edge)) for edge in edges]
