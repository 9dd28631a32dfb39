"""The files by which a found network is used: what the README says works."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gemcore.cell import Cell
from gemcore.searching.model_files import write_model_files
from gemcore.searching.result import SearchResult
from gemcore.searching.setting import SearchSetting, TaskFacts
from gemcore.trials.trial import Trial

MakeResult = Callable[..., SearchResult]
MakeTrial = Callable[..., Trial]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def code_of(readme: str) -> str:
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    return str(code)


def run_in(folder: Path, code: str) -> str:
    """What a program prints in the folder, where gemcore can't be imported."""
    code = "import sys\nsys.modules['gemcore'] = None\n" + code
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_readme_is_right(result: MakeResult, tmp_path: Path) -> None:
    found = result()
    found.save(tmp_path)
    readme = (tmp_path / "README.md").read_text()
    assert "# Network for `shapes`" in readme
    assert (
        "2 classes, images of 1 x 8 x 8 (channels, height, width), test accuracy 0.8750, "
        "validation accuracy 0.9000, 1,000,000 multiply-adds an image, 100 parameters."
    ) in readme
    code = code_of(readme)
    assert len(code.splitlines()) <= 5
    images = torch.arange(128).reshape(2, 1, 8, 8)
    made = "import torch\nimages = torch.arange(128).reshape(2, 1, 8, 8)\n"
    shown = run_in(tmp_path, made + code)
    assert shown == f"{found.predict(images).labels.tolist()}\n"
    assert json.loads((tmp_path / "classes.json").read_text()) == ["round", "square"]


def test_a_function_has_no_classes(
    result: MakeResult, setting: SearchSetting, tmp_path: Path
) -> None:
    found = result(replace(setting, task=TaskFacts("f`g\nh")), final=None)
    write_model_files(tmp_path, found)
    assert names(tmp_path) == {"model.py", "README.md"}
    readme = (tmp_path / "README.md").read_text()
    assert "# Network for `f'g h`" in readme
    assert "There are no trained weights." in readme
    made = "import torch\nimages = torch.zeros(2, 1, 8, 8)\n"
    assert run_in(tmp_path, made + code_of(readme) + "print(*logits.shape)\n") == "2 2\n"


def test_without_a_final_network_there_are_no_weights(result: MakeResult, tmp_path: Path) -> None:
    write_model_files(tmp_path, result(final=None))
    assert names(tmp_path) == {"model.py", "README.md", "classes.json"}
    assert "There are no trained weights." in (tmp_path / "README.md").read_text()


def test_without_a_best_cell_nothing_is_written(result: MakeResult, tmp_path: Path) -> None:
    write_model_files(tmp_path, result(trials=[]))
    assert names(tmp_path) == set()


def test_an_operation_of_ones_own_leaves_no_model_file(
    result: MakeResult, trial: MakeTrial, tmp_path: Path
) -> None:
    write_model_files(tmp_path, result())
    cell = Cell(("input", "gate"), ((0, 1),))
    write_model_files(tmp_path, result(trials=[trial(0, 0.5, cell=cell)]))
    assert names(tmp_path) == {"README.md", "classes.json"}
    readme = (tmp_path / "README.md").read_text()
    assert "There is no `model.py`, for the cell has operations of your own: 'gate'." in readme
    assert "result.build()  # Register 'gate' first." in readme


def test_names_of_classes_are_readable(
    result: MakeResult, setting: SearchSetting, tmp_path: Path
) -> None:
    task = replace(setting.task, class_names=("кошка", 'a "b"'))
    write_model_files(tmp_path, result(replace(setting, task=task)))
    text = (tmp_path / "classes.json").read_text(encoding="utf-8")
    assert json.loads(text) == ["кошка", 'a "b"']
    assert "кошка" in text


def test_a_folder_that_cannot_be_written_is_told(result: MakeResult, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        write_model_files(tmp_path / "file", result())
