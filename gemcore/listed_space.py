"""A search space that is a list of cells: what can be drawn is what is known."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, overload

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_in, check_int, check_seed, check_type
from gemcore.cell_batch import CellBatch
from gemcore.cell_index import CellIndex, canonical_forms
from gemcore.device_cells import DeviceCells
from gemcore.ops import INPUT, OUTPUT, RESERVED
from gemcore.philox import Stream
from gemcore.plain_config import from_plain
from gemcore.space import SearchSpace

CellSource = SearchSpace | CellBatch  # Where unlabelled cells come from.

WORDS = 4  # 64-bit words in a block of Philox4x64.


@dataclass(frozen=True, init=False)
class ListedSpace(SearchSpace):
    """The cells of a batch, drawn uniformly with replacement.

    It stands wherever a :class:`SearchSpace` does. Its operations need not be registered, it has
    no ``distribution``, and two are equal if they list the same cells in the same order. In files
    it is kept by its fingerprint, without the cells: what is read again knows what it was, and
    can't be sampled.

    Args:
        cells: At least one cell, with ``"input"`` among the operations and names that are strings.

    Raises:
        TypeError: If ``cells`` is not a CellBatch, or an operation no string.
        ValueError: If there is no cell, or no operation ``"input"``.

    Example:
        >>> from gemcore import Cell
        >>> chain = Cell(("input", "conv1x1"), ((0, 1),))
        >>> space = ListedSpace(CellBatch.from_cells([chain]))
        >>> space.sample(2, seed=7)[1] == chain, space.num_nodes, space.ops
        (True, 2, ('conv1x1',))
    """

    num_cells: int = 0
    """How many cells are listed."""

    fingerprint: str = ""
    """SHA-256 over the cells: equal for equal lists."""

    def __init__(self, cells: CellBatch) -> None:
        check_type("cells", cells, CellBatch)
        if not len(cells):
            raise ValueError("cells must hold at least one cell, got an empty batch")
        for name in cells.op_names:
            if not isinstance(name, str):
                raise TypeError(f"cells must have operations named by strings, got {name!r}")
        if INPUT not in cells.op_names:
            raise ValueError(
                f"cells must have the operation {INPUT!r}, got {', '.join(cells.op_names)}"
            )
        inner = tuple(name for name in cells.op_names if name not in RESERVED)
        has_output = OUTPUT in cells.op_names
        # As the space numbers operations, whatever the batch did.
        cells = cells.with_op_names((INPUT, *inner, OUTPUT) if has_output else (INPUT, *inner))
        facts = _Facts(cells.num_nodes, inner, has_output, len(cells), fingerprint_of(cells))
        self._set(facts, cells)

    def _set(self, facts: "_Facts", cells: CellBatch | None) -> None:
        values = {**vars(facts), "distribution": None, "edge_prob": None, "max_edges": None}
        for name, value in {**values, "_cells": cells}.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], *, name: str = "space") -> Self:
        """What a file says of a list: all but its cells.

        Raises:
            TypeError: If a value is of another kind.
            ValueError: If a key is unknown.
        """
        space = cls.__new__(cls)
        space._set(from_plain(_Facts, plain, name=name), None)
        return space

    @property
    def cells(self) -> CellBatch:
        """The cells, with operations numbered as in ``op_names``.

        Raises:
            RuntimeError: If the list was read from a file, which does not hold them.
        """
        cells: CellBatch | None = self.__dict__["_cells"]
        if cells is None:
            raise RuntimeError(
                f"[space] the {self.num_cells} listed cells are not in this file: give the table "
                f"of fingerprint {self.fingerprint[:12]}... again"
            )
        return cells

    @overload
    def sample(
        self, num_cells: int, seed: int = 0, *, start: int = 0, device: Literal["cpu"] = "cpu"
    ) -> CellBatch: ...
    @overload
    def sample(
        self, num_cells: int, seed: int = 0, *, start: int = 0, device: Literal["cuda"]
    ) -> DeviceCells: ...
    def sample(
        self, num_cells: int, seed: int = 0, *, start: int = 0, device: str = "cpu"
    ) -> CellBatch | DeviceCells:
        """Random cells of the list; see :meth:`SearchSpace.sample`."""
        cells = self.cells
        num_cells = check_int("num_cells", num_cells, 0)
        start = check_int("start", start, 0, 2**64 - 1)
        check_in("device", device, ("cpu", "cuda"))
        drawn = cells[draw_places(len(cells), num_cells, seed=check_seed(seed), start=start)]
        return DeviceCells.from_cells(drawn) if device == "cuda" else drawn

    def contains(self, cells: CellBatch) -> NDArray[np.bool_]:
        """Which cells are networks of the list, bool ``[B]``; see :meth:`SearchSpace.contains`."""
        return np.asarray(self.index.find(cells) >= 0)

    @property
    def index(self) -> CellIndex:
        """Where each network stands in the list; made when first asked for."""
        known: CellIndex | None = self.__dict__.get("_index")
        if known is None:
            known = CellIndex(canonical_forms(self.cells))
            object.__setattr__(self, "_index", known)
        return known

    def native(self) -> tuple[int, int, bool, int, int, int]:
        """Nothing that the native sampler knows.

        Raises:
            TypeError: Always.
        """
        raise TypeError("space must be one that the native sampler draws, got a list of cells")


@dataclass(frozen=True)
class _Facts:
    """What is kept of a list of cells."""

    num_nodes: int
    ops: tuple[str, ...]
    has_output: bool
    num_cells: int
    fingerprint: str


def read_space(plain: Mapping[str, Any], *, name: str = "space") -> SearchSpace:
    """The space that :func:`gemcore.plain_config.to_plain` wrote, a list of cells or any other.

    Raises:
        TypeError: If a value is of another kind.
        ValueError: If a key is unknown or a value out of range.
    """
    if isinstance(plain, Mapping) and "fingerprint" in plain:
        return ListedSpace.from_plain(plain, name=name)
    return from_plain(SearchSpace, plain, name=name)


def draw_places(num_places: int, num_draws: int, *, seed: int, start: int) -> NDArray[np.int64]:
    """Uniform numbers below ``num_places`` (at most 2^32), int64 ``[num_draws]``.

    Number i is floor(w * num_places / 2^64) of word w number ``start`` + i of Philox4x64-10 with
    key (seed, LISTED_CELLS): no number is more probable than another by more than 2^-32.
    """
    check_int("num_places", num_places, 1, 2**32)
    key = np.array([seed, int(Stream.LISTED_CELLS)], dtype=np.uint64)
    generator = np.random.Philox(key=key, counter=start // WORDS)
    words = generator.random_raw(start % WORDS + num_draws)[start % WORDS :]
    number, half = np.uint64(num_places), np.uint64(32)
    low = words & np.uint64(2**32 - 1)
    # The upper 64 bits of a product of 64 and 32 bits, in two steps that don't overflow.
    return (((words >> half) * number + ((low * number) >> half)) >> half).astype(np.int64)


def draw_cells(source: CellSource, num_cells: int, seed: int) -> CellBatch:
    """Random cells of a space, or of a batch with replacement."""
    if isinstance(source, SearchSpace):
        return source.sample(num_cells, seed)
    return source[draw_places(len(source), num_cells, seed=seed, start=0)]


def fingerprint_of(cells: CellBatch) -> str:
    """SHA-256 over the cells as they are: operations by name, order and width included."""
    digest = hashlib.sha256(repr(cells.op_names).encode())
    for array in (cells.adjacency, cells.ops, cells.sizes):
        digest.update(f"{array.dtype.str} {array.shape};".encode())
        digest.update(array.data)
    return digest.hexdigest()
