"""gemcore.encoder.features: cells to vectors and back, against the definition."""

import numpy as np
import pytest
import torch

from gemcore import Cell, CellBatch, SearchSpace, canonicalize, perturb, prune
from gemcore.encoder.features import FlatInput

CPU = torch.device("cpu")
OPS = ("input", "conv1x1", "sepconv3x3")


def textbook_vector(cell: Cell, num_nodes: int) -> list[float]:
    edges = set(cell.edges)
    pairs = [(u, v) for u in range(num_nodes) for v in range(u + 1, num_nodes)]
    padded = cell.ops + (None,) * (num_nodes - cell.num_nodes)
    return [float(pair in edges) for pair in pairs] + [
        float(op == name) for op in padded for name in OPS
    ]


@pytest.mark.parametrize("num_nodes", [1, 2, 3, 9, 64, 65, 130])
@pytest.mark.parametrize("seed", [0, 1])
def test_vector_is_the_flattened_graph(num_nodes: int, seed: int) -> None:
    space = SearchSpace(num_nodes=num_nodes, edge_prob=0.3)
    cells = CellBatch.concatenate([space.sample(3, seed), SearchSpace(num_nodes=1).sample(1)])
    flat = FlatInput(num_nodes + 1, OPS, prune=False, canonical=False)
    vectors = flat.flatten(flat.expand(flat.prepare(cells), CPU))
    expected = [textbook_vector(cell, num_nodes + 1) for cell in cells]
    assert vectors.dtype == torch.float32
    assert vectors.shape == (4, flat.num_features)
    np.testing.assert_array_equal(vectors.numpy(), expected)


def test_signed_numbers_are_minus_one_and_one() -> None:
    cells = SearchSpace.preset("small").sample(20, seed=1)
    plain, signed = (
        FlatInput(10, OPS, prune=False, canonical=False, signed=signed) for signed in (False, True)
    )
    graphs = plain.expand(plain.prepare(cells), CPU)
    assert torch.equal(signed.flatten(graphs), 2 * plain.flatten(graphs) - 1)


def test_cells_are_pruned_and_ordered_as_asked() -> None:
    cells = SearchSpace.preset("small").sample(50, seed=2)
    forms = {
        (False, False): cells,
        (True, False): prune(cells),
        (False, True): canonicalize(cells),
        (True, True): canonicalize(prune(cells)),
    }
    for (pruned, canonical), expected in forms.items():
        assert FlatInput(10, OPS, pruned, canonical).prepare(cells) == expected


def test_isomorphic_cells_have_equal_vectors() -> None:
    cells = SearchSpace.preset("small").sample(200, seed=3)
    flat = FlatInput(10, OPS)
    vectors = [
        flat.flatten(flat.expand(flat.prepare(c), CPU))
        for c in (cells, perturb(cells, 0, seed=1, renumber=True))
    ]
    assert torch.equal(*vectors)


def test_operations_are_matched_by_name() -> None:
    cells = SearchSpace.preset("small").sample(20, seed=4)
    turned = cells.with_op_names(("sepconv3x3", "other", "input", "conv1x1"))
    flat = FlatInput(10, OPS)
    assert flat.prepare(turned) == flat.prepare(cells)


def test_dead_nodes_do_not_count_against_the_width() -> None:
    cell = Cell(("input", "conv1x1", "conv1x1"), ((0, 2),))
    assert FlatInput(2, OPS).prepare(CellBatch.from_cells([cell])).num_nodes == 2


def test_rejects_what_it_cannot_read() -> None:
    flat = FlatInput(2, OPS)
    long = CellBatch.from_cells([Cell(("input", "conv1x1", "conv1x1"), ((0, 1), (1, 2)))])
    with pytest.raises(ValueError, match=r"num_nodes must be in 3 .. 256, got 2"):
        flat.prepare(long)
    strange = CellBatch.from_cells([Cell(("input", "conv5x5"), ((0, 1),))])
    with pytest.raises(
        ValueError, match=r"op_names must hold every operation, got none for 'conv5x5'"
    ):
        flat.prepare(strange)


def test_perfect_logits_give_the_cells_back() -> None:
    flat = FlatInput(12, OPS)
    cells = flat.prepare(SearchSpace.preset("small").sample(100, seed=5))
    graphs = flat.expand(cells, CPU)
    one_hot = torch.nn.functional.one_hot(graphs.ops, len(OPS) + 1)
    assert flat.unflatten(graphs.edges - 0.5, one_hot.float()) == cells


def test_any_logits_give_a_batch() -> None:
    flat = FlatInput(6, OPS)
    generator = torch.Generator().manual_seed(0)
    edges, ops = (
        torch.randn(50, 15, generator=generator),
        torch.randn(50, 6, 4, generator=generator),
    )
    cells = flat.unflatten(edges, ops)
    again = CellBatch(cells.adjacency, cells.ops, cells.sizes, cells.op_names)  # Checks the rules.
    assert again == cells
    assert cells.sizes.min() == 1
    assert cells.sizes.max() == 6
