"""Weisfeiler-Lehman similarity of cells, the paper's S_g (eq. 1)."""

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from torch import Tensor

from gemcore import _core, device_wl
from gemcore.arguments import check_type
from gemcore.cell import Cell  # noqa: F401 (doctests)
from gemcore.cell_batch import CellBatch
from gemcore.device_cells import DeviceCells
from gemcore.wl_settings import read_settings, read_weights


@overload
def wl_pairs(
    cells_a: CellBatch,
    cells_b: CellBatch,
    *,
    n_iter: int = 3,
    direction: str = "in_out",
    normalize: bool = True,
    round_weights: ArrayLike | None = None,
    labels: str = "ops",
) -> NDArray[Any]: ...
@overload
def wl_pairs(
    cells_a: DeviceCells,
    cells_b: DeviceCells,
    *,
    n_iter: int = 3,
    direction: str = "in_out",
    normalize: bool = True,
    round_weights: ArrayLike | None = None,
    labels: str = "ops",
) -> Tensor: ...
def wl_pairs(
    cells_a: CellBatch | DeviceCells,
    cells_b: CellBatch | DeviceCells,
    *,
    n_iter: int = 3,
    direction: str = "in_out",
    normalize: bool = True,
    round_weights: ArrayLike | None = None,
    labels: str = "ops",
) -> NDArray[Any] | Tensor:
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
        are round weights. A tensor on the same device for :class:`gemcore.DeviceCells`.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of range or the batches differ in length or device.

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
    counts = not normalize and round_weights is None
    if isinstance(cells_a, DeviceCells) or isinstance(cells_b, DeviceCells):
        settings = read_settings(n_iter, direction, normalize, round_weights, labels)
        return device_wl.wl_pairs(cells_a, cells_b, settings, counts)
    batch_a, batch_b = _native_batches(cells_a=cells_a, cells_b=cells_b)
    options = _read_options(n_iter, direction, normalize, round_weights, labels)
    return (_core.wl_pairs_int if counts else _core.wl_pairs)(batch_a, batch_b, options)


def wl_gram(
    cells: CellBatch,
    other: CellBatch | None = None,
    *,
    n_iter: int = 3,
    direction: str = "in_out",
    normalize: bool = True,
    round_weights: ArrayLike | None = None,
    labels: str = "ops",
) -> NDArray[Any]:
    """Similarity of every two cells, by the WL subtree kernel: see :func:`wl_pairs`.

    The values are those of :func:`wl_pairs` to the bit. A cell's own kernel counts all its colors,
    so a cell of operations that ``other`` has not is normalized like any other.

    Args:
        cells: B cells.
        other: C cells; default the same as ``cells``, at half the price.
        n_iter: h, rounds of refinement, 0 .. 16.
        direction: Neighbors that are read: ``"in_out"``, ``"out"``, ``"in"`` or ``"undirected"``.
        normalize: Whether to divide by sqrt(k(x, x) k(y, y)).
        round_weights: Weights of the rounds, ``[n_iter + 1]``, finite and >= 0; default 1.
        labels: Colors before the first round: ``"ops"``, ``"degree"`` or ``"uniform"``.

    Returns:
        ``[B, C]`` or, symmetric and positive semidefinite, ``[B, B]``. float64 in [0, 1] if
        normalized; else int64, or float64 if there are round weights.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of range.

    Source:
        Shervashidze et al., "Weisfeiler-Lehman Graph Kernels", JMLR 12, 2011.

    Example:
        >>> chain = Cell(("a", "a", "a"), ((0, 1), (1, 2)))
        >>> fork = Cell(("a", "a", "a"), ((0, 1), (0, 2)))
        >>> wl_gram(CellBatch.from_cells([chain, fork]), n_iter=1, normalize=False)
        array([[12, 11],
               [11, 14]])
    """
    batch, columns = _native_batches(cells=cells, other=cells if other is None else other)
    options = _read_options(n_iter, direction, normalize, round_weights, labels)
    counts = not normalize and round_weights is None
    gram = _core.wl_gram_int if counts else _core.wl_gram
    return gram(batch, None if other is None else columns, options)


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
    counts, columns, row_begin, round_begin = _core.wl_features(batch, columns_of, options)
    shape = (len(cells), int(round_begin[-1]))
    # scikit-learn's solvers refuse 64-bit indices.
    index = np.int32 if max(len(counts), shape[1]) < 2**31 else np.int64
    places = columns.astype(index), row_begin.astype(index)
    if round_weights is None:
        return csr_array((counts, *places), shape=shape)
    scale = np.repeat(np.sqrt(read_weights(round_weights, n_iter)), np.diff(round_begin))
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
    return _core.WlOptions(*read_settings(n_iter, direction, normalize, round_weights, labels))
