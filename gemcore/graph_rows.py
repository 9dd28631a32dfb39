"""Many graphs with nodes of any names, gathered one by one and packed at once."""

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import describe
from gemcore.cell_batch import CellBatch
from gemcore.packing import ABSENT, MAX_OPS, pack, permute, words_for
from gemcore.topology import MAX_NODES, batched_topological_order, node_on_cycle

DENSE_BYTES = 1 << 24  # Of matrices at a time: graphs of 256 nodes would take 64 KB each.


class LabelNumbers(dict[Any, int]):
    """Numbers of labels, given as they are first seen."""

    def __missing__(self, label: Hashable) -> int:
        if len(self) == MAX_OPS:
            raise ValueError(
                f"labels must be at most {MAX_OPS} different ones in all graphs, got {label!r} "
                f"as one more"
            )
        self[label] = len(self)
        return self[label]


class GraphRows:
    """Graphs as octets: a node is its number within its graph, which fits one.

    Everything of a graph is numbered by ``bytes(map(...))``, without a Python step an edge: about
    10 us for a graph of 30 nodes and 87 edges.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._numbers = LabelNumbers()
        self._nodes: list[list[Any]] = []  # Names, for messages.
        self._ops = bytearray()
        self._sources = bytearray()
        self._targets = bytearray()
        self._lengths: list[int] = []
        self._num_rows: list[int] = []

    def add(
        self,
        sources: Collection[Any],
        lengths: Iterable[int],
        targets: Iterable[Any],
        labels: Mapping[Any, Hashable],
    ) -> None:
        """Adds a graph whose nodes are the keys of ``labels``.

        Args:
            sources: Nodes that edges leave, a row each.
            lengths: How many targets each row has.
            targets: The targets, row after row.
            labels: Label of every node.
        """
        nodes = list(labels)
        if not 1 <= len(nodes) <= MAX_NODES:
            raise ValueError(f"must have 1 .. {MAX_NODES} nodes, got {len(nodes)}")
        number = dict(zip(nodes, range(len(nodes)), strict=True))
        try:
            self._sources += bytes(map(number.__getitem__, sources))
            self._targets += bytes(map(number.__getitem__, targets))
        except KeyError as error:
            raise ValueError(
                f"node_labels must name every node, got none for {error.args[0]!r}"
            ) from None
        except TypeError:
            raise TypeError("edges must join hashable nodes, got others") from None
        try:
            self._ops += bytes(map(self._numbers.__getitem__, labels.values()))
        except TypeError:
            raise TypeError(f"labels must be hashable, got {_unhashable(labels)}") from None
        self._lengths += lengths
        self._num_rows.append(len(sources))
        self._nodes.append(nodes)

    def to_batch(self, *, undirected: bool) -> CellBatch:
        """All graphs, packed; edges from the lower to the higher node if undirected.

        Raises:
            ValueError: For a self loop, or a cycle of directed edges.
        """
        sizes = np.array([len(nodes) for nodes in self._nodes], dtype=np.uint16)
        num_nodes = int(sizes.max(initial=1))
        ops = np.full((len(sizes), num_nodes), ABSENT, dtype=np.uint8)
        ops[np.arange(num_nodes) < sizes[:, None]] = np.frombuffer(self._ops, dtype=np.uint8)
        adjacency = np.zeros((*ops.shape, words_for(num_nodes)), dtype=np.uint64)
        graph, u, v = self._edges()
        if undirected:
            u, v = np.minimum(u, v), np.maximum(u, v)
        step = max(1, DENSE_BYTES // num_nodes**2)
        for begin in range(0, len(sizes), step):
            part = slice(begin, begin + step)
            first, last = np.searchsorted(graph, (begin, begin + step))
            dense = np.zeros((*ops[part].shape, num_nodes), dtype=np.uint8)
            dense[graph[first:last] - begin, u[first:last], v[first:last]] = 1
            turned = np.unique(graph[first:last][u[first:last] > v[first:last]])
            if len(turned):
                order = self._order(dense[turned - begin], turned)
                dense[turned - begin], ops[turned] = permute(
                    dense[turned - begin], ops[turned], order
                )
            adjacency[part] = pack(dense)
        return CellBatch.from_native(adjacency, ops, sizes, tuple(self._numbers))

    def _edges(self) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8]]:
        """Graph and ends of every edge, in the order of the graphs."""
        lengths = np.array(self._lengths, dtype=np.int64)
        graph = np.repeat(np.repeat(np.arange(len(self._nodes)), self._num_rows), lengths)
        u = np.repeat(np.frombuffer(self._sources, dtype=np.uint8), lengths)
        v = np.frombuffer(self._targets, dtype=np.uint8)
        loops = np.flatnonzero(u == v)
        if len(loops):
            at = int(graph[loops[0]])
            node = self._nodes[at][u[loops[0]]]
            raise ValueError(
                f"graph {at} of {self._name}: edges must not be self loops, got one at {node!r}"
            )
        return graph, u, v

    def _order(self, dense: NDArray[np.uint8], graphs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Topological orders of some of the graphs, whose numbers are for the message."""
        order = batched_topological_order(dense)
        cyclic = (order < 0).any(axis=1)
        if cyclic.any():
            i = int(cyclic.argmax())
            node = node_on_cycle(dense[i])
            raise ValueError(
                f"graph {graphs[i]} of {self._name}: edges must not close a cycle, got one through "
                f"node {self._nodes[graphs[i]][node]!r}; undirected graphs go with "
                f"direction='undirected'"
            )
        return order


def _unhashable(labels: Mapping[Any, Any]) -> str:
    for node, label in labels.items():
        try:
            hash(label)
        except TypeError:
            return f"{describe(label)} at node {node!r}"
    raise AssertionError("every label is hashable")
