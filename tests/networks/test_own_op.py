"""A user's own operation from registration to network and cost, and the ways it can be wrong."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from gemcore import (
    Cell,
    SearchSpace,
    Skeleton,
    build_network,
    network_cost,
    register_op,
    registered_ops,
    unregister_op,
)

CHAIN = Cell(("input", "own"), ((0, 1),))
SKELETON = Skeleton.preset("proxy", width=4)


class Gate(nn.Module):
    """Squeeze, excite, project: its cost is not linear in the number of input channels."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(in_channels, in_channels, bias=False)
        self.project = nn.Conv2d(in_channels, out_channels, 3, padding=2, dilation=2)

    def forward(self, images: Tensor) -> Tensor:
        gate = self.squeeze(images.mean(dim=(2, 3))).sigmoid()
        answer: Tensor = self.project(images * gate[:, :, None, None])
        return answer


def macs(in_channels: int, out_channels: int, height: int, width: int) -> int:
    return in_channels**2 + 9 * in_channels * out_channels * height * width


def params(in_channels: int, out_channels: int) -> int:
    return in_channels**2 + (9 * in_channels + 1) * out_channels


@pytest.fixture(autouse=True)
def _forgotten_afterwards() -> Iterator[None]:
    yield
    if "own" in registered_ops():
        unregister_op("own")


def test_own_operation_end_to_end() -> None:
    register_op("own", Gate, macs, params)
    space = SearchSpace(num_nodes=7, ops=("own", "conv1x1", "identity"), edge_prob=0.5)
    cells = space.sample(12, seed=0)
    cost = network_cost(cells, SKELETON, input_size=(3, 9, 7), num_classes=4)
    for i, cell in enumerate(cells):
        network = build_network(cell, SKELETON, num_classes=4)
        images = torch.zeros(1, 3, 9, 7)
        with FlopCounterMode(display=False) as counter:
            assert network.eval()(images).shape == (1, 4)
        assert 2 * cost.macs[i] == counter.get_total_flops()
        assert cost.params[i] == sum(parameter.numel() for parameter in network.parameters())


def test_trying_out_an_operation_leaves_no_trace() -> None:
    drawn = []

    def build(in_channels: int, out_channels: int) -> nn.Module:
        drawn.append(torch.get_rng_state())
        return nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1), nn.BatchNorm2d(out_channels), nn.Dropout(0.5)
        )

    register_op("own", build, macs, params)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_network(CHAIN, SKELETON, num_classes=2)
        torch.manual_seed(0)
        nn.Conv2d(3, 4, 3, bias=False)  # The stem.
        build(4, 4)
        assert torch.equal(drawn[0], drawn[-1])
        build(4, 8)
        assert torch.equal(drawn[1], drawn[-1])
    assert all(module.training for module in network.modules())
    counts = [value for name, value in network.state_dict().items() if "num_batches" in name]
    assert counts
    assert not any(counts)


class Wrong(nn.Module):
    """Computes whatever it is told to."""

    def __init__(self, function: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, images: Tensor) -> object:
        return self.function(images)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x[:, :3], r"build\(4, 4\) of op 'own' must map .*, got \(2, 3, 5, 4\)"),
        (lambda x: x[..., ::2], r"must map \(2, 4, 5, 4\) to \(2, 4, 5, 4\), got \(2, 4, 5, 2\)"),
        (lambda x: (x, x), r"must map \(2, 4, 5, 4\) to \(2, 4, 5, 4\), got tuple"),
        (lambda x: x.add_(1), "op 'own' must leave its input unchanged, got a module that writes"),
    ],
)
def test_rejects_an_operation_that_breaks_its_promise(
    function: Callable[[Tensor], object], message: str
) -> None:
    register_op("own", lambda i, o: Wrong(function), macs, params)
    with pytest.raises(ValueError, match=message):
        build_network(CHAIN, SKELETON, num_classes=2)


def test_rejects_what_is_no_module() -> None:
    register_op("own", lambda i, o: "conv", macs, params)  # type: ignore[arg-type, return-value]
    with pytest.raises(
        TypeError, match=r"build\(4, 4\) of op 'own' must return an nn.Module, got str"
    ):
        build_network(CHAIN, SKELETON, num_classes=2)


def cannot_build(in_channels: int, out_channels: int) -> nn.Module:
    raise RuntimeError("no such kernel")


@pytest.mark.parametrize("build", [cannot_build, lambda i, o: nn.Conv2d(i + 1, o, 1)])
def test_an_error_inside_an_operation_names_it(build: Callable[[int, int], nn.Module]) -> None:
    register_op("own", build, macs, params)
    with pytest.raises(RuntimeError, match=r"build\(4, 4\) of op 'own' failed"):
        build_network(CHAIN, SKELETON, num_classes=2)


def test_an_operation_is_tried_out_in_inference_mode_too() -> None:
    register_op("own", Gate, macs, params)
    with torch.inference_mode():
        network = build_network(CHAIN, SKELETON, num_classes=2).eval()
        assert network(torch.zeros(1, 3, 4, 4)).shape == (1, 2)


@pytest.mark.parametrize(
    ("bad_macs", "bad_params", "message"),
    [
        (
            lambda *size: 1.5,
            params,
            r"macs\(4, 4, 8, 8\) of op 'own' must be an integer, got float",
        ),
        (lambda *size: -1, params, r"macs\(4, 4, 8, 8\) of op 'own' must be >= 0, got -1"),
        (macs, lambda *size: None, r"params\(4, 4\) of op 'own' must be an integer, got NoneType"),
        (macs, lambda *size: -2, r"params\(4, 4\) of op 'own' must be >= 0, got -2"),
        (lambda *size: 2**62, params, r"costs must stay below 2\^63, got up to \d+ for each of 2"),
        (macs, lambda *size: 10**40, r"costs must stay below 2\^63, got up to \d+ for each of 2"),
    ],
)
def test_rejects_costs_that_are_none(
    bad_macs: Callable[..., int], bad_params: Callable[..., int], message: str
) -> None:
    register_op("own", Gate, bad_macs, bad_params)
    space = SearchSpace(num_nodes=2, ops=("own",), edge_prob=1.0)
    with pytest.raises((TypeError, ValueError), match=message):
        network_cost(space.sample(1), SKELETON, input_size=(3, 8, 8), num_classes=2)
