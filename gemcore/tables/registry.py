"""Tables that are known by name, for the command line."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gemcore.arguments import check_in
from gemcore.tables.cell_table import CellTable
from gemcore.tables.nasbench101 import NASBench101
from gemcore.tables.nasbench201 import NASBench201
from gemcore.tables.synthesis import synthetic


@dataclass(frozen=True)
class KnownTable:
    """Where a table comes from.

    Args:
        read: Reads a file; the second argument is whether to show a bar. None: it is made up.
        file: Which file that is.
    """

    read: Callable[[Path, bool], CellTable] | None
    file: str = ""


def _nasbench201(dataset: str) -> KnownTable:
    def read(path: Path, progress: bool) -> CellTable:
        return NASBench201(path, dataset, progress=progress)

    return KnownTable(read, "NAS-Bench-201-v1_1-096897.pth or a saved .npz")


TABLES: dict[str, KnownTable] = {
    "nasbench101": KnownTable(
        lambda path, progress: NASBench101(path, progress=progress),
        "nasbench_only108.tfrecord or an .npz",
    ),
    "nasbench201": _nasbench201("cifar10"),
    "nasbench201-cifar100": _nasbench201("cifar100"),
    "nasbench201-imagenet": _nasbench201("ImageNet16-120"),
    "table": KnownTable(lambda path, _: CellTable.read(path), "a .csv, .parquet or saved .npz"),
    "synthetic": KnownTable(None),
}


def load_table(
    name: str, path: str | os.PathLike[str] | None = None, *, progress: bool = False
) -> CellTable:
    """The table of this name, from its file.

    Args:
        name: A key of ``TABLES``.
        path: The file; None for ``"synthetic"`` alone, which has none.
        progress: Whether to show a bar.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If there is no such table, or the file is damaged, of another kind, or lacking
            or not asked for.
    """
    check_in("name", name, TABLES)
    read = TABLES[name].read
    if read is None:
        if path is not None:
            raise ValueError(f"path must be None for {name!r}, which has no file, got {path!r}")
        return synthetic()
    if path is None:
        raise ValueError(f"path must be the file of {name!r} ({TABLES[name].file}), got None")
    return read(Path(path), progress)
