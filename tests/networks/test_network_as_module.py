"""A built network is an ordinary torch module: dtypes, formats, copies, names, gradients."""

import copy
import io

import pytest
import torch
from torch import nn

from gemcore import Cell, Network, SearchSpace, Skeleton, Stage, build_network

OPS = ("input", "conv1x1", "sepconv3x3", "maxpool3x3", "identity", "conv3x3")
CELL = Cell(OPS, ((0, 1), (0, 2), (1, 2), (0, 3), (2, 4), (1, 5)))
SKELETON = Skeleton(4, (Stage(4, num_cells=2), Stage(6, reduces=True)))


@pytest.fixture
def network() -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build_network(CELL, SKELETON, num_classes=5).eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randn(2, 3, 17, 23, generator=torch.Generator().manual_seed(1))


def test_parts_have_names(network: Network) -> None:
    assert [name for name, _ in network.named_children()] == ["stem", "stages", "head"]
    assert [len(stage) for stage in network.stages] == [2, 1]  # type: ignore[arg-type]
    names = set(network.state_dict())
    assert {"stem.conv.weight", "stages.0.1.nodes.2.depthwise.weight"} <= names
    assert {"stages.1.0.nodes.3.project.bn.running_mean", "head.classifier.bias"} <= names


def test_repr_shows_the_wiring(network: Network) -> None:
    shown = repr(network.stages[1])
    assert "in_channels=12, out_channels=18, reduces=True" in shown
    assert "2 = sepconv3x3(0, 1)\n" in shown
    assert "returns (3, 4, 5)\n" in shown


def test_channels_last_answers_alike(network: Network, images: torch.Tensor) -> None:
    expected = network(images)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    answer = network(images.to(memory_format=torch.channels_last))
    torch.testing.assert_close(answer, expected, rtol=1e-4, atol=1e-5)


def test_copies_answer_alike(network: Network, images: torch.Tensor) -> None:
    expected = network(images)
    assert torch.equal(copy.deepcopy(network)(images), expected)
    stream = io.BytesIO()
    torch.save(network.state_dict(), stream)
    other = build_network(CELL, SKELETON, num_classes=5).eval()
    assert not torch.equal(other(images), expected)
    stream.seek(0)
    other.load_state_dict(torch.load(stream, weights_only=True))
    assert torch.equal(other(images), expected)


def test_same_generator_state_gives_the_same_network(images: torch.Tensor) -> None:
    answers = []
    for _ in range(2):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            answers.append(build_network(CELL, SKELETON, num_classes=5).eval()(images))
    assert torch.equal(*answers)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_network_has_the_default_dtype(dtype: torch.dtype) -> None:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        network = build_network(CELL, SKELETON, num_classes=5)
        assert torch.get_default_dtype() == dtype
        assert network(torch.randn(2, 3, 8, 8)).dtype == dtype
    finally:
        torch.set_default_dtype(before)
    tensors = [tensor for tensor in network.state_dict().values() if tensor.is_floating_point()]
    assert {tensor.dtype for tensor in tensors} == {dtype}


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 3), (17, 23)])
def test_images_of_any_size(network: Network, size: tuple[int, int]) -> None:
    assert network(torch.zeros(2, 3, *size)).shape == (2, 5)
    assert network(torch.zeros(0, 3, *size)).shape == (0, 5)


def test_every_parameter_gets_a_gradient(network: Network, images: torch.Tensor) -> None:
    network.train()(images).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_builds_without_memory_on_the_meta_device() -> None:
    with torch.device("meta"):
        network = build_network(CELL, SKELETON, num_classes=5)
    assert {parameter.device.type for parameter in network.parameters()} == {"meta"}


def test_trains(images: torch.Tensor) -> None:
    cell = SearchSpace.preset("small").sample(1, seed=3)[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_network(cell, Skeleton.preset("proxy", width=4), num_classes=2)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    labels = torch.tensor([0, 1])
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
