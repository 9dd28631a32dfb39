"""gemcore.networks.source: what is written of a cell; that it computes the same is tested with
the whole file, in tests/searching/test_model_source.py."""

import pytest

from gemcore import Cell, Skeleton, Stage
from gemcore.networks.source import NetworkSource, own_ops

ONE_STAGE = Skeleton(4, (Stage(8),))


def write(cell: Cell, skeleton: Skeleton = ONE_STAGE) -> str:
    return NetworkSource(cell, skeleton, num_classes=2, in_channels=1).write()


def test_forward_spells_out_the_nodes() -> None:
    ops = ("input", "conv1x1", "sepconv3x3", "identity", "maxpool3x3", "identity")
    text = write(Cell(ops, ((0, 1), (0, 2), (1, 2), (1, 3), (0, 4), (1, 5), (3, 5))))
    for line in (
        '"1": conv_bn_relu(in_channels, width, 1),',
        '"2": separable_conv(in_channels + width, width),',
        '"3": nn.Identity(),',
        '"4": max_pool(in_channels, width),',
        '"5": identity(2 * width, width),',
        'x2 = self.nodes["2"](torch.cat([x0, x1], dim=1))',
        "return torch.cat([x2, x4, x5], dim=1)",
        "nn.Sequential(Cell(4, 8)),",
        "classifier=nn.Linear(24, num_classes),",
    ):
        assert f" {line}\n" in text


def test_only_what_is_used_is_defined() -> None:
    text = write(Cell(("input", "conv1x1", "identity"), ((0, 1), (1, 2))))
    assert "def conv_bn_relu" in text
    assert "def identity" not in text
    assert "def separable_conv" not in text
    assert "def max_pool" not in text


def test_many_copies_are_written_as_a_repetition() -> None:
    skeleton = Skeleton(3, (Stage(8, num_cells=2, reduces=True), Stage(5, num_cells=20)))
    text = write(Cell(("input", "conv1x1"), ((0, 1),)), skeleton)
    assert "nn.Sequential(Cell(3, 8, reduces=True), Cell(8, 8))," in text
    assert "nn.Sequential(Cell(8, 5), *(Cell(5, 5) for _ in range(19)))," in text


def test_channels_grow_where_the_input_is_a_leaf() -> None:
    cell = Cell(("input", "conv1x1", "output"), ((0, 1), (0, 2), (1, 2)))
    text = write(cell, Skeleton(3, (Stage(8, num_cells=8),)))
    lines = [line.strip() for line in text.splitlines()]
    assert [f"Cell({3 + 8 * i}, 8)," in lines for i in range(8)] == [True] * 8  # One a line.
    assert "classifier=nn.Linear(67, num_classes)," in lines


def test_operations_of_ones_own_count_where_they_are_used() -> None:
    ops = ("input", "conv1x1", "gate")
    assert own_ops(Cell(ops, ((0, 1), (1, 2)))) == ["gate"]
    assert own_ops(Cell(ops, ((0, 1),))) == []
    assert "class Cell" in write(Cell(ops, ((0, 1),)))
    with pytest.raises(ValueError, match=r"got 'gate': use result.build\(\) where"):
        write(Cell(ops, ((0, 1), (0, 2))))


def test_rejects_cells_that_are_no_network() -> None:
    with pytest.raises(ValueError, match="'input' at node 0 and nowhere else, got 'conv1x1'"):
        write(Cell(("conv1x1", "conv1x1"), ((0, 1),)))


def test_numbers_are_numbers_before_they_become_code() -> None:
    cell = Cell(("input",))
    for name in ("num_classes", "in_channels"):
        numbers = {"num_classes": 2, "in_channels": 1, name: "2, x=print()"}
        with pytest.raises(TypeError, match=f"{name} must be an integer, got str '2, x="):
            NetworkSource(cell, ONE_STAGE, **numbers).write()  # type: ignore[arg-type]
