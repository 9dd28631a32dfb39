"""A table as one compact file of our own: an archive of arrays that says what it holds."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gemcore.cell_batch import CellBatch
from gemcore.tables.array_files import write_arrays

if TYPE_CHECKING:
    from gemcore.tables.cell_table import CellTable

FORMAT, VERSION = "gemcore.table", 1
ABOUT, METRIC = "about", "metric."
COSTS = ("macs", "params")
SMALL = (np.uint8, np.uint16, np.uint32, np.uint64)


def write_table(path: str | Path, table: "CellTable") -> None:
    """Writes cells, metrics and costs; each array is compressed and has its checksum.

    - ``about``: JSON: format, version, name, names of operations and of all other arrays;
    - ``sizes`` ``[B]``, ``ops`` ``[B, N]``, ``adjacency`` ``[B, N, W]``: as in a CellBatch, the
      last in the smallest integers that hold a row of bits;
    - ``metric.NAME`` and the costs that are known.
    """
    cells = table.cells
    arrays: dict[str, NDArray[Any]] = {
        "sizes": cells.sizes,
        "ops": cells.ops,
        "adjacency": cells.adjacency.astype(_smallest(cells.num_nodes)),
    }
    arrays |= {METRIC + name: column for name, column in table.metrics.items()}
    arrays |= {name: getattr(table, name) for name in COSTS if name in table.known_costs}
    about = {
        "format": FORMAT,
        "version": VERSION,
        "name": table.name,
        "op_names": list(cells.op_names),
        "arrays": list(arrays),
        "facts": dict(table.facts),
    }
    text = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    write_arrays(path, {ABOUT: text, **arrays})


def is_table(arrays: Mapping[str, NDArray[Any]]) -> bool:
    """Whether arrays look like a file of :func:`write_table`."""
    return ABOUT in arrays or {"sizes", "ops", "adjacency"} <= arrays.keys()


def parse_table(path: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Name, cells, metrics, costs and facts of the arrays of a file, for the table's constructor.

    Raises:
        ValueError: If it is not of this format, of a newer version, or an array is missing or of
            another kind; the file is named.
    """
    about = _read_about(path, arrays)
    missing = [name for name in about["arrays"] if name not in arrays]
    if missing:
        raise ValueError(f"{path} must hold the arrays it lists, got none for {', '.join(missing)}")
    try:
        parts: dict[str, Any] = {
            "cells": _read_cells(arrays, about["op_names"]),
            "metrics": {
                name.removeprefix(METRIC): arrays[name]
                for name in about["arrays"]
                if name.startswith(METRIC)
            },
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} must hold a table: {error}") from None
    parts |= {name: arrays[name] for name in COSTS if name in about["arrays"]}
    return {**parts, "name": about["name"], "facts": about["facts"]}


def _read_about(path: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    wrong = ValueError(f"{path} must be a table that gemcore wrote, got another archive")
    try:
        about: dict[str, Any] = json.loads(arrays[ABOUT].tobytes())
    except (KeyError, ValueError, RecursionError):
        raise wrong from None
    kinds = {"name": str, "op_names": list, "arrays": list, "facts": dict}
    is_whole = isinstance(about, dict) and about.get("format") == FORMAT
    if not is_whole or not all(isinstance(about.get(key), kinds[key]) for key in kinds):
        raise wrong
    if about.get("version") != VERSION:
        raise ValueError(
            f"{path} must have version {VERSION} (a newer one needs a newer gemcore), "
            f"got {about.get('version')!r}"
        )
    return about


def _read_cells(arrays: Mapping[str, NDArray[Any]], op_names: list[Any]) -> CellBatch:
    adjacency, ops, sizes = (arrays[name] for name in ("adjacency", "ops", "sizes"))
    if adjacency.dtype.kind != "u":
        raise TypeError(f"adjacency must be unsigned, got {adjacency.dtype}")
    return CellBatch(adjacency.astype(np.uint64), ops, sizes, op_names)


def _smallest(num_nodes: int) -> type:
    return next((kind for kind in SMALL if num_nodes <= np.iinfo(kind).bits), np.uint64)
