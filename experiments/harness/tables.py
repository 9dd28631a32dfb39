"""The table of an experiment, and which of its cells numbers are reported on."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gemcore.tables import CellTable, NASBench101, NASBench201, synthetic
from gemcore.tables.nasbench201_cells import NAMES, NONE, pack_archs
from harness.draws import Draw, generator

QUICK_CELLS = 2000
NOISE = 0.003  # Standard deviation of a made-up run.


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
    raise missing(path, "NAS-Bench-101")


def open_nasbench201(path: Path, dataset: str, *, quick: bool) -> CellTable:
    """NAS-Bench-201; in the quick form a made-up table of its form where there is none.

    Raises:
        FileNotFoundError: If there is none, and the form is not quick.
        ValueError: If the file is damaged, or there is no such data set.
    """
    if path.exists():
        return NASBench201(path, dataset)
    if quick:
        return synthetic_nasbench201(QUICK_CELLS)
    raise missing(path, "NAS-Bench-201")


def missing(path: Path, name: str) -> FileNotFoundError:
    """What to say where there is no table."""
    return FileNotFoundError(
        f"--table must be a table of {name}, got no file {str(path)!r}; --quick runs on a "
        "made-up one"
    )


def synthetic_nasbench201(num_cells: int, seed: int = 0) -> CellTable:
    """Random cells of NAS-Bench-201 with made-up accuracies: convolutions help, and so does depth.

    Args:
        num_cells: Rows; some may be the same network, as in the true table.
        seed: Of cells and of the noise of their runs.
    """
    numbers = generator(seed, Draw.MADE_UP)
    names = np.array([NONE, *NAMES])
    ops = names[numbers.integers(len(names), size=(num_cells, 6))]
    cells = pack_archs("|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|".format(*row) for row in ops)
    worth = {"nor_conv_3x3": 0.006, "nor_conv_1x1": 0.004, "skip_connect": 0.002}
    value = np.sum([np.where(ops == name, gain, 0.0) for name, gain in worth.items()], axis=(0, 2))
    is_deep = (ops[:, [0, 2, 5]] != NONE).all(axis=1)  # From point to point, all four of them.
    noise = NOISE * numbers.standard_normal(num_cells)
    return CellTable(cells, {"accuracy": 0.88 + value + 0.01 * is_deep + noise}, name="synthetic")


def reporting_rows(table: CellTable) -> NDArray[np.int64]:
    """Rows of the two thirds that no choice was made on (``table.tuning`` is the other one)."""
    return np.flatnonzero(~table.tuning)
