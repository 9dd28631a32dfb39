"""gemcore.ops: the built-in operations against torch's own counts, and the registry."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gemcore import Op, get_op, register_op, registered_ops, unregister_op
from gemcore.ops import is_built_in

BUILT_IN = ("conv1x1", "sepconv3x3", "conv3x3", "maxpool3x3", "identity")


def build(in_channels: int, out_channels: int) -> nn.Module:
    return nn.Conv2d(in_channels, out_channels, 1)


def macs(in_channels: int, out_channels: int, height: int, width: int) -> int:
    return in_channels * out_channels * height * width


def params(in_channels: int, out_channels: int) -> int:
    return (in_channels + 1) * out_channels


@pytest.fixture
def own_op() -> Iterator[str]:
    register_op("own", build, macs, params)
    yield "own"
    if "own" in registered_ops():
        unregister_op("own")


@pytest.mark.parametrize(("in_channels", "out_channels"), [(1, 1), (3, 3), (5, 2), (2, 7)])
@pytest.mark.parametrize("name", BUILT_IN)
def test_counts_equal_torchs(name: str, in_channels: int, out_channels: int) -> None:
    op = get_op(name)
    module = op.build(in_channels, out_channels).eval()
    with FlopCounterMode(display=False) as counter:
        answer = module(torch.zeros(1, in_channels, 5, 3))
    assert answer.shape == (1, out_channels, 5, 3)
    assert 2 * op.macs(in_channels, out_channels, 5, 3) == counter.get_total_flops()
    numbers = sum(parameter.numel() for parameter in module.parameters())
    assert op.params(in_channels, out_channels) == numbers


def test_nothing_stands_between_the_separable_convolutions() -> None:
    kinds = [type(layer) for layer in get_op("sepconv3x3").build(2, 4).children()]
    assert kinds == [nn.Conv2d, nn.Conv2d, nn.BatchNorm2d, nn.ReLU]


def test_pool_and_identity_compute_nothing_where_the_width_fits() -> None:
    images = torch.randn(2, 3, 4, 4)
    assert torch.equal(get_op("identity").build(3, 3)(images), images)
    pooled = torch.nn.functional.max_pool2d(images, 3, stride=1, padding=1)
    assert torch.equal(get_op("maxpool3x3").build(3, 3)(images), pooled)


def test_registry_knows_the_users_operation(own_op: str) -> None:
    assert registered_ops() == (*BUILT_IN, own_op)
    assert get_op(own_op) == Op(own_op, build, macs, params)
    assert is_built_in("conv1x1")
    assert not is_built_in(own_op)
    unregister_op(own_op)
    assert registered_ops() == BUILT_IN


def test_replacing_must_be_asked_for(own_op: str) -> None:
    with pytest.raises(ValueError, match="name must be new unless replace=True, got 'own'"):
        register_op(own_op, build, macs, params)
    register_op(own_op, build, macs, lambda i, o: 0, replace=True)
    assert get_op(own_op).params(3, 3) == 0


@pytest.mark.parametrize("name", ["input", "output", *BUILT_IN])
def test_reserved_and_built_in_names_stay(name: str) -> None:
    with pytest.raises(ValueError, match=f"name must not be reserved or built in, got '{name}'"):
        register_op(name, build, macs, params, replace=True)


@pytest.mark.parametrize("name", ["", "3x3", "conv 1x1", "a-b", "conv,1"])
def test_names_are_identifiers(name: str) -> None:
    with pytest.raises(ValueError, match=f"name must be made of letters.*, got '{name}'"):
        register_op(name, build, macs, params)


def test_rejects_wrong_kinds() -> None:
    with pytest.raises(TypeError, match="name must be of type str, got int 7"):
        register_op(7, build, macs, params)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="build must be callable, got NoneType None"):
        register_op("own", None, macs, params)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="macs must be callable, got int 3"):
        register_op("own", build, 3, params)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="params must be callable, got str 'p'"):
        register_op("own", build, macs, "p")  # type: ignore[arg-type]
    assert registered_ops() == BUILT_IN


def test_unknown_names_are_told_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"op must be one of conv1x1, .*, identity, got 'conv5x5'"):
        get_op("conv5x5")
    with pytest.raises(ValueError, match=r"op must be one of .*, got \('conv1x1',\)"):
        get_op(("conv1x1",))
    for name in ("conv1x1", "conv5x5", "input"):
        message = f"name must be one that register_op made known, got '{name}'"
        with pytest.raises(ValueError, match=message):
            unregister_op(name)
