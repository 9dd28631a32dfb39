"""NAS-Bench-201 (Dong & Yang 2020): 15,625 cells, each trained on three data sets."""

import os
from pathlib import Path
from typing import Any

from gemcore.arguments import check_in, check_type
from gemcore.tables.array_files import read_arrays
from gemcore.tables.cell_table import CellTable
from gemcore.tables.nasbench201_records import HYPER_PARAMETERS, SOURCES, read_logs
from gemcore.tables.table_files import is_table, parse_table


class NASBench201(CellTable):
    """The table of NAS-Bench-201, from its official file or what :meth:`save` wrote of it.

    Edges become labelled nodes (see :mod:`gemcore.tables.nasbench201_cells`): cells have up to 8
    nodes, with operations identity (the benchmark's skip_connect), nor_conv_1x1, nor_conv_3x3 and
    avg_pool_3x3 between ``"input"`` and ``"output"``; ``none`` vanishes. Rows are the benchmark's,
    in its order. Cells that are the same network stay rows of their own, each with its numbers;
    :meth:`lookup` gives the first of them.

    ``accuracy`` is the test accuracy at the end of training, the mean of 1 to 3 runs;
    ``validation_accuracy``, ``train_accuracy``, ``seconds`` and ``latency`` as the file has them,
    and ``accuracy_runs`` and so on, NaN where a cell has fewer runs than others. The validation
    accuracy of ``"cifar10"`` is that of the training on half of the images. Costs are the
    benchmark's: a multiply-add counts one.

    Args:
        path: ``NAS-Bench-201-v1_1-096897.pth``, of which no code is executed, or an ``.npz`` of
            :meth:`save`. The official file takes as much memory as with its own library, tens of
            gigabytes; save what you need of it once.
        dataset: ``"cifar10"``, ``"cifar10-valid"`` (trained on half of the images), ``"cifar100"``
            or ``"ImageNet16-120"``.
        epochs: 200 or 12.
        progress: Whether to show a bar.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is truncated, damaged, of another kind, or has no such trainings; the file
            is named. A plain file from before torch 1.6 has no checksums: there a damaged number
            that is still a number goes unnoticed.

    Source: Dong & Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture
        Search", ICLR 2020; https://github.com/D-X-Y/NAS-Bench-201
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        dataset: str = "cifar10",
        *,
        epochs: int = 200,
        progress: bool = False,
    ) -> None:
        check_type("path", path, (str, os.PathLike))
        check_in("dataset", dataset, tuple(SOURCES))
        check_in("epochs", epochs, tuple(HYPER_PARAMETERS))
        super().__init__(**_read(Path(path), dataset, epochs, progress))

    @property
    def dataset(self) -> str:
        """What the networks were trained on."""
        return str(self.facts["dataset"])

    @property
    def epochs(self) -> int:
        """Of each training."""
        return int(self.facts["epochs"])


def _read(path: Path, dataset: str, epochs: int, progress: bool) -> dict[str, Any]:
    facts = {"dataset": dataset, "epochs": epochs}
    name = f"nasbench201-{dataset}"
    if path.suffix != ".npz":
        found = read_logs(path, dataset=dataset, epochs=epochs, progress=progress)
        return {**found, "name": name, "facts": facts}
    arrays = read_arrays(path)
    if not is_table(arrays):
        raise ValueError(
            f"{path} must be a table that gemcore wrote, got an archive of {', '.join(arrays)}"
        )
    found = parse_table(path, arrays)
    if (found["name"], found["facts"]) != (name, facts):
        raise ValueError(
            f"{path} must be a table of {name!r} with {facts}, got one of {found['name']!r} with "
            f"{found['facts']}"
        )
    return found
