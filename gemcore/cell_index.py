"""Where a cell stands in a table: exact, for any numbering of its nodes."""

import numpy as np
from numpy.typing import NDArray

from gemcore.cell_batch import CellBatch
from gemcore.graph import canonicalize, graph_hash, prune
from gemcore.ops import OUTPUT
from gemcore.packing import ABSENT


def canonical_forms(cells: CellBatch) -> CellBatch:
    """Pruned canonical forms: two cells are one network iff these are equal."""
    return canonicalize(prune(cells, to_output=OUTPUT in cells.op_names))


class CellIndex:
    """Finds cells among the B cells of a table by their canonical forms.

    The hash of a form is only the bucket: within it forms are compared bit by bit. Forms whose
    search was cut off (``is_canonical`` False) find cells of the same numbering alone.

    Args:
        forms: Of the table's cells, from :func:`canonical_forms`.
    """

    def __init__(self, forms: CellBatch) -> None:
        self.forms = forms
        self.hashes = graph_hash(forms)
        order = np.argsort(self.hashes, kind="stable")
        self._rows = order[~self._repeats(order)]
        self._keys = self.hashes[self._rows]

    def find(self, cells: CellBatch) -> NDArray[np.int64]:
        """The first row of each cell's network, or -1 where there is none, int64 ``[Q]``."""
        names = self.forms.op_names
        merged = tuple(dict.fromkeys([*names, *cells.op_names]))
        asked = canonical_forms(cells.with_op_names(merged))
        keys = graph_hash(asked)
        found = np.full(len(asked), -1, dtype=np.int64)
        num_nodes = self.forms.num_nodes
        is_known = ((asked.ops < len(names)) | (asked.ops == ABSENT)).all(axis=1)
        places = np.flatnonzero(is_known & (asked.sizes <= num_nodes))
        asked = asked[places].widen(num_nodes)
        slots = np.searchsorted(self._keys, keys[places])
        while len(places):
            inside = slots < len(self._keys)
            inside[inside] = self._keys[slots[inside]] == keys[places[inside]]
            asked, places, slots = asked[inside], places[inside], slots[inside]
            rows = self._rows[slots]
            equal = self._equal(asked, rows)
            found[places[equal]] = rows[equal]
            asked, places, slots = asked[~equal], places[~equal], slots[~equal] + 1
        return found

    def _equal(self, cells: CellBatch, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        equal = cells.sizes == self.forms.sizes[rows]
        equal &= (cells.ops == self.forms.ops.take(rows, axis=0)).all(axis=1)
        equal &= (cells.adjacency == self.forms.adjacency.take(rows, axis=0)).all(axis=(1, 2))
        return np.asarray(equal)

    def _repeats(self, order: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which rows, in order of their hashes, hold a form that an earlier row holds."""
        keys = self.hashes[order]
        repeats = np.zeros(len(order), dtype=np.bool_)
        left = np.arange(len(order))  # All of one key stand together, the first is their head.
        while len(left):
            is_head = np.ones(len(left), dtype=np.bool_)
            is_head[1:] = keys[left[1:]] != keys[left[:-1]]
            heads = left[np.maximum.accumulate(np.where(is_head, np.arange(len(left)), 0))]
            equal = self._equal(self.forms[order[left]], order[heads])
            repeats[left[equal & ~is_head]] = True
            left = left[~equal]  # Another form of the same hash: it has a head of its own.
        return repeats
