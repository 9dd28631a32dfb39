"""The found network's source: alone, it answers as gemcore's network does, to the bit."""

import dataclasses
import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from gemcore import register_op, unregister_op
from gemcore.cell import Cell
from gemcore.networks.network import build_network
from gemcore.networks.skeleton import Skeleton, Stage
from gemcore.searching.record import FinalNetwork
from gemcore.searching.result import SearchResult
from gemcore.searching.setting import SearchSetting, TaskFacts
from gemcore.space import SearchSpace
from gemcore.tasks.preprocessing import Preprocessing
from gemcore.trials.trial import Trial

MakeResult = Callable[..., SearchResult]
MakeTrial = Callable[..., Trial]

ALL_OPS = ("conv1x1", "sepconv3x3", "conv3x3", "maxpool3x3", "identity")
SPACES = {
    "all ops": SearchSpace(num_nodes=9, ops=ALL_OPS, edge_prob=0.35),
    "paper": SearchSpace.preset("paper"),
    "nasbench101": SearchSpace.preset("nasbench101"),
    "nasgem-bench": SearchSpace.preset("nasgem-bench"),
}
SKELETONS = (
    Skeleton.preset("proxy", width=3),
    Skeleton(5, (Stage(4, num_cells=2, reduces=True), Stage(6, num_cells=5))),
    Skeleton(4, (Stage(4),)),
)
ALONE = """
import runpy, sys
sys.modules["gemcore"] = sys.modules["numpy"] = sys.modules["safetensors"] = None
import torch  # Misses numpy, and says so.
import warnings
warnings.simplefilter("error")
names = runpy.run_path(sys.argv[1], run_name="model")
images = names["preprocess"](torch.load(sys.argv[2], weights_only=True))
with torch.no_grad():
    torch.save(names["load"]()(images), sys.argv[3])
"""


def load_alone(path: Path) -> dict[str, Any]:
    """What the file defines, executed where gemcore can't be imported."""
    hidden = {name: m for name, m in sys.modules.items() if name.split(".")[0] == "gemcore"}
    sys.modules.update(dict.fromkeys(hidden, None))  # type: ignore[arg-type]
    try:
        return runpy.run_path(str(path), run_name="model")
    finally:
        sys.modules.update(hidden)


def some_result(
    cell: Cell, skeleton: Skeleton, channels: int, result: MakeResult, trial: MakeTrial
) -> SearchResult:
    """A search that found the cell; all of its network's numbers are random."""
    rng = torch.Generator().manual_seed(len(cell.edges))
    network = build_network(cell, skeleton, num_classes=3, in_channels=channels)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            low = 0.5 if "bn" in name else -0.5
            tensor.uniform_(low, low + 1, generator=rng)
    size = (channels, 9, 7)
    numbers = tuple(100.0 + 10 * channel for channel in range(channels))
    facts = TaskFacts("t", "f", ("a", "b", "c"), Preprocessing(size, numbers, numbers))
    setting = dataclasses.replace(
        result().setting, task=facts, skeleton=skeleton, input_size=size, num_classes=3
    )
    final = FinalNetwork({"test_accuracy": 0.5}, dict(network.state_dict()))
    return result(setting, trials=[trial(0, 0.5, cell=cell)], final=final, baseline=None)


def write(found: SearchResult, folder: Path) -> Path:
    assert found.final is not None
    path = folder / "model.py"
    path.write_text(found.to_source(), encoding="utf-8")
    safetensors.torch.save_file(found.final.weights, folder / "model.safetensors")
    return path


@pytest.mark.parametrize(
    ("space", "number"),
    [("all ops", 40), ("paper", 12), ("nasbench101", 24), ("nasgem-bench", 24)],
)
def test_100_random_cells_answer_to_the_bit(
    space: str, number: int, result: MakeResult, trial: MakeTrial, tmp_path: Path
) -> None:
    images = torch.randint(0, 256, (3, 4, 9, 7), dtype=torch.uint8)
    for i, cell in enumerate(SPACES[space].sample(number, seed=5)):
        channels, skeleton = (1, 3, 4)[i % 3], SKELETONS[i // 3 % 3]
        found = some_result(cell, skeleton, channels, result, trial)
        module = load_alone(write(found, tmp_path))
        network, expected = module["load"](), found.build()
        assert not network.training
        assert list(network.state_dict()) == list(expected.state_dict())
        inputs = module["preprocess"](images[:, :channels])
        with torch.no_grad():
            answer = network(inputs)
            assert torch.equal(answer, expected(inputs))
        assert answer.dtype == torch.float32


def test_answers_alike_in_another_process(
    result: MakeResult, trial: MakeTrial, tmp_path: Path
) -> None:
    images = torch.randint(0, 256, (3, 3, 9, 7), dtype=torch.uint8)
    torch.save(images, tmp_path / "images.pt")
    (cell,) = SPACES["all ops"].sample(1, seed=8)
    found = some_result(cell, SKELETONS[1], 3, result, trial)
    path = write(found, tmp_path)
    command = [sys.executable, "-c", ALONE, str(path)]
    subprocess.run([*command, tmp_path / "images.pt", tmp_path / "answer.pt"], check=True, cwd="/")
    answer = torch.load(tmp_path / "answer.pt", weights_only=True)
    predicted = found.predict(images).probabilities
    assert torch.equal(answer.softmax(dim=1), torch.from_numpy(predicted))


def test_loading_leaves_generators_and_default_dtype_alone(
    result: MakeResult, tmp_path: Path
) -> None:
    module = load_alone(write(result(), tmp_path))
    state = torch.get_rng_state()
    torch.set_default_dtype(torch.float64)
    try:
        network = module["load"]()
        assert module["preprocess"](torch.zeros(1, 1, 8, 8)).dtype == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(torch.get_rng_state(), state)
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_a_loaded_network_trains_on(result: MakeResult, tmp_path: Path) -> None:
    network = load_alone(write(result(), tmp_path))["load"](tmp_path / "model.safetensors").train()
    network(torch.randn(4, 1, 8, 8)).square().sum().backward()
    assert all(p.grad is not None for p in network.parameters())


def test_names_of_any_kind_are_kept(
    result: MakeResult, setting: SearchSetting, tmp_path: Path
) -> None:
    names = ("it's", 'a "b"', "\\", "\n", '"""', "кошка", "3\u20134", "日本", "x y " * 60, "")
    task = dataclasses.replace(setting.task, name='"""\\N' + "ж" * 99, class_names=names)
    found = result(dataclasses.replace(setting, task=task, num_classes=len(names)), final=None)
    path = tmp_path / "model.py"
    path.write_text(found.to_source(), encoding="utf-8")
    module = load_alone(path)
    assert module["CLASSES"] == names
    assert 'Network for \'"""\\N' + "ж" * 52 + "...': 10 classes." in module["__doc__"]


def test_a_search_over_a_function_gives_the_architecture_alone(
    result: MakeResult, setting: SearchSetting, tmp_path: Path
) -> None:
    other = dataclasses.replace(setting, task=TaskFacts("mine"), input_size=(5, 8, 8))
    path = tmp_path / "model.py"
    path.write_text(result(other, final=None).to_source())
    module = load_alone(path)
    assert not {"CLASSES", "MEAN", "preprocess", "read_image", "main"} & set(module)
    assert module["Network"]()(torch.zeros(2, 5, 8, 8)).shape == (2, 2)
    assert module["Network"](3, num_classes=7)(torch.zeros(2, 3, 8, 8)).shape == (2, 7)
    assert "random" in module["__doc__"]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\x08\0\0",
        b"\xff" * 100,
        b"\x02\0\0\0\0\0\0\0[]",
        b'\x07\0\0\0\0\0\0\0{"a":1}',
        b"\x50\0\0\0\0\0\0\0" + json.dumps({"a": {"dtype": "F16"}}).encode(),
    ],
)
def test_a_file_of_no_weights_is_named(damage: bytes, result: MakeResult, tmp_path: Path) -> None:
    module = load_alone(write(result(), tmp_path))
    (tmp_path / "model.safetensors").write_bytes(damage)
    with pytest.raises(ValueError, match=r"model\.safetensors must be a safetensors file of F32"):
        module["load"]()


def test_cut_weights_and_other_types_are_refused(result: MakeResult, tmp_path: Path) -> None:
    path = write(result(), tmp_path).with_name("model.safetensors")
    load = load_alone(tmp_path / "model.py")["load"]
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    with pytest.raises(ValueError, match=r"must be a safetensors file of F32 and I64"):
        load()
    found = result()
    halves = {name: tensor.half() for name, tensor in found.final.weights.items()}  # type: ignore[union-attr]
    safetensors.torch.save_file(halves, path, metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"must be a safetensors file .* KeyError\('F16'\)"):
        load()
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        load(tmp_path / "none.safetensors")


def test_images_of_another_shape_are_refused(result: MakeResult, tmp_path: Path) -> None:
    module = load_alone(write(result(), tmp_path))
    for shape in ((2, 3, 8, 8), (1, 8, 8)):
        with pytest.raises(ValueError, match=r"images must have shape \[N, 1, H, W\], got"):
            module["preprocess"](torch.zeros(*shape))


def test_there_must_be_a_network(result: MakeResult) -> None:
    with pytest.raises(RuntimeError, match=r"\[to_source\] no trial is complete: failed: x"):
        result(trials=[], status="failed: x").to_source()


def test_an_operation_of_ones_own_is_named(result: MakeResult, trial: MakeTrial) -> None:
    cell = Cell(("input", "gate", "conv1x1"), ((0, 1), (1, 2)))
    found = result(trials=[trial(0, 0.5, cell=cell)], final=None)
    message = r"cell must be made of built-in operations .*, got 'gate': use result.build\(\)"
    with pytest.raises(ValueError, match=message):
        found.to_source()
    register_op("gate", torch.nn.Conv2d, lambda *size: 1, lambda *size: 1)  # type: ignore[arg-type]
    try:
        with pytest.raises(ValueError, match=message):
            found.to_source()
    finally:
        unregister_op("gate")


def wide_cell(width: int) -> Cell:
    """Many nodes that read the input, and one that reads them all."""
    edges = [(0, node) for node in range(1, width)] + [(node, width) for node in range(width)]
    return Cell(("input", *["identity"] * width), tuple(edges))


def test_a_cell_of_256_nodes_is_written(
    result: MakeResult, trial: MakeTrial, tmp_path: Path
) -> None:
    found = some_result(wide_cell(255), Skeleton(2, (Stage(2),)), 1, result, trial)
    path = write(found, tmp_path)
    assert max(map(len, path.read_text().splitlines())) <= 100
    images = np.ones((1, 1, 9, 7))
    module = load_alone(path)
    answer = module["load"]()(module["preprocess"](torch.from_numpy(images)))
    assert torch.equal(
        answer.softmax(dim=1).detach(), torch.from_numpy(found.predict(images).probabilities)
    )
