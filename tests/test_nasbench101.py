"""The cost of NAS-Bench-101's networks against torch layers, counted one by one."""

from typing import Any

import numpy as np
import pytest
from torch import nn

from gemcore import (
    Cell,
    CellBatch,
    SearchSpace,
    graph_features,
    nasbench101_cost,
    prune,
    register_op,
    unregister_op,
)
from gemcore.blocks import conv_bn_relu

SPACE = SearchSpace.preset("nasbench101")


class Definition:
    """Layers of the network, each beside the height and width of what it writes."""

    def __init__(self, cell: Cell) -> None:
        self.cell, self.output = cell, cell.num_nodes - 1
        self.readers = {v: [w for u, w in cell.edges if u == v] for v in range(cell.num_nodes)}
        self.layers: list[tuple[nn.Module, int]] = [(conv_bn_relu(3, 128, 3), 32)]
        channels = 128
        for width, size in ((128, 32), (256, 16), (512, 8)):
            for _ in range(3):
                self.add_module(channels, width, size)
                channels = width
        self.layers.append((nn.Linear(512, 10), 1))

    def channels(self, width: int) -> dict[int, int]:
        read = [v for v in range(1, self.output) if self.output in self.readers[v]]
        parts = np.array_split(np.arange(width), len(read)) if read else []
        found = {v: len(part) for v, part in zip(read, parts, strict=True)}
        for v in reversed(range(1, self.output)):
            if v not in found:
                found[v] = max(found[w] for w in self.readers[v])
        return found

    def add_module(self, in_channels: int, width: int, size: int) -> None:
        for v, channels in self.channels(width).items():
            kernel_size = {"conv1x1": 1, "conv3x3": 3}.get(self.cell.ops[v])
            if kernel_size is not None:
                self.layers.append((conv_bn_relu(channels, channels, kernel_size), size))
            if v in self.readers[0]:
                self.layers.append((conv_bn_relu(in_channels, channels, 1), size))
        if self.output in self.readers[0]:
            self.layers.append((conv_bn_relu(in_channels, width, 1), size))

    def macs(self) -> int:
        total = 0
        for layer, size in self.layers:
            for part in layer.modules():
                if isinstance(part, nn.Conv2d | nn.Linear):
                    total += part.weight.numel() * size**2
        return total

    def params(self) -> int:
        return sum(p.numel() for layer, _ in self.layers for p in layer.parameters())


def test_cost_is_that_of_the_layers() -> None:
    pruned = prune(SPACE.sample(60, seed=1), to_output=True)
    cells = pruned[pruned.sizes > 1]
    macs, params = nasbench101_cost(cells)
    assert macs.dtype == params.dtype == np.int64
    for i, cell in enumerate(cells):
        network = Definition(cell)
        assert (macs[i], params[i]) == (network.macs(), network.params())


def test_a_published_number() -> None:
    """The Inception-like cell of the example in the benchmark's README has 2,694,282 parameters."""
    names = ("input", "conv1x1", "conv3x3", "conv3x3", "conv3x3", "maxpool3x3", "output")
    edges = ((0, 1), (0, 2), (0, 3), (0, 5), (1, 6), (2, 6), (3, 4), (4, 6), (5, 6))
    _, params = nasbench101_cost(CellBatch.from_cells([Cell(names, edges)]))
    assert params.tolist() == [2_694_282]


def test_nodes_that_pruning_drops_cost_nothing() -> None:
    cells = SPACE.sample(100, seed=2)
    pruned = prune(cells, to_output=True)
    is_network = pruned.sizes > 1
    assert not is_network.all()
    expected = nasbench101_cost(pruned[is_network])
    np.testing.assert_array_equal(nasbench101_cost(cells[is_network]), expected)


def test_empty_batch() -> None:
    macs, params = nasbench101_cost(CellBatch.from_cells([], SPACE.op_names))
    assert macs.shape == params.shape == (0,)


def test_errors_say_what_is_wrong() -> None:
    wrong: Any = []
    with pytest.raises(TypeError, match="cells must be of type CellBatch, got list"):
        nasbench101_cost(wrong)
    with pytest.raises(ValueError, match=r"cells must have 'output' among op_names, got \('input'"):
        nasbench101_cost(SearchSpace.preset("small").sample(1))
    mystery = Cell(("input", "mystery", "output"), ((0, 1), (1, 2)))
    with pytest.raises(ValueError, match=r"op must be one of .*, got 'mystery'"):
        nasbench101_cost(CellBatch.from_cells([mystery]))
    apart = Cell(("input", "conv1x1", "output"), ((0, 1),))
    with pytest.raises(ValueError, match="cells must have a path from input to output, got none"):
        nasbench101_cost(CellBatch.from_cells([apart]))


def test_a_negative_price_of_an_own_operation_is_refused() -> None:
    register_op("cheat", lambda i, o: nn.Identity(), lambda i, o, h, w: -1, lambda i, o: 0)
    try:
        cell = Cell(("input", "cheat", "output"), ((0, 1), (1, 2)))
        for function in (nasbench101_cost, graph_features):
            with pytest.raises(ValueError, match=r"macs.* of op 'cheat' must be >= 0, got -1"):
                function(CellBatch.from_cells([cell]))
        with pytest.raises(ValueError, match=r"macs.* of op 'cheat' must be >= 0, got -1"):
            graph_features(CellBatch.from_cells([Cell(("input", "cheat"), ((0, 1),))]))
    finally:
        unregister_op("cheat")
