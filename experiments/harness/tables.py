"""The table of an experiment, and which of its cells numbers are reported on."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gemcore.tables import CellTable, NASBench101, synthetic

QUICK_CELLS = 2000


def open_nasbench101(path: Path, *, quick: bool) -> CellTable:
    """NAS-Bench-101; in the quick form a made-up table where there is none.

    Raises:
        FileNotFoundError: If there is none, and the form is not quick.
        ValueError: If the file is damaged.
    """
    if path.exists():
        return NASBench101(path)
    if quick:
        return synthetic(QUICK_CELLS)
    raise FileNotFoundError(
        f"--table must be a table of NAS-Bench-101, got no file {str(path)!r}; --quick runs on a "
        "made-up one"
    )


def reporting_rows(table: CellTable) -> NDArray[np.int64]:
    """Rows of the two thirds that no choice was made on (``table.tuning`` is the other one)."""
    return np.flatnonzero(~table.tuning)
