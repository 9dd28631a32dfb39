"""A table of cells and what each was worth: a task that answers at once."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gemcore.arguments import check_type
from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.listed_space import ListedSpace
from gemcore.ops import INPUT
from gemcore.packing import read_array, read_integers
from gemcore.tables.array_files import read_arrays
from gemcore.tables.column_files import read_column_file
from gemcore.tables.columns import read_columns
from gemcore.tables.table_files import parse_table, write_table

ACCURACY = "accuracy"


@dataclass(frozen=True, eq=False)
class TableCost:
    """What a table says that B networks cost; 0 where it does not say.

    Args:
        macs: Multiply-adds on one image, int64 ``[B]``.
        params: Trainable parameters, int64 ``[B]``.
    """

    macs: NDArray[np.int64]
    params: NDArray[np.int64]


class CellTable:
    """B cells with their accuracy and other numbers.

    It is a task: ``gemcore.search(task=table)`` searches among its cells and takes their numbers
    and costs from it, in the time of a look-up.

    Args:
        cells: The cells, with node 0 of operation ``"input"``; operations need not be registered.
        metrics: Real numbers by name, ``[B]`` each, or ``[B, R]`` for R runs; ``"accuracy"``
            ``[B]``, a fraction in [0, 1], must be among them. Others may be NaN where a cell has
            none.
        macs: Multiply-adds of the whole network on one image, integers ``[B]``, where known.
        params: Its trainable parameters, integers ``[B]``, where known.
        name: What reports call the table.
        facts: What else a file should keep of it, as JSON takes it.

    Raises:
        TypeError: If an argument is of another kind.
        ValueError: If a length is not that of the cells, a number is out of range, or there is no
            accuracy.

    Example:
        >>> chain = Cell(("input", "conv1x1", "sepconv3x3"), ((0, 1), (1, 2)))
        >>> fork = Cell(("input", "conv1x1", "sepconv3x3"), ((0, 1), (0, 2)))
        >>> table = CellTable(CellBatch.from_cells([chain, fork]), {"accuracy": [0.5, 0.75]})
        >>> twin = Cell(("input", "sepconv3x3", "conv1x1"), ((0, 1), (0, 2)))
        >>> table.lookup(CellBatch.from_cells([twin, Cell(("input", "conv1x1"))])).tolist()
        [1, -1]
        >>> table(twin)
        {'accuracy': 0.75}
    """

    def __init__(
        self,
        cells: CellBatch,
        metrics: Mapping[str, ArrayLike],
        *,
        macs: ArrayLike | None = None,
        params: ArrayLike | None = None,
        name: str = "table",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        check_type("cells", cells, CellBatch)
        check_type("metrics", metrics, Mapping)
        check_type("name", name, str)
        self.space = ListedSpace(cells)
        """The table's cells as a search space: all of them, each as likely as any other."""
        self.cells = self.space.cells
        _check_inputs(self.cells)
        self.metrics: Mapping[str, NDArray[np.float64]] = MappingProxyType(
            {str(key): _read_metric(str(key), value, len(cells)) for key, value in metrics.items()}
        )
        _check_accuracy(self.metrics)
        self.macs = _read_cost("macs", macs, len(cells))
        self.params = _read_cost("params", params, len(cells))
        self.name = name
        self.facts: Mapping[str, Any] = MappingProxyType(dict(facts or {}))

    deterministic = True
    """Whether asking again gives the same numbers: then a search does not."""

    config: Mapping[str, Any] = MappingProxyType(
        {
            "num_trials": 150,
            "num_initial": 20,
            "cells_per_round": 10,
            "bootstrap_samples": 10_000,
            "mac_penalty": 0.0,
            "predictor": "gaussian_process",
        }
    )
    """Fields of a SearchConfig that suit a table: what counts is the accuracy alone, and a fit
    takes longer than a look-up."""

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """The accuracy of each cell, a fraction, float64 ``[B]``."""
        return self.metrics[ACCURACY]

    @cached_property
    def tuning(self) -> NDArray[np.bool_]:
        """Which cells are for tuning, a third of them, bool ``[B]``.

        Those of ``graph_hash(cells) % 3 == 0`` over the pruned canonical forms. This is fixed: a
        cell belongs to the same part in every table and every version.
        """
        return np.asarray(self.space.index.hashes % np.uint64(3) == 0)

    @property
    def known_costs(self) -> frozenset[str]:
        """Which of ``"macs"`` and ``"params"`` the table knows."""
        return frozenset(n for n in ("macs", "params") if getattr(self, n) is not None)

    def lookup(self, cells: CellBatch) -> NDArray[np.int64]:
        """Where the networks of cells stand in the table.

        Cells are compared exactly, by their pruned canonical forms: the numbering of nodes, dead
        nodes and the numbering of operations don't matter. Of several rows that are one network
        the first is given.

        Args:
            cells: Any batch; a cell with an operation that the table lacks is not there.

        Returns:
            Rows of the table, -1 where it lacks the network, int64 ``[Q]``.

        Raises:
            TypeError: If ``cells`` is not a CellBatch.
        """
        check_type("cells", cells, CellBatch)
        return self.space.index.find(cells)

    def cost(self, cells: CellBatch) -> TableCost:
        """What the table says that networks cost; see :attr:`known_costs`.

        Raises:
            ValueError: If a cell is not in the table.
        """
        rows = self._rows(cells)
        zeros = np.zeros(len(rows), dtype=np.int64)
        macs, params = (zeros if c is None else c[rows] for c in (self.macs, self.params))
        return TableCost(macs, params)

    def __call__(self, cell: Cell, context: object = None) -> dict[str, float]:
        """The numbers of one cell by name, those that are finite and not of single runs.

        Raises:
            ValueError: If the cell is not in the table.
        """
        row = int(self._rows(CellBatch.from_cells([cell]))[0])
        values = {key: column[row] for key, column in self.metrics.items() if column.ndim == 1}
        return {key: float(value) for key, value in values.items() if np.isfinite(value)}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the table as a compact ``.npz`` of our own, in one step; see :meth:`read`."""
        write_table(Path(path), self)

    @staticmethod
    def read(
        path: str | os.PathLike[str], *, accuracy: str = ACCURACY, name: str | None = None
    ) -> "CellTable":
        """The table in a file: ``.csv``, ``.parquet`` (needs pyarrow), or what :meth:`save` wrote.

        A row is a cell. ``adjacency`` is a nested list or N * N digits 0 and 1, ``ops`` a JSON
        list or names with commas between them, beginning with ``input``; ``macs`` and ``params``
        are costs, all other columns of numbers are metrics. Nodes may be numbered in any way
        without a cycle, but the input is node 0.

        Args:
            path: The file.
            accuracy: Which column is the accuracy, a fraction in [0, 1].
            name: What reports call the table. Default: as it was called, or the file's name.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is damaged, a column is missing, or a row is no cell; file and row
                (from 0 on) are named.
            RuntimeError: If pyarrow is needed and not installed.
        """
        check_type("path", path, (str, os.PathLike))
        path = Path(path)
        if path.suffix == ".npz":
            parts = parse_table(path, read_arrays(path))
        else:
            columns = read_column_file(path)
            try:
                parts = {**read_columns(columns, accuracy=accuracy), "name": path.stem}
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from None
        if name is not None:
            parts["name"] = name
        try:
            return CellTable(**parts)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over cells, metrics and costs: equal for equal tables."""
        digest = hashlib.sha256(self.space.fingerprint.encode())
        columns: dict[str, NDArray[Any]] = dict(self.metrics)
        columns |= {f"{name} (cost)": getattr(self, name) for name in sorted(self.known_costs)}
        for name, column in columns.items():
            digest.update(f"{name!r} {column.dtype.str} {column.shape};".encode())
            digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.cells)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}: {len(self)} cells, {', '.join(self.metrics)})"

    def _rows(self, cells: CellBatch) -> NDArray[np.int64]:
        rows = self.lookup(cells)
        if (rows < 0).any():
            cell = cells[int((rows < 0).argmax())]
            raise ValueError(f"cell must be in the table {self.name!r}, got {cell}")
        return rows


def _check_inputs(cells: CellBatch) -> None:
    wrong = (cells.ops == cells.op_names.index(INPUT)) != (np.arange(cells.num_nodes) == 0)
    if wrong.any():
        row = int(wrong.any(axis=1).argmax())
        raise ValueError(
            f"cells must have the operation 'input' at node 0 and nowhere else, got {cells[row]} "
            f"in row {row}"
        )


def _read_metric(name: str, values: ArrayLike, num_cells: int) -> NDArray[np.float64]:
    column = read_array(f"metrics[{name!r}]", values)
    if column.dtype.kind not in "biuf":
        raise TypeError(f"metrics[{name!r}] must be real numbers, got {column.dtype}")
    if column.ndim not in (1, 2) or len(column) != num_cells:
        raise ValueError(
            f"metrics[{name!r}] must have shape [{num_cells}] or [{num_cells}, runs], "
            f"got {list(column.shape)}"
        )
    return _frozen(column.astype(np.float64))


def _check_accuracy(metrics: Mapping[str, NDArray[np.float64]]) -> None:
    if ACCURACY not in metrics:
        raise ValueError(f"metrics must hold {ACCURACY!r}, got {', '.join(metrics) or 'none'}")
    accuracy = metrics[ACCURACY]
    wrong = ~((accuracy >= 0) & (accuracy <= 1))
    if accuracy.ndim != 1:
        raise ValueError(f"metrics['accuracy'] must have one axis, got {accuracy.ndim}")
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"metrics['accuracy'] must be fractions in 0 .. 1, got {accuracy[row]:g} in row {row}"
        )


def _read_cost(name: str, values: ArrayLike | None, num_cells: int) -> NDArray[np.int64] | None:
    if values is None:
        return None
    column = read_integers(name, values)
    if column.shape != (num_cells,):
        raise ValueError(f"{name} must have shape [{num_cells}], got {list(column.shape)}")
    if (column < 0).any():
        raise ValueError(f"{name} must be >= 0, got {column[column < 0][0]}")
    return _frozen(column)


def _frozen(column: NDArray[Any]) -> NDArray[Any]:
    column = np.array(column)
    column.flags.writeable = False
    return column
