"""gemcore.tables.registry: tables by name."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from gemcore.tables import CellTable, NASBench101, synthetic
from gemcore.tables.registry import TABLES, load_table


def test_each_by_its_name(
    trainings: tuple[Path, object], tmp_path: Path, official: SimpleNamespace
) -> None:
    assert load_table("synthetic").fingerprint == synthetic().fingerprint
    table = load_table("nasbench101", trainings[0])
    assert isinstance(table, NASBench101)
    table.save(tmp_path / "t.npz")
    again = load_table("table", str(tmp_path / "t.npz"), progress=True)
    assert type(again) is CellTable
    assert again.fingerprint == table.fingerprint
    for name, dataset in (
        ("nasbench201", "cifar10"),
        ("nasbench201-cifar100", "cifar100"),
        ("nasbench201-imagenet", "ImageNet16-120"),
    ):
        with pytest.raises(ValueError, match=f"must be a table of 'nasbench201-{dataset}'"):
            load_table(name, tmp_path / "t.npz")


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"name must be one of 'nasbench101', .*, got 'x'"):
        load_table("x")
    with pytest.raises(ValueError, match="path must be None for 'synthetic', which has no file"):
        load_table("synthetic", tmp_path)
    for name in TABLES.keys() - {"synthetic"}:
        with pytest.raises(ValueError, match=f"path must be the file of '{name}' .*, got None"):
            load_table(name)
