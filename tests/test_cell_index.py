"""gemcore.cell_index: exact whatever the hashes say, equal to a search one by one."""

from typing import Any

import networkx as nx
import numpy as np
import pytest

from gemcore import Cell, CellBatch, SearchSpace, cell_index, graph_hash, perturb
from gemcore.cell_index import CellIndex, canonical_forms

SPACE = SearchSpace(num_nodes=5, ops=("conv1x1", "conv3x3"), edge_prob=0.5)


def pruned_graph(cell: Cell) -> Any:
    graph = cell.to_networkx()
    return graph.subgraph({0} | nx.descendants(graph, 0))


def find_by_isomorphism(table: CellBatch, cell: Cell) -> int:
    """The textbook: the first cell of the table that networkx calls isomorphic."""
    asked = pruned_graph(cell)
    for row, other in enumerate(table):
        match = nx.algorithms.isomorphism.categorical_node_match("op", None)
        if nx.is_isomorphic(pruned_graph(other), asked, node_match=match):
            return row
    return -1


@pytest.mark.parametrize("bits", [64, 3, 0])
def test_equal_to_isomorphism(monkeypatch: pytest.MonkeyPatch, bits: int) -> None:
    """With hashes as they are, of eight values, and of one."""
    monkeypatch.setattr(
        cell_index, "graph_hash", lambda cells: graph_hash(cells) & np.uint64(2**bits - 1)
    )
    table, asked = SPACE.sample(60, seed=1), SPACE.sample(40, seed=2)
    asked = perturb(CellBatch.concatenate([asked, table]), 0, seed=3, renumber=True)
    index = CellIndex(canonical_forms(table))
    found = index.find(asked)
    assert found.dtype == np.int64
    assert found.tolist() == [find_by_isomorphism(table, cell) for cell in asked]
    assert -1 in found.tolist()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_few_cells(number: int) -> None:
    table = SPACE.sample(number, seed=4)
    index = CellIndex(canonical_forms(table))
    assert index.find(table[:0]).shape == (0,)
    wanted = [find_by_isomorphism(table, cell) for cell in table]
    assert index.find(table).tolist() == wanted
    assert index.find(SPACE.sample(3, seed=9)).shape == (3,)


def test_rows_that_are_one_network() -> None:
    cell, other = Cell(("input", "a", "b"), ((0, 1), (0, 2))), Cell(("input", "a"), ((0, 1),))
    twin = Cell(("input", "b", "a"), ((0, 1), (0, 2)))
    dead = Cell(("input", "a", "b"), ((0, 1),))
    index = CellIndex(canonical_forms(CellBatch.from_cells([other, cell, twin, dead, cell])))
    asked = CellBatch.from_cells([twin, dead, other, cell])
    assert index.find(asked).tolist() == [1, 0, 0, 1]


def test_names_count_not_numbers() -> None:
    cells = [Cell(("input", "a", "b"), ((0, 1), (1, 2))), Cell(("input", "b"), ((0, 1),))]
    index = CellIndex(canonical_forms(CellBatch.from_cells(cells)))
    asked = CellBatch.from_cells(cells[::-1], op_names=("b", "c", "a", "input"))
    assert index.find(asked).tolist() == [1, 0]
    unknown = CellBatch.from_cells([Cell(("input", "c"), ((0, 1),)), cells[1]])
    assert index.find(unknown).tolist() == [-1, 1]


def test_wider_cells() -> None:
    chain = Cell(("input", "a"), ((0, 1),))
    index = CellIndex(canonical_forms(CellBatch.from_cells([chain])))
    ops = ("input", *["a"] * 99)
    long = Cell(ops, tuple((i, i + 1) for i in range(99)))
    loose = Cell(ops, ((0, 50), (60, 70)))  # Prunes to the chain.
    assert index.find(CellBatch.from_cells([long, loose])).tolist() == [-1, 0]
