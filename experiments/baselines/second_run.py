"""A second training of some cells of a table: what the noise of a run is measured from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gemcore.tables import CellTable
from gemcore.tables.array_files import read_arrays

FILE = "nb101_val500.npz"  # Looked for beside the table.


@dataclass(frozen=True, eq=False)
class SecondRun:
    """A second accuracy, ``[B]``, of some rows of the table, ``[B]``."""

    rows: NDArray[np.int64]
    accuracy: NDArray[np.float64]


def read_second_run(table: CellTable, path: Path | None, *, beside: Path) -> SecondRun:
    """Whatever second accuracies there are: validation accuracies, by which tests are doubled.

    Args:
        table: Whose cells they are of.
        path: An archive of ``index``, rows of the table, and ``valid_acc``. None: the table's own
            validation accuracies, or nb101_val500.npz beside it.
        beside: Where the table lies.

    Raises:
        ValueError: If there are none, or the archive is damaged or of another table.
    """
    if path is None and "validation_accuracy" in table.metrics:
        return SecondRun(np.arange(len(table)), table.metrics["validation_accuracy"])
    path = path or beside.with_name(FILE)
    if not path.exists():
        raise ValueError(
            f"--second-run must be an archive of index and valid_acc, got no file {str(path)!r}; "
            "--no-oracle goes without"
        )
    arrays = read_arrays(path)
    missing = {"index", "valid_acc"} - arrays.keys()
    if missing:
        raise ValueError(f"{path} must hold index and valid_acc, got none for {missing}")
    index, second = arrays["index"].astype(np.int64), arrays["valid_acc"].astype(np.float64)
    if len(index) and not 0 <= index.min() <= index.max() < len(table):
        raise ValueError(f"{path} must hold rows of the table as index, got {index.max()}")
    return SecondRun(index, second)
