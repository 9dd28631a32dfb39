"""gemcore.wl against the textbook, closed forms and the properties of a kernel."""

import math
from collections import Counter
from collections.abc import Hashable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gemcore import Cell, CellBatch, perturb, wl_features, wl_gram, wl_pairs
from gemcore.wl_settings import DIRECTIONS, LABELS

Histogram = Counter[tuple[int, int]]


def random_cells(
    num_cells: int, num_nodes: int, *, density: float = 0.3, num_ops: int = 2, seed: int = 0
) -> CellBatch:
    """Cells of 1 .. num_nodes nodes; the first has them all."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, num_nodes, num_cells, endpoint=True)
    sizes[:1] = num_nodes
    absent = np.arange(num_nodes) >= sizes[:, None]
    shape = (num_cells, num_nodes, num_nodes)
    adjacency = np.triu(rng.random(shape) < density, 1)
    adjacency[absent] = False
    adjacency.transpose(0, 2, 1)[absent] = False
    ops = rng.integers(0, num_ops, shape[:2])
    return CellBatch.from_dense(adjacency, ops, sizes, op_names=range(num_ops))


NUMBERS: dict[Hashable, int] = {}


def number(signature: Hashable) -> int:
    return NUMBERS.setdefault(signature, len(NUMBERS))


def textbook(cell: Cell, n_iter: int, direction: str, labels: str) -> Histogram:
    """The definition, node by node, with the paper's dictionary from signatures to numbers."""
    nodes = range(cell.num_nodes)
    outputs = [[v for u, v in cell.edges if u == node] for node in nodes]
    inputs = [[u for u, v in cell.edges if v == node] for node in nodes]
    roles = {
        "in_out": [outputs, inputs],
        "out": [outputs],
        "in": [inputs],
        "undirected": [[outputs[v] + inputs[v] for v in nodes]],
    }[direction]
    colors = []
    for v in nodes:
        label = {"ops": cell.ops[v], "degree": tuple(len(role[v]) for role in roles)}.get(labels)
        colors.append(number((labels, direction, label)))
    histogram: Histogram = Counter((0, color) for color in colors)
    for i in range(1, n_iter + 1):
        multisets = [[tuple(sorted(colors[u] for u in role[v])) for role in roles] for v in nodes]
        colors = [number((direction, colors[v], *multisets[v])) for v in nodes]
        histogram.update((i, color) for color in colors)
    return histogram


def dot(a: Histogram, b: Histogram) -> int:
    return sum(count * b[color] for color, count in a.items())


def textbook_gram(cells: CellBatch, n_iter: int, direction: str, labels: str) -> NDArray[np.int64]:
    histograms = [textbook(cell, n_iter, direction, labels) for cell in cells]
    return np.array([[dot(a, b) for b in histograms] for a in histograms])


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("num_nodes", "n_iter"), [(1, 1), (2, 2), (7, 0), (30, 3), (65, 5)])
def test_matches_textbook(num_nodes: int, n_iter: int, direction: str, labels: str) -> None:
    cells = random_cells(9, num_nodes, density=min(1, 5 / num_nodes), seed=n_iter)
    expected = textbook_gram(cells, n_iter, direction, labels)
    options: dict[str, Any] = {"n_iter": n_iter, "direction": direction, "labels": labels}
    raw = wl_gram(cells, normalize=False, **options)
    own = expected.diagonal().astype(float)
    assert raw.dtype == np.int64
    np.testing.assert_array_equal(raw, expected)
    np.testing.assert_array_equal(wl_gram(cells, cells, normalize=False, **options), expected)
    np.testing.assert_array_equal(wl_gram(cells, **options), expected / np.sqrt(np.outer(own, own)))
    features = wl_features(cells, **options)
    np.testing.assert_array_equal((features @ features.T).toarray(), expected)
    i, j = (index.ravel() for index in np.indices(expected.shape))
    pairs = wl_pairs(cells[i], cells[j], normalize=False, **options)
    assert pairs.dtype == np.int64
    np.testing.assert_array_equal(pairs, expected.ravel())
    np.testing.assert_array_equal(
        wl_pairs(cells[i], cells[j], **options), wl_gram(cells, **options).ravel()
    )


def test_most_nodes_most_labels_most_rounds() -> None:
    cells = random_cells(3, 256, density=0.01, num_ops=255)
    expected = textbook_gram(cells, 16, "in_out", "ops")
    np.testing.assert_array_equal(wl_gram(cells, n_iter=16, normalize=False), expected)
    complete = CellBatch.from_dense(np.triu(np.ones((2, 256, 256)), 1), np.zeros((2, 256), int))
    assert wl_gram(complete, n_iter=16, normalize=False).tolist() == [[256**2 + 16 * 256] * 2] * 2


COMPLETE = [(u, v) for u in range(30) for v in range(u + 1, 30)]
PATH = [(u, u + 1) for u in range(29)]
ONE_OP, THREE_OPS = [0] * 30, [i % 3 for i in range(30)]


@pytest.mark.parametrize(
    ("x", "y", "values"),
    [
        (
            (ONE_OP, COMPLETE),
            (ONE_OP, []),
            {"undirected": (900, 3600, 3600), "in_out": (900, 990, 3600), "out": (990, 990, 3600)},
        ),
        (
            (ONE_OP, COMPLETE),
            (ONE_OP, PATH),
            {"undirected": (900, 3600, 2960), "in_out": (900, 990, 2948), "out": (934, 990, 3260)},
        ),
        (
            (THREE_OPS, PATH),
            (THREE_OPS[::-1], PATH),
            {"undirected": (992, 992, 992), "in_out": (300, 992, 992), "out": (300, 1092, 1092)},
        ),
    ],
    ids=["complete-empty", "complete-path", "path-reversed ops"],
)
def test_closed_forms(x: Any, y: Any, values: dict[str, tuple[int, int, int]]) -> None:
    a, b = (CellBatch.from_cells([Cell(tuple(ops), tuple(edges))]) for ops, edges in (x, y))
    for direction, (xy, xx, yy) in values.items():
        for p, q, value in ((a, b, xy), (a, a, xx), (b, b, yy)):
            assert wl_pairs(p, q, direction=direction, normalize=False) == value
        assert wl_pairs(a, b, direction=direction)[0] == xy / math.sqrt(xx * yy)


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    ops = draw(st.lists(st.sampled_from("ab"), min_size=1, max_size=6))
    edges = [(u, v) for v in range(len(ops)) for u in range(v)]
    return Cell(tuple(ops), tuple(draw(st.sets(st.sampled_from(edges)))) if edges else ())


@settings(max_examples=60, deadline=None)
@given(cells(), cells(), st.integers(0, 4), st.sampled_from(DIRECTIONS), st.sampled_from(LABELS))
def test_is_a_kernel(x: Cell, y: Cell, n_iter: int, direction: str, labels: str) -> None:
    batch = CellBatch.from_cells([x, y])
    options: dict[str, Any] = {"direction": direction, "labels": labels}
    gram = wl_gram(batch, n_iter=n_iter, normalize=False, **options)
    np.testing.assert_array_equal(gram, textbook_gram(batch, n_iter, direction, labels))
    assert gram[0, 1] ** 2 <= gram[0, 0] * gram[1, 1]
    assert (wl_gram(batch, n_iter=n_iter + 1, normalize=False, **options) >= gram).all()
    similarity = wl_gram(batch, n_iter=n_iter, **options)
    assert (similarity.diagonal() == 1).all()
    assert 0 <= similarity[0, 1] <= 1


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_is_positive_semidefinite(direction: str) -> None:
    gram = wl_gram(random_cells(60, 12, seed=1), direction=direction, n_iter=2)
    assert np.array_equal(gram, gram.T)
    assert np.linalg.eigvalsh(gram).min() > -1e-12


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_renumbering_changes_nothing(direction: str) -> None:
    batch = random_cells(50, 20, num_ops=3)
    renumbered = perturb(batch, 0, seed=1, renumber=True)
    assert renumbered != batch
    assert (wl_pairs(batch, renumbered, direction=direction) == 1).all()
    np.testing.assert_array_equal(
        wl_gram(batch, direction=direction), wl_gram(renumbered, direction=direction)
    )


def reverse(cell: Cell) -> Cell:
    last = cell.num_nodes - 1
    return Cell(cell.ops[::-1], tuple((last - v, last - u) for u, v in cell.edges))


def test_direction_of_edges_matters() -> None:
    batch = random_cells(20, 15)
    reversed_batch = CellBatch.from_cells([reverse(cell) for cell in batch])
    assert wl_pairs(batch, reversed_batch).min() < 1
    assert (wl_pairs(batch, reversed_batch, direction="undirected") == 1).all()
    np.testing.assert_array_equal(
        wl_gram(batch, direction="in"), wl_gram(reversed_batch, direction="out")
    )


def test_inputs_and_outputs_do_not_swap() -> None:
    # Without salts, (own color, input) and (own color, output) would be sums of the same terms.
    a, b = (CellBatch.from_cells([Cell(ops, ((0, 1),))]) for ops in (("x", "y"), ("y", "x")))
    assert wl_pairs(a, b, n_iter=1, normalize=False) == 2
    assert wl_pairs(a, b, n_iter=1, normalize=False, direction="undirected") == 4


def test_six_ring_and_two_triangles_look_alike() -> None:
    # The known limit of one-dimensional WL: all nodes of both have two neighbors.
    ring = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 5)]
    triangles = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)]
    batch = CellBatch.from_cells([Cell(("a",) * 6, tuple(e)) for e in (ring, triangles)])
    assert wl_gram(batch, n_iter=16, direction="undirected")[0, 1] == 1
