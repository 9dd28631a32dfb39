"""Weisfeiler-Lehman similarity of cells, the paper's S_g (eq. 1)."""

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy.sparse import csr_array

from gemcore import _core
from gemcore.arguments import check_in, check_int, check_type, describe
from gemcore.cell import Cell  # noqa: F401 (doctests)
from gemcore.cell_batch import CellBatch
from gemcore.gram_output import MatrixJob, read_dtype

DIRECTIONS = ("in_out", "out", "in", "undirected")
LABELS = ("ops", "degree", "uniform")
MAX_ROUNDS = 16


def wl_pairs(
    cells_a: CellBatch,
    cells_b: CellBatch,
    *,
    n_iter: int = 3,
    direction: str = "in_out",
    normalize: bool = True,
    round_weights: ArrayLike | None = None,
    labels: str = "ops",
) -> NDArray[Any]:
    r"""Similarity of cell b of one batch and cell b of another, by the WL subtree kernel.

    .. math::
        k(x, y) = \sum_{t=0}^{h} w_t \, \langle \phi_t(x), \phi_t(y) \rangle, \qquad
        S_g(x, y) = \frac{k(x, y)}{\sqrt{k(x, x) \, k(y, y)}}

    where :math:`\phi_t` counts the nodes of each color after t rounds. Colors start as operations;
    a round tells nodes apart by their own color and the multisets of their neighbors' colors. So
    k counts the pairs of nodes, one of each cell, that look the same up to 0, 1, ..., h edges away.

    Isomorphic cells score 1; the converse does not hold. The cells are taken as they are: nodes
    that no data reaches count, unless :func:`gemcore.prune` drops them first.

    Args:
        cells_a: B cells.
        cells_b: B cells. Sizes and ``op_names`` may differ; operations are matched by name.
        n_iter: h, rounds of refinement, 0 .. 16.
        direction: Neighbors that are read: ``"in_out"`` inputs and outputs, kept apart; ``"out"``
            outputs alone; ``"in"`` inputs alone; ``"undirected"`` both as one multiset.
        normalize: Whether to return S_g; else k.
        round_weights: w, ``[n_iter + 1]``, finite and >= 0; default 1 for all.
        labels: Colors before the first round: ``"ops"``; ``"degree"``, how many neighbors are read
            (inputs and outputs kept apart for ``"in_out"``); ``"uniform"``, all equal.

    Returns:
        ``[B]``: float64 in [0, 1] if normalized, where 0 / 0 is 0; else int64, or float64 if there
        are round weights.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of range or the batches differ in length.

    Source:
        Shervashidze et al., "Weisfeiler-Lehman Graph Kernels", JMLR 12, 2011; Cheng et al.,
        "NASGEM", AAAI 2021, eq. 1.

    Example:
        A chain and a fork of three equal nodes: 9 pairs before the first round; after it the
        chain's nodes have (inputs, outputs) (0, 1), (1, 1), (1, 0), the fork's (0, 2), (1, 0),
        (1, 0): 2 pairs.

        >>> chain = CellBatch.from_cells([Cell(("a", "a", "a"), ((0, 1), (1, 2)))])
        >>> fork = CellBatch.from_cells([Cell(("a", "a", "a"), ((0, 1), (0, 2)))])
        >>> wl_pairs(chain, fork, n_iter=1, normalize=False)
        array([11])
        >>> wl_pairs(chain, fork, n_iter=1).round(4)  # 11 / sqrt((9 + 3) * (9 + 5))
        array([0.8487])
    """
    batch_a, batch_b = _native_batches(cells_a=cells_a, cells_b=cells_b)
    options = _read_options(n_iter, direction, normalize, round_weights, labels)
    counts = not normalize and round_weights is None
    return (_core.wl_pairs_int if counts else _core.wl_pairs)(batch_a, batch_b, options)


def wl_gram(  # noqa: PLR0913 (the kernel's six, and where the matrix goes)
    cells: CellBatch,
    other: CellBatch | None = None,
    *,
    n_iter: int = 3,
    direction: str = "in_out",
    normalize: bool = True,
    round_weights: ArrayLike | None = None,
    labels: str = "ops",
    dtype: DTypeLike | None = None,
    out: NDArray[Any] | str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> NDArray[Any]:
    """Similarity of every two cells, by the WL subtree kernel: see :func:`wl_pairs`.

    The values are those of :func:`wl_pairs` to the bit. A cell's own kernel counts all its colors,
    so a cell of operations that ``other`` has not is normalized like any other.

    A matrix larger than memory goes into a file: ``out="gram.npy"``. It is computed in tiles of
    128 MB, and takes its name when it is whole. Else memory is the matrix and at most 256 MB.

    Args:
        cells: B cells.
        other: C cells; default the same as ``cells``, at half the price.
        n_iter: h, rounds of refinement, 0 .. 16.
        direction: Neighbors that are read: ``"in_out"``, ``"out"``, ``"in"`` or ``"undirected"``.
        normalize: Whether to divide by sqrt(k(x, x) k(y, y)).
        round_weights: Weights of the rounds, ``[n_iter + 1]``, finite and >= 0; default 1.
        labels: Colors before the first round: ``"ops"``, ``"degree"`` or ``"uniform"``.
        dtype: float64 or float32, the float64 rounded once, if normalized or with round weights;
            else int64.
        out: An array to be filled, ``[B, C]``, of the dtype, C-contiguous; or the name of a
            ``.npy`` file to be written.
        progress: Whether to show a bar while a file is written.

    Returns:
        ``[B, C]`` or, symmetric and positive semidefinite, ``[B, B]``: ``out`` itself, or the file
        mapped into memory to be read, or a new array. float64 in [0, 1] if normalized; else int64,
        or float64 if there are round weights.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of range, or ``out`` is an array that can't be filled.
        OSError: If the file can't be written, or the disk has no room for it.

    Source:
        Shervashidze et al., "Weisfeiler-Lehman Graph Kernels", JMLR 12, 2011.

    Example:
        >>> chain = Cell(("a", "a", "a"), ((0, 1), (1, 2)))
        >>> fork = Cell(("a", "a", "a"), ((0, 1), (0, 2)))
        >>> wl_gram(CellBatch.from_cells([chain, fork]), n_iter=1, normalize=False)
        array([[12, 11],
               [11, 14]])
    """
    columns_of = cells if other is None else other
    _native_batches(cells=cells, other=columns_of)
    options = _read_options(n_iter, direction, normalize, round_weights, labels)
    value_type = read_dtype(dtype, counts=not normalize and round_weights is None)

    def compute(rows: slice, columns: slice, tile: NDArray[Any]) -> None:
        batch, others = _native_batches(cells=cells[rows], other=columns_of[columns])
        own = other is None and rows == columns
        _core.wl_gram(batch, None if own else others, options, tile)

    job = MatrixJob((len(cells), len(columns_of)), value_type, compute, symmetric=other is None)
    return job.run(out, progress=progress)


def wl_features(
    cells: CellBatch,
    other: CellBatch | None = None,
    *,
    n_iter: int = 3,
    direction: str = "in_out",
    round_weights: ArrayLike | None = None,
    labels: str = "ops",
) -> csr_array[Any]:
    """How often each color occurs in each cell: sparse vectors whose dot products are the kernel.

    ``f @ f.T`` equals ``wl_gram(cells, normalize=False)``. Columns are ordered by round; which
    color a column is has no further meaning. Two batches share columns where both calls name the
    same ``other``: ``wl_features(cells, other) @ wl_features(other).T`` equals
    ``wl_gram(cells, other, normalize=False)``. Colors that ``other`` has not are left out, so the
    squared length of a row may then be less than the cell's own kernel.

    Args:
        cells: B cells.
        other: The cells whose colors are the columns; default ``cells``.
        n_iter: h, rounds of refinement, 0 .. 16.
        direction: Neighbors that are read: ``"in_out"``, ``"out"``, ``"in"`` or ``"undirected"``.
        round_weights: Weights of the rounds, ``[n_iter + 1]``, finite and >= 0, default 1: the
            counts of round t are multiplied by the square root of weight t.
        labels: Colors before the first round: ``"ops"``, ``"degree"`` or ``"uniform"``.

    Returns:
        Compressed sparse rows, ``[B, number of colors]``; int64, or float64 if there are weights.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of range.

    Source:
        Shervashidze et al., "Weisfeiler-Lehman Graph Kernels", JMLR 12, 2011, section 3.2.

    Example:
        One operation, then the colors (0, 1), (1, 1), (1, 0), (0, 2) of (inputs, outputs):

        >>> chain = Cell(("a", "a", "a"), ((0, 1), (1, 2)))
        >>> fork = Cell(("a", "a", "a"), ((0, 1), (0, 2)))
        >>> features = wl_features(CellBatch.from_cells([chain, fork]), n_iter=1)
        >>> features.shape
        (2, 5)
        >>> (features @ features.T).toarray()
        array([[12, 11],
               [11, 14]])
    """
    batch, columns_of = _native_batches(cells=cells, other=cells if other is None else other)
    options = _read_options(n_iter, direction, False, round_weights, labels)
    counts, columns, row_begin, round_begin = _core.wl_features(
        batch, None if other is None else columns_of, options
    )
    shape = (len(cells), int(round_begin[-1]))
    places = columns, row_begin
    if round_weights is None:
        return csr_array((counts, *places), shape=shape)
    scale = np.repeat(np.sqrt(_read_weights(round_weights, n_iter)), np.diff(round_begin))
    features = csr_array((counts * scale[columns], *places), shape=shape)
    features.eliminate_zeros()
    return features


def _native_batches(**batches: CellBatch) -> list[_core.WlBatch]:
    """The batches for the core, with labels numbered so that equal ones have equal numbers.

    The last batch's labels come first: what it alone decides, the columns of features, must not
    depend on the other.
    """
    for name, cells in batches.items():
        check_type(name, cells, CellBatch)
    number: dict[Any, int] = {}
    for cells in reversed(batches.values()):
        for op_name in cells.op_names:
            number.setdefault(op_name, len(number))
    return [
        _core.WlBatch(
            cells.adjacency,
            cells.ops,
            cells.sizes,
            np.array([number[op_name] for op_name in cells.op_names], dtype=np.uint64),
        )
        for cells in batches.values()
    ]


def _read_options(
    n_iter: int,
    direction: str,
    normalize: bool,
    round_weights: ArrayLike | None,
    labels: str,
) -> _core.WlOptions:
    n_iter = check_int("n_iter", n_iter, 0, MAX_ROUNDS)
    check_in("direction", direction, DIRECTIONS)
    check_in("labels", labels, LABELS)
    check_type("normalize", normalize, (bool, np.bool_))
    weights = np.ones(n_iter + 1) if round_weights is None else _read_weights(round_weights, n_iter)
    if normalize and weights.any():
        # A power of two leaves the quotient's bits alone, and keeps the product of two kernels
        # from overflow and underflow.
        weights = np.ldexp(weights, -np.frexp(weights.max())[1])
    return _core.WlOptions(direction, labels, weights, bool(normalize))


def _read_weights(round_weights: ArrayLike, n_iter: int) -> NDArray[np.float64]:
    try:
        weights = np.asarray(round_weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"round_weights must be numbers, got {describe(round_weights)}") from None
    if weights.ndim != 1 or len(weights) != n_iter + 1:
        got = str(len(weights)) if weights.ndim == 1 else f"shape {list(weights.shape)}"
        raise ValueError(f"round_weights must have length n_iter + 1 = {n_iter + 1}, got {got}")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(f"round_weights must be finite and >= 0, got {weights.tolist()}")
    return np.ascontiguousarray(weights)
