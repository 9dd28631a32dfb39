"""wl_gram at every level, size and type against wl_pairs and the textbook."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gemcore import (
    Cell,
    CellBatch,
    SearchSpace,
    get_num_threads,
    set_num_threads,
    wl_features,
    wl_gram,
    wl_pairs,
)

SPACE = SearchSpace(num_nodes=9, ops=("conv1x1", "conv3x3"), edge_prob=0.4)
OPTIONS: list[dict[str, Any]] = [
    {"direction": "undirected"},
    {"round_weights": [0.1, 0.7, 0, 0.3]},
    {"round_weights": [0.3, 0.1], "n_iter": 1, "normalize": False, "direction": "out"},
    {"normalize": False, "labels": "degree", "direction": "in"},
    {"labels": "uniform", "n_iter": 16},
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = get_num_threads()
    set_num_threads(1)
    yield
    set_num_threads(before)


def by_pairs(x: CellBatch, y: CellBatch, **options: Any) -> NDArray[Any]:
    i, j = (index.ravel() for index in np.indices((len(x), len(y))))
    return wl_pairs(x[i], y[j], **options).reshape(len(x), len(y))


@pytest.mark.usefixtures("every_simd_level")
@pytest.mark.parametrize("options", OPTIONS, ids=range(len(OPTIONS)))
@pytest.mark.parametrize(
    ("num_rows", "num_columns"),
    [(0, 0), (0, 3), (1, 1), (2, 2), (1, 200), (200, 1), (63, 65), (64, 64), (65, 129)],
)
def test_has_the_bits_of_pairs(num_rows: int, num_columns: int, options: dict[str, Any]) -> None:
    x, y = SPACE.sample(num_rows, 1), SPACE.sample(num_columns, 2)
    for gram, expected in (
        (wl_gram(x, y, **options), by_pairs(x, y, **options)),
        (wl_gram(y, **options), by_pairs(y, y, **options)),
    ):
        assert gram.dtype == expected.dtype
        np.testing.assert_array_equal(gram, expected)


@pytest.mark.usefixtures("every_simd_level")
@pytest.mark.parametrize("num_cells", [1, 2, 70, 1100])
def test_float32_is_float64_rounded_once(num_cells: int) -> None:
    cells, other = SPACE.sample(num_cells), SPACE.sample(70, 1)
    for second in (None, other):
        for options in OPTIONS[:3]:
            single = wl_gram(cells, second, dtype=np.float32, **options)
            assert single.dtype == np.float32
            np.testing.assert_array_equal(
                single, wl_gram(cells, second, **options).astype(np.float32)
            )


@pytest.mark.usefixtures("every_simd_level")
def test_many_columns_by_few_rows_and_back() -> None:
    many, few = SPACE.sample(2500), SPACE.sample(3, 1)
    wide = wl_gram(few, many)
    np.testing.assert_array_equal(wide, by_pairs(few, many))
    np.testing.assert_array_equal(wl_gram(many, few), wide.T)
    np.testing.assert_array_equal(wl_gram(many)[:3], by_pairs(many[:3], many))


@pytest.mark.usefixtures("every_simd_level")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_matrices_of_many_megabytes(dtype: type[Any]) -> None:
    """From 4 MB on they are written past the caches."""
    num_cells = 1077  # Tiles end within squares.
    cells = SPACE.sample(num_cells, seed=5)
    whole = wl_gram(cells, dtype=dtype)
    assert whole.nbytes >= 4 << 20
    for begin in range(0, num_cells, 200):
        part = slice(begin, begin + 200)
        np.testing.assert_array_equal(whole[part], wl_gram(cells[part], cells, dtype=dtype))
    rectangular = wl_gram(cells, cells[::-1], dtype=dtype)
    np.testing.assert_array_equal(rectangular, whole[:, ::-1])


def test_sums_beyond_sixteen_bits() -> None:
    cells = CellBatch.from_dense(np.zeros((3, 256, 256)), np.zeros((3, 256), dtype=np.int64))
    assert (wl_gram(cells, n_iter=2, normalize=False) == 3 * 256**2).all()
    assert (wl_gram(cells, n_iter=2) == 1).all()


def histogram(cell: Cell) -> Counter[Any]:
    """The textbook's: nested signatures instead of numbers, of one round."""
    colors: list[Any] = list(cell.ops)
    counts = Counter((0, color) for color in colors)
    inputs = [tuple(sorted(repr(colors[u]) for u, v in cell.edges if v == n)) for n in range(9)]
    outputs = [tuple(sorted(repr(colors[v]) for u, v in cell.edges if u == n)) for n in range(9)]
    counts.update((1, (color, i, o)) for color, i, o in zip(colors, inputs, outputs, strict=False))
    return counts


@given(st.integers(0, 2**32), st.integers(0, 80))
def test_is_the_textbook_kernel(seed: int, num_cells: int) -> None:
    cells = SPACE.sample(num_cells, seed)
    histograms = [histogram(cell) for cell in cells]
    expected = [[sum(n * b[c] for c, n in a.items()) for b in histograms] for a in histograms]
    gram = wl_gram(cells, n_iter=1, normalize=False)
    np.testing.assert_array_equal(gram, np.reshape(expected, (num_cells, num_cells)))


def test_features_choose_32_bits_and_are_canonical() -> None:
    cells, other = SPACE.sample(300), SPACE.sample(20, 1)
    for features in (wl_features(cells), wl_features(cells, other)):
        assert features.indices.dtype == features.indptr.dtype == np.int32
        assert features.data.dtype == np.int64
        assert features.has_canonical_format
    shared = (wl_features(cells, other) @ wl_features(other).T).toarray()
    np.testing.assert_array_equal(shared, wl_gram(cells, other, normalize=False))


def test_fills_an_array_of_the_caller() -> None:
    cells, other = SPACE.sample(70), SPACE.sample(5, 1)
    for dtype in ("float64", "float32", "int64"):
        options: dict[str, Any] = {"dtype": dtype, "normalize": dtype != "int64"}
        for second, size in ((None, 70), (other, 5)):
            space = np.full((72, size), 7, dtype)
            out = space[1:71]
            assert wl_gram(cells, second, out=out, **options) is out
            np.testing.assert_array_equal(out, wl_gram(cells, second, **options))
            assert (space[[0, 71]] == 7).all()


READ_ONLY = np.zeros((3, 3))
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"dtype": "float16"}, ValueError, "dtype must be float64 or float32, got float16"),
        ({"dtype": "int64"}, ValueError, "dtype must be float64 or float32, got int64"),
        (
            {"dtype": "float32", "normalize": False},
            ValueError,
            r"dtype must be int64 for counts \(normalize=False, no round_weights\), got float32",
        ),
        ({"dtype": "half"}, ValueError, "dtype must be float64 or float32, got float16"),
        ({"dtype": "lots"}, TypeError, "dtype must be a numpy dtype, got str 'lots'"),
        ({"out": 3}, TypeError, "out must be of type ndarray or str or PathLike, got int 3"),
        (
            {"out": np.zeros((3, 4))},
            ValueError,
            r"out must have shape \[3, 3\], got \[3, 4\]",
        ),
        (
            {"out": np.zeros((3, 3), np.float32)},
            ValueError,
            "out must have dtype float64, got float32",
        ),
        ({"out": np.zeros((3, 6))[:, ::2]}, ValueError, "out must be C-contiguous, got an array"),
        ({"out": READ_ONLY}, ValueError, "out must be writeable, got an array that is not"),
        ({"progress": 1}, TypeError, r"progress must be of type bool.*, got int 1"),
        (
            {"progress": True},
            ValueError,
            "progress must be False unless out is the name of a file, got True",
        ),
    ],
)
def test_rejects_what_it_can_not_fill(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wl_gram(SPACE.sample(3), **options)
