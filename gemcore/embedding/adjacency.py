"""The flattened graph: what a predictor sees of cells without any embedding."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from gemcore.atomic_files import write_document
from gemcore.cell_batch import CellBatch
from gemcore.embedding.protocol import DOCUMENT, FILE, VERSION
from gemcore.feature_scale import prune_for
from gemcore.graph import canonicalize
from gemcore.listed_space import CellSource


class AdjacencyEmbedding:
    """The strict upper triangle of the adjacency and one-hot operations, in canonical order.

    Args:
        num_nodes: Most nodes of a cell.
        op_names: Operations that cells may have.

    Example:
        >>> from gemcore import Cell
        >>> embedding = AdjacencyEmbedding(2, ("input", "conv1x1"))
        >>> embedding.embed(CellBatch.from_cells([Cell(("input", "conv1x1"), ((0, 1),))])).tolist()
        [[1.0, 1.0, 0.0, 0.0, 1.0]]

    Source: Cheng et al., "NASGEM", AAAI 2021, tables 3 and 4 (the first of three inputs).
    """

    name = "adjacency"

    def __init__(self, num_nodes: int, op_names: tuple[str, ...]) -> None:
        self.num_nodes = num_nodes
        self.op_names = tuple(op_names)

    def fit(self, cells: CellSource) -> Self:
        """Takes width and operations of these cells: there is no more to learn."""
        self.num_nodes, self.op_names = cells.num_nodes, tuple(cells.op_names)
        return self

    def embed(self, cells: CellBatch) -> Tensor:
        """0/1 numbers, float32 ``[B, N (N - 1) / 2 + N * number of ops]``."""
        ordered = canonicalize(prune_for(cells, self.op_names)).widen(self.num_nodes)
        upper = np.triu_indices(self.num_nodes, k=1)
        edges = ordered.dense()[:, *upper]
        ops = ordered.ops[:, :, None] == np.arange(len(self.op_names))
        one_hot = ops.reshape(len(ordered), self.num_nodes * len(self.op_names))
        flat = np.concatenate([edges, one_hot], axis=1)
        return torch.from_numpy(flat.astype(np.float32))

    def save(self, directory: str | Path) -> None:
        """Writes width and operations."""
        content = {
            "name": self.name,
            "num_nodes": self.num_nodes,
            "op_names": list(self.op_names),
        }
        write_document(Path(directory) / FILE, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, directory: Path, content: dict[str, Any]) -> Self:
        """The embedding of a saved document."""
        return cls(int(content["num_nodes"]), tuple(content["op_names"]))
