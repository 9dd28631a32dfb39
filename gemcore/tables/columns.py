"""Columns of any table as cells, metrics and costs."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import describe
from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.ops import INPUT, OUTPUT

ADJACENCY, OPS = "adjacency", "ops"
COSTS = ("macs", "params")
ACCURACY = "accuracy"
CHUNK = 1024  # Rows that are packed at once: 64 MB of matrices where cells have 256 nodes.

Columns = Mapping[str, Sequence[Any]]
Row = tuple[NDArray[np.uint8], list[str]]  # Matrix and operations.


def read_columns(columns: Columns, *, accuracy: str = ACCURACY) -> dict[str, Any]:
    """Cells, metrics and costs, for the constructor of a table.

    - ``adjacency``: a nested list, as such or as JSON, or N * N digits 0 and 1, row by row; 1 at
      [u, v] is an edge u -> v;
    - ``ops``: a list, as such or as JSON, or names with commas between them;
    - ``macs`` and ``params``: whole numbers;
    - any other column whose values are all numbers, or empty (NaN), is a metric; what is none is
      left out.

    Args:
        columns: Values by name, all of one length.
        accuracy: Which column is the accuracy; it is called ``"accuracy"`` then.

    Raises:
        ValueError: If a column is missing or holds what can't be; column and row are named, rows
            from 0 on.
    """
    for name in (ADJACENCY, OPS, accuracy):
        if name not in columns:
            raise ValueError(f"columns must hold {name!r}, got {', '.join(columns) or 'none'}")
    num_rows = len(columns[OPS])
    if not num_rows:
        raise ValueError("columns must hold at least one row, got none")
    parts: dict[str, Any] = {"cells": _pack(columns[ADJACENCY], columns[OPS])}
    metrics = {}
    for name, values in columns.items():
        if name in (ADJACENCY, OPS):
            continue
        must_be = name == accuracy or name in COSTS
        numbers = _read_numbers(name, values, must_be=must_be)
        if numbers is None:
            continue
        if name in COSTS:
            parts[name] = _whole(name, numbers)
        else:
            metrics[ACCURACY if name == accuracy else name] = numbers
    return {**parts, "metrics": metrics}


def _pack(adjacency: Sequence[Any], ops: Sequence[Any]) -> CellBatch:
    code: dict[str, int] = {}  # Of each operation, in the order met.
    batches = []
    for start in range(0, len(ops), CHUNK):
        numbers = range(start, min(start + CHUNK, len(ops)))
        rows = [_read_row(adjacency[row], ops[row], row) for row in numbers]
        batches.append(_pack_rows(rows, start, code))
    inner = sorted(code.keys() - {INPUT, OUTPUT})
    first, last = ([name] * (name in code) for name in (INPUT, OUTPUT))
    return CellBatch.concatenate(batches).with_op_names([*first, *inner, *last])


def _read_row(adjacency: Any, ops: Any, row: int) -> Row:
    try:
        names = _read_ops(ops)
        return _read_matrix(adjacency, len(names)), names
    except (ValueError, RecursionError) as error:
        raise ValueError(f"row {row}: {error}") from None


def _pack_rows(rows: Sequence[Row], start: int, code: dict[str, int]) -> CellBatch:
    sizes = np.array([len(names) for _, names in rows])
    dense = np.zeros((len(rows), sizes.max(), sizes.max()), dtype=np.uint8)
    labels = np.zeros(dense.shape[:2], dtype=np.int64)
    for i, (matrix, names) in enumerate(rows):
        dense[i, : len(names), : len(names)] = matrix
        labels[i, : len(names)] = [code.setdefault(name, len(code)) for name in names]
    try:
        return CellBatch.from_dense(dense, labels, sizes, tuple(code))
    except ValueError:
        for row, (matrix, names) in enumerate(rows, start):
            try:
                Cell.from_dense(matrix, names)
            except ValueError as error:
                raise ValueError(f"row {row}: {error}") from None
        raise


def _read_ops(ops: Any) -> list[str]:
    if isinstance(ops, str):
        text = ops.strip()
        ops = _read_json(OPS, text) if text.startswith("[") else text.split(",")
    names = [name.strip() if isinstance(name, str) else name for name in _as_list(OPS, ops)]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"ops must be names, got {describe(ops)}")
    return names


def _read_matrix(adjacency: Any, num_nodes: int) -> NDArray[np.uint8]:
    if isinstance(adjacency, str) and not adjacency.lstrip().startswith("["):
        text = adjacency.strip()
        if len(text) != num_nodes**2 or text.strip("01"):
            raise ValueError(
                f"adjacency must be a nested list or {num_nodes**2} digits 0 or 1 for "
                f"{num_nodes} ops, got {describe(text)}"
            )
        digits = np.frombuffer(text.encode(), dtype=np.uint8) - np.uint8(ord("0"))
        return digits.reshape(num_nodes, num_nodes)
    if isinstance(adjacency, str):
        adjacency = _read_json(ADJACENCY, adjacency)
    rows = [_as_list(ADJACENCY, line) for line in _as_list(ADJACENCY, adjacency)]
    if [len(line) for line in rows] != [num_nodes] * num_nodes:
        raise ValueError(
            f"adjacency must be {num_nodes} lists of {num_nodes} for {num_nodes} ops, "
            f"got {describe(adjacency)}"
        )
    if not all(item in (0, 1) for line in rows for item in line):
        raise ValueError(f"adjacency must hold 0 and 1 alone, got {describe(adjacency)}")
    return np.array(rows, dtype=np.uint8)


def _read_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"{name} must be JSON where it begins with '[': {error}") from None


def _as_list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{name} must be a list or a text, got {describe(value)}")
    return list(value)


def _read_numbers(name: str, values: Sequence[Any], *, must_be: bool) -> list[float] | None:
    """The numbers of a column; None if it holds others and need not."""
    numbers = []
    for row, value in enumerate(values):
        try:
            numbers.append(_number(value))
        except (TypeError, ValueError):
            if not must_be:
                return None
            raise ValueError(f"row {row}: {name} must be a number, got {describe(value)}") from None
    return numbers


def _number(value: Any) -> float:
    if value is None or value == "":
        return math.nan
    if isinstance(value, list | tuple | bytes):
        raise TypeError
    return float(value)


def _whole(name: str, numbers: Sequence[float]) -> list[int]:
    for row, number in enumerate(numbers):
        if not (math.isfinite(number) and number.is_integer() and abs(number) <= 2**62):
            raise ValueError(f"row {row}: {name} must be a whole number, got {number:g}")
    return [int(number) for number in numbers]
