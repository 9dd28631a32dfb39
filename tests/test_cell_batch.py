"""gemcore.CellBatch: packing, picking and the guard at its door."""

import pickle

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gemcore import Cell, CellBatch, SearchSpace

SMALL = SearchSpace.preset("small")


def random_dense(num_cells: int, num_nodes: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.triu(rng.random((num_cells, num_nodes, num_nodes)) < 0.3, 1).astype(np.uint8)


@pytest.mark.parametrize("num_nodes", [1, 2, 30, 63, 64, 65, 200, 256])
def test_packed_bits_are_the_edges(num_nodes: int) -> None:
    dense = random_dense(5, num_nodes)
    batch = CellBatch.from_dense(dense, np.zeros((5, num_nodes), int), op_names=("a",))
    for b, u, v in np.ndindex(dense.shape):
        bit = int(batch.adjacency[b, u, v // 64]) >> (v % 64) & 1
        assert bit == dense[b, u, v]
    np.testing.assert_array_equal(batch.dense(), dense)
    np.testing.assert_array_equal(batch.num_edges, dense.sum(axis=(1, 2)))


def test_cells_of_different_sizes_come_back() -> None:
    cells = [
        Cell(("input",) + ("conv1x1",) * n, tuple((0, i + 1) for i in range(n))) for n in range(5)
    ]
    batch = CellBatch.from_cells(cells)
    assert list(batch) == cells
    assert batch.sizes.tolist() == [1, 2, 3, 4, 5]
    assert batch.ops[1].tolist() == [0, 1, 255, 255, 255]
    assert CellBatch.from_networkx(cell.to_networkx() for cell in cells) == batch


def test_any_layout_and_numbering() -> None:
    dense = random_dense(20, 13)
    ops = np.random.default_rng(1).integers(0, 3, (20, 13))
    plain = CellBatch.from_dense(dense, ops)
    assert CellBatch.from_dense(np.asfortranarray(dense), np.asfortranarray(ops)) == plain
    assert CellBatch.from_dense(torch.from_numpy(dense), torch.from_numpy(ops)) == plain
    assert CellBatch.from_dense(dense.astype(float), ops.tolist()) == plain
    turned = CellBatch.from_dense(dense.transpose(0, 2, 1), ops)
    for cell, matrix, row in zip(turned, dense, ops, strict=True):
        assert cell == Cell.from_dense(matrix.T, [plain.op_names[op] for op in row])


def test_empty_batch() -> None:
    batch = SMALL.sample(0)
    assert len(batch) == 0
    assert list(batch) == []
    assert CellBatch.from_cells([]).num_nodes == 1
    assert len(CellBatch.concatenate([batch, SMALL.sample(2)])) == 2


@given(st.data())
def test_picking_is_what_lists_do(data: st.DataObject) -> None:
    batch = SMALL.sample(9)
    listed = list(batch)
    start, stop = data.draw(st.integers(-12, 12)), data.draw(st.integers(-12, 12))
    step = data.draw(st.sampled_from([-2, -1, 1, 3]))
    assert list(batch[start:stop:step]) == listed[start:stop:step]
    index = data.draw(st.lists(st.integers(-9, 8)))
    assert list(batch[index]) == [listed[i] for i in index]
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=9, max_size=9)))
    assert list(batch[mask]) == [cell for cell, chosen in zip(listed, mask, strict=True) if chosen]


def test_concatenation_merges_by_name() -> None:
    a = CellBatch.from_cells([Cell(("input", "conv1x1"), ((0, 1),))])
    b = CellBatch.from_cells([Cell(("x", "conv1x1", "input"), ((0, 2), (1, 2)))])
    both = CellBatch.concatenate([a, b])
    assert both.op_names == ("input", "conv1x1", "x")
    assert list(both) == [a[0], b[0]]


def test_widening_keeps_the_cells() -> None:
    batch = SMALL.sample(5)
    wide = batch.widen(100)
    assert wide.adjacency.shape == (5, 100, 2)
    assert list(wide) == list(batch)
    assert wide.widen(10) == batch
    with pytest.raises(ValueError, match=r"num_nodes must be in 10 \.\. 256, got 9"):
        wide.widen(9)


def test_other_op_names() -> None:
    batch = SMALL.sample(3)
    other = batch.with_op_names(("sepconv3x3", "x", "input", "conv1x1"))
    assert list(other) == list(batch)
    with pytest.raises(
        ValueError, match="op_names must hold every operation, got none for 'conv1x1'"
    ):
        batch.with_op_names(("input", "sepconv3x3"))


def test_is_immutable() -> None:
    arrays = (np.zeros((1, 2, 1), np.uint64), np.zeros((1, 2), np.uint8), np.full(1, 2, np.uint16))
    batch = CellBatch(*arrays, ("a",))
    arrays[1][0, 0] = 9  # The batch has its own copy.
    assert batch.ops[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        batch.ops[0, 0] = 1
    with pytest.raises(AttributeError, match="a CellBatch is immutable: ops can't be set"):
        batch.ops = arrays[1]
    assert pickle.loads(pickle.dumps(batch)) == batch
    with pytest.raises(TypeError, match="unhashable"):
        hash(batch)
    assert (batch == 3) is False
    assert repr(batch) == "CellBatch(1 cells of at most 2 nodes, ops ('a',))"


def test_labels_may_be_any_hashable() -> None:
    graph = nx.DiGraph()
    graph.add_node(0, op=(1, "C"))
    graph.add_node(1, op=None)
    assert CellBatch.from_networkx([graph]).op_names == ((1, "C"), None)


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (5, IndexError, r"index must be in -5 \.\. 4, got 5"),
        ([0, 5], IndexError, r"index must be in -5 \.\. 4, got \[0, 5\]"),
        (np.array([True]), IndexError, r"mask must have shape \[5\], got \[1\]"),
        ([0.5], TypeError, "index must be an int, a slice, a mask or a 1-D array of ints"),
        ("a", TypeError, "str"),
    ],
)
def test_bad_index(index: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SMALL.sample(5)[index]  # type: ignore[call-overload]


ONE_EDGE = [[[0, 1], [0, 0]]]
NAN = [[[0, float("nan")], [0, 0]]]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"adjacency": [[0]]}, ValueError, r"adjacency must have shape \[B, N, N\], got \[1, 1\]"),
        ({"adjacency": np.zeros((1, 0, 0))}, ValueError, r"must have 1 \.\. 256 nodes, got 0"),
        ({"adjacency": np.zeros((1, 257, 257))}, ValueError, r"1 \.\. 256 nodes, got 257"),
        ({"adjacency": [[["a"]]]}, TypeError, "adjacency must be numbers, got <U1"),
        ({"adjacency": [[[0, 1], [0]]]}, ValueError, "adjacency must be a rectangular array"),
        ({"adjacency": [[[0, 2], [0, 0]]]}, ValueError, "adjacency must hold 0 and 1 alone, got 2"),
        ({"adjacency": NAN}, ValueError, "adjacency must hold 0 and 1 alone, got nan"),
        ({"adjacency": [[[0, 1], [1, 0]]]}, ValueError, "graph 0: edges must not close a cycle"),
        (
            {"adjacency": [[[0, 0], [0, 1]]]},
            ValueError,
            "no self loops, got one in graph 0 at node 1",
        ),
        ({"ops": [[0], [0, 1]]}, ValueError, "ops must be a rectangular array"),
        ({"ops": [[0]]}, ValueError, r"ops must have shape \[1, 2\], got \[1, 1\]"),
        ({"ops": [[0.0, 1.0]]}, TypeError, "ops must be integers, got float64"),
        ({"ops": [[0, 3]]}, ValueError, r"ops must be in 0 \.\. 2, got 3 at \[0, 1\]"),
        ({"ops": [[0, -1]]}, ValueError, r"ops must be in 0 \.\. 2, got -1 at \[0, 1\]"),
        ({"sizes": [0]}, ValueError, r"sizes must be in 1 \.\. 2, got 0"),
        ({"sizes": [3]}, ValueError, r"sizes must be in 1 \.\. 2, got 3"),
        ({"sizes": [1, 2]}, ValueError, r"sizes must have shape \[1\], got \[2\]"),
        ({"sizes": [1]}, ValueError, "adjacency must not join absent nodes, got graph 0, node 1"),
        ({"op_names": "abc"}, TypeError, "op_names must be a sequence of names"),
        ({"op_names": ("a", "a")}, ValueError, "op_names must all differ, got 'a' twice"),
        ({"op_names": range(256)}, ValueError, "op_names must hold at most 255 names, got 256"),
    ],
)
def test_bad_dense(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    good: dict[str, object] = {"adjacency": ONE_EDGE, "ops": [[0, 1]]}
    with pytest.raises(error, match=message):
        CellBatch.from_dense(**(good | arguments))  # type: ignore[arg-type]


def test_bad_packed() -> None:
    adjacency, ops = np.zeros((1, 2, 1), np.uint64), np.zeros((1, 2), np.uint8)
    sizes = np.array([2], np.uint16)
    with pytest.raises(TypeError, match="adjacency must be an array of uint64, got int64"):
        CellBatch(adjacency.astype(np.int64), ops, sizes, ("a",))
    with pytest.raises(TypeError, match="sizes must be an array of uint16, got list"):
        CellBatch(adjacency, ops, [2], ("a",))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"ops must have shape \[B, 1 \.\. 256\], got \[2\]"):
        CellBatch(adjacency, ops[0], sizes, ("a",))
    with pytest.raises(ValueError, match=r"adjacency must have shape \[1, 2, 1\], got \[1, 1, 1\]"):
        CellBatch(adjacency[:, :1], ops, sizes, ("a",))
    with pytest.raises(ValueError, match=r"ops must be in 0 \.\. 0, and 255 from sizes"):
        CellBatch(adjacency, ops + 1, sizes, ("a",))
    with pytest.raises(ValueError, match="u < v alone, got others"):
        CellBatch(adjacency + 1, ops, sizes, ("a",))


def test_bad_cells() -> None:
    with pytest.raises(ValueError, match="op_names must hold every operation, got none for 'b'"):
        CellBatch.from_cells([Cell(("b",))], op_names=("a",))
    with pytest.raises(ValueError, match="batches must hold at least one batch, got none"):
        CellBatch.concatenate([])
