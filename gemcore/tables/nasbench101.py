"""NAS-Bench-101 (Ying et al. 2019): 423,624 cells, each trained on CIFAR-10."""

import os
from pathlib import Path

from gemcore.arguments import check_type
from gemcore.tables.array_files import read_arrays
from gemcore.tables.cell_table import CellTable
from gemcore.tables.nasbench101_arrays import read_compact


class NASBench101(CellTable):
    """The table of NAS-Bench-101, from its files.

    Cells have up to 7 nodes and 9 edges, operations conv3x3, conv1x1 and maxpool3x3, an input and
    an output. ``accuracy`` is the test accuracy after 108 epochs.

    Args:
        path: A compact ``.npz`` (see :mod:`gemcore.tables.nasbench101_arrays`).

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is truncated, damaged or of another kind; the file is named.

    Source: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", 2019.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        check_type("path", path, (str, os.PathLike))
        path = Path(path)
        super().__init__(**read_compact(path, read_arrays(path)), name="nasbench101")
