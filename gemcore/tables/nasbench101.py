"""NAS-Bench-101 (Ying et al. 2019): 423,624 cells, each trained three times on CIFAR-10."""

import os
from pathlib import Path
from typing import Any

from gemcore.arguments import check_int, check_type
from gemcore.tables.array_files import MAGIC, read_arrays
from gemcore.tables.cell_table import CellTable
from gemcore.tables.nasbench101_arrays import is_compact, read_compact
from gemcore.tables.nasbench101_records import read_trainings
from gemcore.tables.table_files import is_table, parse_table
from gemcore.tables.tfrecord import looks_like_records

NAME = "nasbench101"
COMPACT_EPOCHS = 108


class NASBench101(CellTable):
    """The table of NAS-Bench-101, from its files; no TensorFlow is needed.

    Cells have up to 7 nodes and 9 edges, operations conv3x3, conv1x1 and maxpool3x3, an input and
    an output. ``accuracy`` is the test accuracy after training, the mean of its runs. Files with
    single runs also give ``train_accuracy``, ``validation_accuracy`` and ``seconds``, each of them
    ``halfway_...`` too, and ``accuracy_runs`` and so on, ``[B, 3]``. Multiply-adds are computed
    from the cells where the file has none.

    Args:
        path: ``nasbench_only108.tfrecord`` or ``nasbench_full.tfrecord`` (every checksum is
            checked; half a minute for 500 MB), what :meth:`save` wrote of them, or a compact
            ``.npz`` of one run (see :mod:`gemcore.tables.nasbench101_arrays`).
        epochs: Which trainings count: 4, 12, 36 or 108; all but the last are in the full file only.
        progress: Whether to show a bar while records are read.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is truncated, damaged, of another kind, or without such trainings; the
            file is named, and the record where there are records.

    Source: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", 2019;
        https://github.com/google-research/nasbench
    """

    def __init__(
        self, path: str | os.PathLike[str], *, epochs: int = 108, progress: bool = False
    ) -> None:
        check_type("path", path, (str, os.PathLike))
        epochs = check_int("epochs", epochs, 1)
        super().__init__(**_read(Path(path), epochs, progress))

    @property
    def epochs(self) -> int:
        """Of each training."""
        return int(self.facts["epochs"])


def _read(path: Path, epochs: int, progress: bool) -> dict[str, Any]:
    facts = {"epochs": epochs}
    if looks_like_records(path):
        found = read_trainings(path, epochs=epochs, progress=progress)
        return {**found, "name": NAME, "facts": facts}
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError(
                f"{path} must be a TFRecord file or an .npz archive, got one that begins as "
                "neither, or is damaged there"
            )
    arrays = read_arrays(path)
    if is_table(arrays):
        found = parse_table(path, arrays)
        there = found["facts"].get("epochs")
        if found["name"] != NAME or not isinstance(there, int):
            raise ValueError(f"{path} must be a table of {NAME!r}, got one of {found['name']!r}")
    elif is_compact(arrays):
        found = {**read_compact(path, arrays), "name": NAME, "facts": facts}
        there = COMPACT_EPOCHS
    else:
        raise ValueError(
            f"{path} must hold the arrays of NAS-Bench-101, got {', '.join(arrays) or 'none'}"
        )
    if there != epochs:
        raise ValueError(f"{path} must hold trainings of {epochs} epochs, got those of {there}")
    return found
