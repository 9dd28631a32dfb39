"""NASBench-101 in five small arrays: the form that repositories pass around."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.cell_batch import CellBatch
from gemcore.packing import ABSENT

OP_NAMES = ("input", "conv3x3", "conv1x1", "maxpool3x3", "output")
NUM_NODES = 7
NUM_INNER = NUM_NODES - 2
NUM_TEST_IMAGES = 9984  # Of 10,000: batches of 256, and the rest was dropped.
SHAPES = {"n": 1, "adj_bits": 1, "ops": 2, "test_correct": 1, "params": 1, "macs": 1}


def is_compact(arrays: Mapping[str, NDArray[Any]]) -> bool:
    """Whether arrays look like this form, whole or not."""
    return len(SHAPES.keys() & arrays.keys()) > len(SHAPES) // 2


def read_compact(path: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Cells, metrics and costs of the arrays of a file.

    - ``n`` ``[B]``: nodes of a cell, 2 .. 7;
    - ``adj_bits`` ``[B]``: bit k + j (j - 1) / 2 is the edge k -> j, k < j;
    - ``ops`` ``[B, 5]``: operations of the nodes 1 .. n - 2: 0 conv3x3, 1 conv1x1, 2 maxpool3x3;
      255 beyond;
    - ``test_correct`` ``[B]``: correct ones of 9984 test images in one run of 108 epochs;
    - ``params``, ``macs`` ``[B]``: of the whole network.

    Raises:
        ValueError: If an array is missing, of another shape or kind, or holds what can't be; file
            and row are named.
    """
    _check_arrays(path, arrays)
    columns = {name: arrays[name].astype(np.int64) for name in SHAPES}
    sizes, bits, inner = columns["n"], columns["adj_bits"], columns["ops"]
    _check_rows(path, "n must be in 2 .. 7", (sizes < 2) | (sizes > NUM_NODES))
    beyond = np.asarray((bits < 0) | (bits >= 1 << sizes * (sizes - 1) // 2))
    _check_rows(path, "adj_bits must join nodes below n", beyond)
    absent = np.arange(NUM_INNER) >= (sizes - 2)[:, None]
    wrong = np.where(absent, inner != ABSENT, (inner < 0) | (inner > 2))
    wrong = np.asarray(wrong.any(axis=1))
    _check_rows(path, "ops must be 0 .. 2, and 255 beyond the inner nodes", wrong)
    correct = columns["test_correct"]
    wrong = (correct < 0) | (correct > NUM_TEST_IMAGES)
    _check_rows(path, f"test_correct must be in 0 .. {NUM_TEST_IMAGES}", wrong)
    return {
        "cells": _pack(sizes, bits, inner),
        "metrics": {"accuracy": correct / NUM_TEST_IMAGES},
        "macs": columns["macs"],
        "params": columns["params"],
    }


def _pack(sizes: NDArray[np.int64], bits: NDArray[np.int64], inner: NDArray[np.int64]) -> CellBatch:
    rows = np.arange(len(sizes))
    adjacency = np.zeros((len(sizes), NUM_NODES, 1), dtype=np.uint64)
    for j in range(1, NUM_NODES):
        for k in range(j):
            edge = (bits >> (k + j * (j - 1) // 2)) & 1
            adjacency[:, k, 0] |= edge.astype(np.uint64) << np.uint64(j)
    ops = np.full((len(sizes), NUM_NODES), ABSENT, dtype=np.uint8)
    ops[:, 0] = OP_NAMES.index("input")
    ops[:, 1:-1] = np.where(inner == ABSENT, ABSENT, inner + 1)
    ops[rows, sizes - 1] = OP_NAMES.index("output")
    return CellBatch(adjacency, ops, sizes.astype(np.uint16), OP_NAMES)


def _check_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    missing = [name for name in SHAPES if name not in arrays]
    if missing:
        raise ValueError(
            f"{path} must hold the arrays {', '.join(SHAPES)}, got none for {', '.join(missing)}"
        )
    num_cells = len(np.atleast_1d(arrays["n"]))
    for name, num_axes in SHAPES.items():
        array = arrays[name]
        shape = (num_cells, NUM_INNER)[:num_axes]
        if array.shape != shape or array.dtype.kind not in "iu":
            raise ValueError(
                f"{path} must hold integers of shape {list(shape)} as {name!r}, got {array.dtype} "
                f"of shape {list(array.shape)}"
            )


def _check_rows(path: Path, promise: str, wrong: NDArray[np.bool_]) -> None:
    if wrong.any():
        raise ValueError(f"{path}: {promise}, got other in row {int(wrong.argmax())}")
