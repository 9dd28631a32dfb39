"""The found network's source passes linters and type checkers, and reads as if formatted."""

import dataclasses
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gemcore.cell import Cell
from gemcore.networks.skeleton import Skeleton, Stage
from gemcore.searching.result import SearchResult
from gemcore.searching.setting import SearchSetting, TaskFacts
from gemcore.space import SearchSpace
from gemcore.trials.trial import Trial

MakeResult = Callable[..., SearchResult]
MakeTrial = Callable[..., Trial]

ALL_OPS = ("conv1x1", "sepconv3x3", "conv3x3", "maxpool3x3", "identity")
LONG = Skeleton(5, (Stage(4, num_cells=2, reduces=True), Stage(60, num_cells=3)))
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def run(*command: str | Path) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} of the extra 'lint' is not installed")
    ran = subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=PROJECT.parent)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def full(num_nodes: int) -> Cell:
    """Each node reads all before it."""
    edges = tuple((u, v) for u in range(num_nodes) for v in range(u + 1, num_nodes))
    return Cell(("input", *["conv1x1"] * (num_nodes - 1)), edges)


@pytest.fixture
def usual(result: MakeResult, trial: MakeTrial, bytes_setting: SearchSetting) -> list[str]:
    """Sources of usual searches: small and large cells, files, arrays, a function."""
    cells = SearchSpace(num_nodes=9, ops=ALL_OPS, edge_prob=0.35).sample(3, seed=3)
    cells_of = [*cells, SearchSpace.preset("nasbench101").sample(1, seed=0)[0], full(17)]
    sources = []
    for cell in [*cells_of, Cell(("input",))]:
        setting = dataclasses.replace(bytes_setting, skeleton=LONG)
        sources.append(result(setting, trials=[trial(0, 0.5, cell=cell)]).to_source())
    function = dataclasses.replace(bytes_setting, task=TaskFacts("mine"))
    return [*sources, result().to_source(), result(function, final=None).to_source()]


@pytest.fixture
def odd(result: MakeResult, trial: MakeTrial, bytes_setting: SearchSetting) -> list[str]:
    """Sources of names and cells that break lines."""
    names = ("it's", 'a "b"', "\\", "\n", '"""', "\u043a\u043e\u0442", "3\u20134", "x y " * 60, "")
    task = dataclasses.replace(bytes_setting.task, name='"""\\N' + "ж " * 99, class_names=names)
    setting = dataclasses.replace(bytes_setting, task=task, num_classes=len(names))
    cells = [full(60), Cell(("input", *["identity"] * 255), tuple((0, v) for v in range(1, 256)))]
    return [result(setting, trials=[trial(0, 0.5, cell=cell)]).to_source() for cell in cells]


def write(sources: list[str], folder: Path) -> list[Path]:
    paths = [folder / f"network_{i}.py" for i in range(len(sources))]
    for path, source in zip(paths, sources, strict=True):
        path.write_text(source, encoding="utf-8")
    return paths


def test_lines_are_short(usual: list[str], odd: list[str]) -> None:
    for source in usual + odd:
        assert max(map(len, source.splitlines())) <= 100


@pytest.mark.parametrize("rules", ["--isolated", f"--config={PROJECT}"])
def test_ruff_finds_nothing(rules: str, usual: list[str], odd: list[str], tmp_path: Path) -> None:
    write(usual + odd, tmp_path)
    run("ruff", "check", "--no-cache", rules, tmp_path)


def test_looks_formatted(usual: list[str], tmp_path: Path) -> None:
    write(usual, tmp_path)
    run("ruff", "format", "--no-cache", "--isolated", "--line-length=100", "--diff", tmp_path)


def test_mypy_finds_nothing(usual: list[str], odd: list[str], tmp_path: Path) -> None:
    # By the project's own strict rules, whose cache knows torch already.
    run("mypy", f"--config-file={PROJECT}", *write(usual + odd, tmp_path))
