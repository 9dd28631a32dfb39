"""What gemcore.wl takes: labels, weights, empty batches, and bad arguments by their messages."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gemcore import Cell, CellBatch, SearchSpace, wl_features, wl_gram, wl_pairs

EDGE = ((0, 1),)
SPACE = SearchSpace(num_nodes=8, ops=("conv1x1", "conv3x3"), edge_prob=0.4)


def batch(*cells: Cell) -> CellBatch:
    return CellBatch.from_cells(cells)


def test_labels_are_matched_by_name_not_by_number() -> None:
    cells = SPACE.sample(30)
    renamed = cells.with_op_names(("conv3x3", "other", "conv1x1", "input"))
    assert not np.array_equal(renamed.ops, cells.ops)
    assert (wl_pairs(cells, renamed) == 1).all()
    np.testing.assert_array_equal(wl_gram(cells, renamed), wl_gram(cells))
    np.testing.assert_array_equal(
        (wl_features(cells, renamed) @ wl_features(renamed).T).toarray(),
        wl_gram(cells, normalize=False),
    )


def test_labels_are_any_hashable_values() -> None:
    named = batch(Cell(("a", "b", "b"), EDGE))
    for a, b in ((7, -7), (("x", 1), None), (2.5, frozenset())):
        assert wl_pairs(batch(Cell((a, b, b), EDGE)), batch(Cell((a, b, b), EDGE))) == 1
        assert wl_pairs(batch(Cell((a, b, b), EDGE)), named) == 0
    assert wl_pairs(batch(Cell((1,))), batch(Cell((1.0,)))) == 1  # Equal labels, equal colors.
    assert wl_pairs(batch(Cell((1,))), batch(Cell(("1",)))) == 0


def test_two_batches_together_may_have_more_labels_than_one_can() -> None:
    a, b = (batch(Cell(tuple(range(first, first + 255)))) for first in (0, 100))
    assert wl_pairs(a, b, n_iter=0, normalize=False) == 155


def test_unseen_labels_count_in_the_own_kernel() -> None:
    known, mixed = batch(Cell(("a", "a"))), batch(Cell(("a", "new")))
    assert wl_gram(mixed, known, n_iter=0) == 2 / np.sqrt(2 * 4)
    assert wl_features(mixed, known, n_iter=0).toarray().tolist() == [[1]]


def test_degrees_of_inputs_and_outputs_are_kept_apart() -> None:
    fan_out = batch(Cell(("a", "a", "a"), ((0, 1), (0, 2))))  # (in, out): (0, 2), (1, 0), (1, 0)
    fan_in = batch(Cell(("a", "a", "a"), ((0, 2), (1, 2))))  # (0, 1), (0, 1), (2, 0)
    expected = {"in_out": 0, "out": 2, "in": 2, "undirected": 5}
    for direction, value in expected.items():
        kernel = wl_pairs(
            fan_out, fan_in, n_iter=0, direction=direction, labels="degree", normalize=False
        )
        assert kernel == value


def test_round_weights_weigh_the_rounds() -> None:
    a, b = SPACE.sample(40), SPACE.sample(40, seed=1)
    sums = [wl_pairs(a, b, n_iter=t, normalize=False) for t in range(3)]
    rounds = np.diff(sums, axis=0, prepend=0)
    weights = [0.5, 0, 3.25]
    raw = wl_pairs(a, b, n_iter=2, round_weights=weights, normalize=False)
    assert raw.dtype == np.float64
    np.testing.assert_array_equal(raw, 0.5 * rounds[0] + 3.25 * rounds[2])
    ones = wl_pairs(a, b, n_iter=2, round_weights=np.ones(3), normalize=False)
    np.testing.assert_array_equal(ones, sums[-1])


def test_weighted_pairs_gram_and_features_agree() -> None:
    cells = SPACE.sample(25)
    weights = [0.1, 0.7, 0, 0.3]
    gram = wl_gram(cells, round_weights=weights)
    i, j = (index.ravel() for index in np.indices(gram.shape))
    pairs = wl_pairs(cells[i], cells[j], round_weights=weights)
    np.testing.assert_array_equal(gram.ravel(), pairs)
    assert (gram.diagonal() == 1).all()
    features = wl_features(cells, round_weights=weights)
    raw = wl_gram(cells, round_weights=weights, normalize=False)
    np.testing.assert_allclose((features @ features.T).toarray(), raw, rtol=1e-13)


@pytest.mark.parametrize("scale", [2.0**-1060, 1e-200, 1e200, 1e307])
def test_tiny_and_huge_weights_neither_vanish_nor_overflow(scale: float) -> None:
    a, b = SPACE.sample(20), SPACE.sample(20, seed=1)
    weights = np.array([1.0, 2.0, 0.5, 4.0])
    expected = wl_pairs(a, b, round_weights=weights)
    np.testing.assert_allclose(wl_pairs(a, b, round_weights=weights * scale), expected, rtol=1e-3)


def test_rounding_does_not_lift_a_similarity_above_one() -> None:
    # Parallel histograms; unclamped, 23 nodes would give 1 + 2^-52.
    one = batch(Cell(("a",)))
    for num_nodes in range(1, 257):
        many = batch(Cell(("a",) * num_nodes))
        similarity = wl_pairs(one, many, round_weights=[0.1, 0.7, 0.3, 0.9])[0]
        assert 1 - 1e-15 < similarity <= 1


def test_zero_by_zero_is_zero() -> None:
    cells = SPACE.sample(3)
    assert wl_gram(cells, round_weights=[0, 0, 0, 0]).tolist() == [[0.0] * 3] * 3
    assert wl_features(cells, round_weights=[0, 0, 0, 0]).nnz == 0


def test_empty_batches() -> None:
    cells = SPACE.sample(3)
    none = cells[:0]
    assert wl_pairs(none, none).shape == (0,)
    assert wl_gram(none).shape == (0, 0)
    assert wl_gram(cells, none).shape == (3, 0)
    assert wl_gram(none, cells).shape == (0, 3)
    assert wl_features(none).shape == (0, 0)
    assert wl_features(cells, none).shape == (3, 0)


@pytest.mark.parametrize("function", [wl_pairs, wl_gram, wl_features])
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_iter": -1}, ValueError, r"n_iter must be in 0 \.\. 16, got -1"),
        ({"n_iter": 17}, ValueError, r"n_iter must be in 0 \.\. 16, got 17"),
        ({"n_iter": 2.0}, TypeError, r"n_iter must be an integer, got float 2\.0"),
        ({"direction": "both"}, ValueError, r"direction must be one of 'in_out', .*, got 'both'"),
        ({"labels": "op"}, ValueError, r"labels must be one of 'ops', .*, got 'op'"),
        (
            {"round_weights": [1, 1, 1]},
            ValueError,
            r"round_weights must have length n_iter \+ 1 = 4, got 3",
        ),
        (
            {"round_weights": [[1, 1, 1, 1]]},
            ValueError,
            r"round_weights must have length n_iter \+ 1 = 4, got shape \[1, 4\]",
        ),
        (
            {"round_weights": [1, -1, 1, 1]},
            ValueError,
            r"round_weights must be finite and >= 0, got \[1\.0, -1\.0, 1\.0, 1\.0\]",
        ),
        (
            {"round_weights": [1, 1, 1, np.nan]},
            ValueError,
            r"round_weights must be finite and >= 0, got .*nan",
        ),
        ({"round_weights": "heavy"}, TypeError, r"round_weights must be numbers, got str 'heavy'"),
    ],
)
def test_rejects_bad_options(
    function: Callable[..., Any], options: Any, error: type[Exception], message: str
) -> None:
    cells = SPACE.sample(2)
    with pytest.raises(error, match=message):
        function(cells, cells, **options)


def test_rejects_bad_batches() -> None:
    cells = SPACE.sample(2)
    with pytest.raises(ValueError, match="cells_b must have as many cells as cells_a, 2, got 1"):
        wl_pairs(cells, cells[:1])
    with pytest.raises(TypeError, match=r"cells_a must be of type CellBatch, got list \[Cell"):
        wl_pairs(list(cells), cells)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="other must be of type CellBatch, got int 3"):
        wl_gram(cells, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"normalize must be of type bool.*, got str 'yes'"):
        wl_gram(cells, normalize="yes")  # type: ignore[arg-type]
