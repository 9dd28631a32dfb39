"""How other libraries compute Weisfeiler-Lehman similarities: their input, made beforehand; a call.

A peer that can't be imported says why. Each is called as its documentation shows. Where a library
gives colors alone, they are counted into sparse vectors here, the cheapest way that scipy offers.
"""

import contextlib
import importlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from gemcore import CellBatch


@dataclass(frozen=True)
class Peer:
    """A library: what must import; its input from cells; the vectors of colors of that input."""

    name: str
    module: str
    direction: str
    prepare: Callable[[CellBatch], Any]
    features: Callable[[Any, int], "csr_array[Any]"]

    @property
    def missing(self) -> str:
        """Why it can't be used; empty if it can."""
        try:
            importlib.import_module(self.module)
        except Exception as error:  # An old package may fail in any way.
            return f"not measured: {' '.join(str(error).split())[:80]}"
        return ""


def both_ways(cells: CellBatch) -> NDArray[np.uint8]:
    """Symmetric matrices ``[B, N, N]``."""
    return cells.dense() | cells.dense().transpose(0, 2, 1)


def normalized(kernel: NDArray[Any], x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(kernel / np.sqrt(x * y))


def pairs_of(features: "csr_array[Any]") -> NDArray[np.float64]:
    """Similarity of row i of the first half and row i of the second."""
    x, y = features[: features.shape[0] // 2], features[features.shape[0] // 2 :]
    xy, xx, yy = ((p * q).sum(axis=1) for p, q in ((x, y), (x, x), (y, y)))
    return normalized(xy, xx, yy)


def gram_of(features: "csr_array[Any]") -> NDArray[np.float64]:
    gram = (features @ features.T).toarray()
    return normalized(gram, gram.diagonal()[:, None], gram.diagonal())


def count(histograms: list[Counter[Any]]) -> "csr_array[Any]":
    """Counts of colors as sparse rows."""
    number: dict[Any, int] = {}
    columns = [number.setdefault(color, len(number)) for row in histograms for color in row]
    values = [float(value) for row in histograms for value in row.values()]
    begin = np.cumsum([0, *map(len, histograms)])
    return csr_array((values, columns, begin), shape=(len(histograms), len(number)))


# GraKeL: a kernel object that is fitted to a list of graphs; no call for pairs.


def grakel_graphs(cells: CellBatch) -> list[Any]:
    return [
        [
            {u: {int(v): 1.0 for v in np.flatnonzero(row)} for u, row in enumerate(matrix)},
            dict(enumerate(ops.tolist())),
        ]
        for matrix, ops in zip(both_ways(cells), cells.ops, strict=True)
    ]


def grakel_gram(graphs: list[Any], n_iter: int) -> NDArray[Any]:
    from grakel.kernels import VertexHistogram, WeisfeilerLehman

    kernel = WeisfeilerLehman(n_iter=n_iter, normalize=True, base_graph_kernel=VertexHistogram)
    return np.asarray(kernel.fit_transform(graphs))


GRAKEL_FORMS: dict[str, Callable[[dict[int, dict[int, float]]], Any]] = {
    "dict of dicts": lambda edges: edges,
    "dict of lists": lambda edges: {u: list(row) for u, row in edges.items()},
    "tuples": lambda edges: [(u, v) for u, row in edges.items() for v in row],
    "matrix": lambda edges: np.array([[v in row for v in edges] for row in edges.values()]),
    "list of lists": lambda edges: [[int(v in row) for v in edges] for row in edges.values()],
}


def grakel_objects(graphs: list[Any]) -> list[Any]:
    """What GraKeL makes of its input before it computes anything."""
    from grakel import Graph

    return [Graph(edges, labels, {}, graph_format="dictionary") for edges, labels in graphs]


def num_edges(graph: Any) -> int:
    return sum(map(len, graph.get_edge_dictionary().values())) // 2


# networkx: hashes of every node and round; in/out for a DiGraph since 3.5.


def networkx_graphs(cells: CellBatch) -> "list[nx.DiGraph[int]]":
    graphs = [cell.to_networkx() for cell in cells]
    for graph in graphs:
        nx.set_node_attributes(graph, {v: str(op) for v, op in graph.nodes(data="op")}, "op")
    return graphs


def networkx_features(graphs: "list[nx.DiGraph[int]]", n_iter: int) -> "csr_array[Any]":
    histograms = []
    for graph in graphs:
        hashes = nx.weisfeiler_lehman_subgraph_hashes(
            graph, node_attr="op", iterations=n_iter, include_initial_labels=True
        )
        histograms.append(Counter(color for node in hashes.values() for color in enumerate(node)))
    return count(histograms)


# karateclub: the hashing of Graph2Vec.


def karateclub_graphs(cells: CellBatch) -> "list[nx.Graph[int]]":
    graphs = [graph.to_undirected() for graph in networkx_graphs(cells)]
    for graph in graphs:
        nx.set_node_attributes(graph, dict(graph.nodes(data="op")), "feature")
    return graphs


def karateclub_features(graphs: "list[nx.Graph[int]]", n_iter: int) -> "csr_array[Any]":
    from karateclub.utils.treefeatures import WeisfeilerLehmanHashing

    hashed = (WeisfeilerLehmanHashing(g, n_iter, True, False).get_node_features() for g in graphs)
    return count([Counter(c for node in h.values() for c in enumerate(node)) for h in hashed])


# PyTorch Geometric: WLConv, a module a round, whose own histogram is dense.


def pyg_batch(cells: CellBatch) -> Any:
    import torch
    from torch_geometric.data import Batch, Data

    torch.set_num_threads(1)
    data = [
        Data(
            x=torch.from_numpy(ops.astype(np.int64)),
            edge_index=torch.from_numpy(np.stack(np.nonzero(matrix))),
        )
        for matrix, ops in zip(both_ways(cells), cells.ops, strict=True)
    ]
    return Batch.from_data_list(data)


def pyg_features(batch: Any, n_iter: int) -> "csr_array[Any]":
    from torch_geometric.nn import WLConv

    graph, colors, parts = batch.batch.numpy(), batch.x, []
    for i in range(n_iter + 1):
        colors = WLConv()(colors, batch.edge_index) if i else colors
        x = colors.numpy()
        shape = (batch.num_graphs, int(x.max()) + 1)
        parts.append(csr_array((np.ones(len(x)), (graph, x)), shape=shape))
    from scipy.sparse import hstack

    return csr_array(hstack(parts))


# wlplan: features for planning in C++; its vectors are dense, and it prints from C++.


def wlplan_graphs(cells: CellBatch) -> list[Any]:
    from _wlplan.graph_generator import Graph

    return [
        Graph(ops.tolist(), [[(0, int(v)) for v in np.flatnonzero(row)] for row in matrix])
        for matrix, ops in zip(both_ways(cells), cells.ops, strict=True)
    ]


def wlplan_features(graphs: list[Any], n_iter: int) -> "csr_array[Any]":
    from _wlplan.planning import Domain
    from wlplan.feature_generator import init_feature_generator

    with silence():
        generator = init_feature_generator(
            "wl",
            Domain("none", [], [], [], []),
            graph_representation="custom",
            iterations=n_iter,
            multiset_hash=True,
        )
        generator.collect(graphs)
        return csr_array(np.asarray(generator.embed(graphs), dtype=np.float64))


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Standard output to nowhere, that of native code too."""
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


PEERS = [
    Peer("networkx", "networkx", "in_out", networkx_graphs, networkx_features),
    Peer("PyG", "torch_geometric", "undirected", pyg_batch, pyg_features),
    Peer("wlplan", "wlplan", "undirected", wlplan_graphs, wlplan_features),
    Peer(
        "karateclub",
        "karateclub.utils.treefeatures",
        "undirected",
        karateclub_graphs,
        karateclub_features,
    ),
]
