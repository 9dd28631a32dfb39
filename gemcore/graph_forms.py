"""Graphs as networkx and GraKeL hold them, read into packed form."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence, Set
from itertools import chain
from numbers import Number
from operator import itemgetter
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
from scipy.sparse import issparse

from gemcore.arguments import describe
from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.graph_rows import GraphRows

Graphs = CellBatch | Iterable[Any]

Labels = Mapping[Any, Hashable]


class Edges(NamedTuple):
    """Edges by the node that they leave: ``lengths[i]`` targets follow from ``sources[i]``."""

    sources: Collection[Any]
    lengths: Iterable[int]
    targets: Iterable[Any]
    num_nodes: int | None = None
    """For a matrix, whose nodes are 0 .. num_nodes - 1."""


def read_graphs(name: str, graphs: Graphs, *, direction: str, labels: str) -> CellBatch:
    """The graphs as a batch; a CellBatch as it is.

    Each graph may be a :class:`Cell`; a networkx graph with node attribute ``op``; or what GraKeL
    takes: ``[edges, node_labels]``, of which ``edges`` is a dict of dicts or of lists, a dict or
    an iterable of tuples (u, v), with or without a weight, or a square matrix (array, list of
    lists, scipy sparse) in which positive entries are edges; or a ``grakel.Graph``. The nodes are
    those that ``node_labels`` names. Weights and labels of edges are not read.

    Nodes are numbered in the order given, then, where an edge leads back, topologically. For
    ``direction="undirected"`` an edge may be named once or both ways, and cycles are fine.

    Args:
        name: What messages call the argument.
        graphs: A CellBatch or an iterable of graphs.
        direction: How the graphs will be read: not "undirected" wants them acyclic.
        labels: ``"ops"`` wants a label for every node, any hashable; else labels are not read.

    Raises:
        TypeError: If something is no graph or of the wrong kind; the message names the graph.
        ValueError: For a node without a label, a self loop, a cycle of directed edges, a number
            of nodes out of 1 .. 256, or more than 255 different labels in all.
    """
    if isinstance(graphs, CellBatch):
        return graphs
    single = str | bytes | Mapping | np.ndarray | nx.Graph | Cell
    if isinstance(graphs, single) or not isinstance(graphs, Iterable):
        raise TypeError(
            f"{name} must be a CellBatch or a sequence of graphs (Cell, networkx, GraKeL), "
            f"got {describe(graphs)}"
        )
    rows = GraphRows(name)
    for position, graph in enumerate(graphs):
        try:
            _add_graph(rows, graph, direction, labels == "ops")
        except (TypeError, ValueError) as error:
            raise type(error)(f"graph {position} of {name}: {error}") from None
    return rows.to_batch(undirected=direction == "undirected")


def _add_graph(rows: GraphRows, graph: Any, direction: str, labelled: bool) -> None:
    edges, labels = _read_graph(graph, direction, labelled)
    if not labelled:
        edges, labels = _without_labels(edges, labels)
    elif not labels:
        raise ValueError("node_labels must name every node, got none; or choose labels='degree'")
    rows.add(edges.sources, edges.lengths, edges.targets, labels)


def _read_graph(graph: Any, direction: str, labelled: bool) -> tuple[Edges, Labels]:
    if isinstance(graph, Cell):
        return _read_pairs(graph.edges), dict(enumerate(graph.ops))
    if isinstance(graph, nx.Graph):
        if not graph.is_directed() and direction != "undirected":
            raise ValueError(
                f"direction must be 'undirected' for undirected graphs, got {direction!r}"
            )
        return _read_networkx(graph, labelled)
    if hasattr(graph, "get_edge_dictionary") and hasattr(graph, "get_labels"):
        edges = _read_edges(graph.get_edge_dictionary())
        return edges, _read_labels(graph.get_labels(purpose="any", return_none=True), edges)
    if isinstance(graph, Iterable) and not isinstance(graph, str | bytes | Mapping | np.ndarray):
        parts = list(graph)
        if not parts:
            raise ValueError("[edges, node_labels] must not be empty, got []")
        edges = _read_edges(parts[0])
        return edges, _read_labels(parts[1] if len(parts) > 1 else None, edges)
    raise TypeError(
        f"must be a Cell, a networkx graph or GraKeL's [edges, node_labels], got {describe(graph)}"
    )


def _read_networkx(graph: "nx.Graph[Any]", labelled: bool) -> tuple[Edges, Labels]:
    if graph.is_multigraph():
        raise ValueError("must not be a multigraph, got one")
    nodes = graph.nodes(data=True)
    if labelled:
        labels = {node: attributes["op"] for node, attributes in nodes if "op" in attributes}
        if len(labels) < len(nodes):
            node = next(node for node in graph if node not in labels)
            raise ValueError(f"must have the attribute 'op' at every node, got none at {node!r}")
    else:
        labels = dict.fromkeys(graph)
    return _read_neighbors(dict(graph.adjacency())), labels


def _read_edges(edges: Any) -> Edges:
    # networkx's views of edges are mappings too, but sets of tuples first.
    if isinstance(edges, Mapping) and not isinstance(edges, Set):
        if not edges or not isinstance(next(iter(edges.values())), Number):
            return _read_neighbors(edges)
        return _read_pairs(list(edges))
    if isinstance(edges, np.ndarray) or issparse(edges):
        return _read_matrix(edges)
    if isinstance(edges, str | bytes) or not isinstance(edges, Iterable):
        raise TypeError(
            f"edges must be a dict, an iterable of tuples (u, v) or a square matrix, "
            f"got {describe(edges)}"
        )
    listed = list(edges)
    if isinstance(edges, list) and listed and isinstance(listed[0], list):
        return _read_matrix(edges)
    return _read_pairs(listed)


def _read_neighbors(edges: Mapping[Any, Any]) -> Edges:
    rows = edges.values()
    for kind in set(map(type, rows)):
        if not issubclass(kind, Collection) or issubclass(kind, str | bytes):
            wrong = next(row for row in rows if type(row) is kind)
            raise TypeError(f"edges must be a dict of dicts or of lists, got {describe(wrong)}")
    return Edges(list(edges), map(len, rows), chain.from_iterable(rows))


def _read_pairs(pairs: Sequence[Any]) -> Edges:
    if not (set(map(type, pairs)) <= {tuple} and set(map(len, pairs)) <= {2, 3}):
        for edge in pairs:  # Named tuples are fine.
            if not isinstance(edge, tuple) or len(edge) not in (2, 3):
                raise TypeError(
                    f"edges must be tuples (u, v) or (u, v, weight), got {describe(edge)}"
                )
    return Edges(list(map(itemgetter(0), pairs)), [1] * len(pairs), map(itemgetter(1), pairs))


def _read_matrix(edges: Any) -> Edges:
    try:
        matrix: Any = edges if issparse(edges) else np.asarray(edges)
    except ValueError:
        raise ValueError("edges must be a square matrix, got rows of unequal length") from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"edges must be a square matrix, got shape {list(matrix.shape)}")
    if matrix.dtype.kind not in "biuf":
        raise TypeError(f"edges must be a matrix of numbers, got {matrix.dtype}")
    sources, targets = (matrix > 0).nonzero()
    num_nodes = matrix.shape[0]
    return Edges(sources.tolist(), [1] * len(sources), targets.tolist(), num_nodes)


def _read_labels(labels: Any, edges: Edges) -> Labels:
    if labels is None:
        return {}
    if edges.num_nodes is None:
        if isinstance(labels, Mapping):
            return labels
        raise TypeError(f"node_labels must be a dict, got {describe(labels)}")
    if isinstance(labels, np.ndarray):
        labels = labels.tolist()
    if isinstance(labels, list | tuple):
        labels = dict(enumerate(labels))
    if not isinstance(labels, Mapping):
        raise TypeError(f"node_labels must be a dict or a list, got {describe(labels)}")
    missing = [node for node in range(edges.num_nodes) if node not in labels]
    if missing:
        raise ValueError(f"node_labels must name every node, got none for {missing[0]}")
    if len(labels) > edges.num_nodes:
        raise ValueError(
            f"node_labels must name the {edges.num_nodes} nodes alone, got {len(labels)}"
        )
    return labels


def _without_labels(edges: Edges, labels: Labels) -> tuple[Edges, Labels]:
    """Edges that can be read again, and all nodes that edges or labels name."""
    targets = list(edges.targets)
    nodes = chain(range(edges.num_nodes or 0), labels, edges.sources, targets)
    try:
        return edges._replace(targets=targets), dict.fromkeys(nodes)
    except TypeError:
        raise TypeError("edges must join hashable nodes, got others") from None
