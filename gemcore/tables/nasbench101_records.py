"""NASBench-101's official files: a record for each training of a cell."""

import binascii
import json
import logging
from array import array
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import describe
from gemcore.cell_batch import CellBatch
from gemcore.nasbench101 import nasbench101_cost
from gemcore.packing import ABSENT, pack
from gemcore.tables.model_metrics import NUMBERS, parse_metrics
from gemcore.tables.nasbench101_arrays import NUM_NODES, OP_NAMES
from gemcore.tables.tfrecord import read_records

NUM_CELLS = 423_624  # Of the whole benchmark.
CODES = {"input": 0, "conv3x3-bn-relu": 1, "conv1x1-bn-relu": 2, "maxpool3x3": 3, "output": 4}
NAMES = {"test_accuracy": "accuracy", "epoch": None}  # Called otherwise in a table, or left out.
STAGES = {"halfway_": 1, "": 2}  # Evaluations, but that before training.
INNER = {1, 2, 3}
KINDS = (str, int, str, str, str)
DECODER = json.JSONDecoder()
logger = logging.getLogger("gemcore")


def read_trainings(path: Path, *, epochs: int = 108, progress: bool = False) -> dict[str, Any]:
    """Cells, metrics and costs of ``nasbench_only108.tfrecord`` or ``nasbench_full.tfrecord``.

    Args:
        path: The file.
        epochs: Which trainings count.
        progress: Whether to show a bar.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a record is damaged or says what can't be, cells differ in their number of
            trainings, or there is none of so many epochs; file and record are named.
    """
    trainings = _Trainings(path, epochs)
    number = 0
    for contents in read_records(path, progress=progress):
        trainings.add(contents, number)
        number += len(contents)
    return trainings.table()


class _Trainings:
    """What was read so far."""

    def __init__(self, path: Path, epochs: int) -> None:
        self.path = path
        self.epochs = epochs
        self.other_epochs: set[int] = set()
        self.row_of: dict[str, int] = {}  # Of a cell's hash.
        self.specs: list[tuple[str, str]] = []  # Matrix and operations of each cell.
        self.rows = array("q")  # Of each training.
        self.evaluations: list[NDArray[np.float64]] = []
        self.parameters: list[NDArray[np.int64]] = []

    def add(self, contents: Sequence[bytes], first: int) -> None:
        """Reads records, of which the first is number ``first`` of the file."""
        messages, numbers = [], []
        for number, content in enumerate(contents, first):
            try:
                found = _read_content(content)
                if found[1] != self.epochs:
                    self.other_epochs.add(found[1])
                    continue
                self.rows.append(self._row(found[0], found[2:4]))
            except (ValueError, RecursionError) as error:
                raise self._fault(number, error) from None
            messages.append(found[4])
            numbers.append(number)
        try:
            metrics = parse_metrics(messages)
        except ValueError:
            raise self._first_fault(messages, numbers) from None
        fractions = metrics.evaluations[:, 1:, 2:]
        wrong = ~((fractions >= 0) & (fractions <= 1)).all(axis=(1, 2))
        if wrong.any():
            row = int(wrong.argmax())
            raise self._fault(
                numbers[row], f"accuracies must be in 0 .. 1, got {fractions[row].ravel()}"
            )
        self.evaluations.append(metrics.evaluations)
        self.parameters.append(metrics.parameters)

    def _row(self, key: str, spec: tuple[str, str]) -> int:
        row = self.row_of.get(key)
        if row is None:
            row = self.row_of[key] = len(self.specs)
            _check_matrix(spec[0], len(_read_ops(spec[1])))
            self.specs.append(spec)
        elif self.specs[row] != spec:
            raise ValueError(f"cell {key!r} must be the same in all its records, got another")
        return row

    def _fault(self, number: int, reason: object) -> ValueError:
        return ValueError(f"{self.path} must hold trainings, got record {number}: {reason}")

    def _first_fault(self, messages: list[bytes], numbers: list[int]) -> ValueError:
        for message, number in zip(messages, numbers, strict=True):
            try:
                parse_metrics([message])
            except ValueError as error:
                return self._fault(number, error)
        raise AssertionError("one of the messages was wrong")

    def table(self) -> dict[str, Any]:
        """All that was read, a row for each cell, in the order of the file."""
        if not self.specs:
            others = ", ".join(map(str, sorted(self.other_epochs))) or "none"
            raise ValueError(
                f"{self.path} must hold trainings of {self.epochs} epochs, got those of {others}"
            )
        num_cells = len(self.specs)
        rows = np.frombuffer(self.rows, dtype=np.int64)
        num_runs = np.bincount(rows, minlength=num_cells)
        if num_runs.min() != num_runs.max():
            raise ValueError(
                f"{self.path} must hold as many trainings of each cell, got {num_runs.min()} to "
                f"{num_runs.max()}: it may be cut short"
            )
        if num_cells != NUM_CELLS:
            logger.warning(f"{self.path} holds {num_cells} of the {NUM_CELLS} cells.")
        order = np.argsort(rows, kind="stable").reshape(num_cells, num_runs[0])
        cells = _pack(self.specs)
        return {
            "cells": cells,
            "metrics": _name_metrics(np.concatenate(self.evaluations)[order]),
            "macs": nasbench101_cost(cells)[0],
            "params": np.concatenate(self.parameters)[order[:, 0]],
        }


def _read_content(content: bytes) -> tuple[str, int, str, str, bytes]:
    """Hash of the cell, epochs, matrix, operations and message of a record."""
    text = content.decode()
    found, end = DECODER.raw_decode(text)  # Half the time of json.loads().
    if not isinstance(found, list) or tuple(map(type, found)) != KINDS or end != len(text):
        raise ValueError(
            "it must be a list of hash, epochs, matrix, operations and metrics, got "
            f"{describe(found)}"
        )
    key, epochs, matrix, ops, encoded = found
    try:
        message = binascii.a2b_base64(encoded.replace("\n", ""), strict_mode=True)
    except ValueError as error:  # binascii.Error is one.
        raise ValueError(f"its metrics must be in base64: {error}") from None
    return key, epochs, matrix, ops, message


@cache
def _read_ops(ops: str) -> tuple[int, ...]:
    """The operations of a cell as numbers in ``OP_NAMES``."""
    codes = tuple(CODES.get(name, -1) for name in ops.split(","))
    known = set(codes[1:-1]) <= INNER and (codes[0], codes[-1]) == (0, len(OP_NAMES) - 1)
    if not (known and 2 <= len(codes) <= NUM_NODES):
        raise ValueError(
            f"operations must be input, up to {NUM_NODES - 2} known ones and output, "
            f"got {describe(ops)}"
        )
    return codes


def _check_matrix(matrix: str, num_nodes: int) -> None:
    if len(matrix) != num_nodes**2 or matrix.strip("01"):
        raise ValueError(f"matrix must be {num_nodes**2} digits 0 or 1, got {describe(matrix)}")
    for node in range(num_nodes):
        row = matrix[node * num_nodes : node * num_nodes + node + 1]
        if "1" in row:
            raise ValueError(f"matrix must be upper triangular, got {matrix}")


def _pack(specs: Sequence[tuple[str, str]]) -> CellBatch:
    codes = [_read_ops(ops) for _, ops in specs]
    sizes = np.array([len(ops) for ops in codes], dtype=np.uint16)
    dense = np.zeros((len(specs), NUM_NODES, NUM_NODES), dtype=np.uint8)
    ops = np.full((len(specs), NUM_NODES), ABSENT, dtype=np.uint8)
    for size in np.unique(sizes).tolist():
        rows = np.flatnonzero(sizes == size)
        digits = "".join(specs[i][0] for i in rows.tolist()).encode()
        matrices = np.frombuffer(digits, dtype=np.uint8).reshape(len(rows), size, size)
        dense[rows, :size, :size] = matrices - ord("0")
        ops[rows, :size] = [codes[i] for i in rows.tolist()]
    return CellBatch(pack(dense), ops, sizes, OP_NAMES)


def _name_metrics(evaluations: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Means over runs by name, and the runs' own; of ``[B, R, 3, 5]``."""
    metrics = {}
    for number, written in enumerate(NUMBERS):
        name = NAMES.get(written, written)
        if name is not None:
            for prefix, stage in STAGES.items():
                runs = evaluations[:, :, stage, number]
                metrics[prefix + name] = runs.mean(axis=1)
            metrics[f"{name}_runs"] = runs
    return metrics
