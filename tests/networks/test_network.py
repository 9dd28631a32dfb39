"""gemcore.networks.network: forward against a plain re-implementation from the definition."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gemcore import (
    Cell,
    CellBatch,
    Network,
    SearchSpace,
    Skeleton,
    Stage,
    build_network,
    network_cost,
)

ALL_OPS = ("conv1x1", "sepconv3x3", "conv3x3", "maxpool3x3", "identity")
SPACES = {
    "paper": SearchSpace.preset("paper"),
    "small": SearchSpace.preset("small"),
    "nasbench101": SearchSpace.preset("nasbench101"),
    "nasgem-bench": SearchSpace.preset("nasgem-bench"),
    "all ops": SearchSpace(num_nodes=8, ops=ALL_OPS, edge_prob=0.4),
}
# The stem is as wide as the first stage, or not: identity and pool then need a projection.
SKELETONS = {
    "proxy": Skeleton.preset("proxy", width=3),
    "two copies": Skeleton(5, (Stage(4, num_cells=2, reduces=True), Stage(6))),
}


class Reference:
    """The definition (semantics: "From cell to network"), on the cell as it came, unpruned.

    Only the names of the network's parameters are taken from it.
    """

    def __init__(self, network: Network, cell: Cell, skeleton: Skeleton, *, training: bool) -> None:
        self.tensors: dict[str, Tensor] = network.state_dict()
        self.cell = cell
        self.skeleton = skeleton
        self.training = training
        nodes = range(cell.num_nodes)
        has_output = cell.ops[-1] == "output"
        reached, useful = {0}, set(nodes) if not has_output else {cell.num_nodes - 1}
        for _ in nodes:
            reached |= {v for u, v in cell.edges if u in reached}
            useful |= {u for u, v in cell.edges if v in useful}
        self.kept = sorted({0} | (reached & useful))
        edges = [(u, v) for u, v in cell.edges if u in self.kept and v in self.kept]
        self.inputs = {v: [u for u in self.kept if (u, v) in edges] for v in self.kept[1:]}
        if has_output and cell.num_nodes - 1 in self.kept:
            self.leaves = self.inputs.pop(cell.num_nodes - 1)
        else:
            self.leaves = [u for u in self.kept if all(u != tail for tail, _ in edges)]

    def __call__(self, images: Tensor) -> Tensor:
        x = self.conv_bn_relu("stem", images)
        for i, stage in enumerate(self.skeleton.stages):
            for j in range(stage.num_cells):
                if stage.reduces and j == 0:
                    x = F.max_pool2d(x, 3, stride=2, padding=1)
                x = self.copy_of_cell(f"stages.{i}.{j}", x, stage.width)
        x = x.mean(dim=(2, 3))
        return x @ self.tensors["head.classifier.weight"].T + self.tensors["head.classifier.bias"]

    def copy_of_cell(self, name: str, x: Tensor, width: int) -> Tensor:
        values = {0: x}
        for v, inputs in self.inputs.items():
            read = torch.cat([values[u] for u in inputs], dim=1)
            values[v] = self.node(
                f"{name}.nodes.{self.kept.index(v)}", self.cell.ops[v], read, width
            )
        return torch.cat([values[u] for u in self.leaves], dim=1)

    def node(self, name: str, op: str, x: Tensor, width: int) -> Tensor:
        if op == "sepconv3x3":
            depthwise = self.tensors[f"{name}.depthwise.weight"]
            x = F.conv2d(x, depthwise, padding=1, groups=x.shape[1])
            x = F.conv2d(x, self.tensors[f"{name}.pointwise.weight"])
            return F.relu(self.batch_norm(name, x))
        if op in ("conv1x1", "conv3x3"):
            return self.conv_bn_relu(name, x)
        if x.shape[1] != width:
            x = self.conv_bn_relu(f"{name}.project" if op == "maxpool3x3" else name, x)
        return F.max_pool2d(x, 3, stride=1, padding=1) if op == "maxpool3x3" else x

    def conv_bn_relu(self, name: str, x: Tensor) -> Tensor:
        weight = self.tensors[f"{name}.conv.weight"]
        return F.relu(self.batch_norm(name, F.conv2d(x, weight, padding=weight.shape[2] // 2)))

    def batch_norm(self, name: str, x: Tensor) -> Tensor:
        mean, var = (self.tensors[f"{name}.bn.running_{what}"] for what in ("mean", "var"))
        if self.training:
            mean, var = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), correction=0)
        weight, bias = (self.tensors[f"{name}.bn.{what}"] for what in ("weight", "bias"))
        scaled = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
        return scaled * weight[:, None, None] + bias[:, None, None]


def randomize(network: nn.Module, rng: torch.Generator) -> None:
    """Other statistics, scales and shifts than a fresh network has, so that all of them count."""
    for name, tensor in network.state_dict().items():
        if "bn" in name and tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5, generator=rng)


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("skeleton", SKELETONS)
@pytest.mark.parametrize("space", SPACES)
def test_forward_of_200_random_cells_equals_the_definition(
    space: str, skeleton: str, rng: torch.Generator
) -> None:
    frame = SKELETONS[skeleton]
    for i, cell in enumerate(SPACES[space].sample(20, seed=len(skeleton))):
        network = build_network(cell, frame, num_classes=3, in_channels=2).double()
        randomize(network, rng)
        network.train(i % 4 == 0)
        images = torch.randn(2, 2, 7 + i % 2, 9, generator=rng, dtype=torch.float64)
        with torch.no_grad():
            expected = Reference(network, cell, frame, training=network.training)(images)
            torch.testing.assert_close(network(images), expected, rtol=1e-9, atol=1e-9)


def with_dead_nodes(cell: Cell, rng: np.random.Generator) -> Cell:
    """The cell among as many nodes again that the input does not reach but that feed into it."""
    num_nodes = 2 * cell.num_nodes
    kept = [0, *sorted(rng.choice(np.arange(1, num_nodes), cell.num_nodes - 1, replace=False))]
    dead = sorted(set(range(num_nodes)) - set(kept))
    ops = {node: cell.ops[i] for i, node in enumerate(kept)}
    edges = [(int(kept[u]), int(kept[v])) for u, v in cell.edges]
    edges += [(u, v) for u in dead for v in range(u + 1, num_nodes) if rng.random() < 0.3]
    return Cell(tuple(ops.get(node, "conv3x3") for node in range(num_nodes)), tuple(edges))


@pytest.mark.parametrize("space", ["small", "all ops"])
def test_dropped_nodes_change_nothing(space: str, rng: torch.Generator) -> None:
    skeleton = SKELETONS["two copies"]
    images = torch.randn(2, 3, 6, 6, generator=rng)
    for i, cell in enumerate(SPACES[space].sample(10, seed=1)):
        larger = with_dead_nodes(cell, np.random.default_rng(i))
        network, other = (
            build_network(one, skeleton, num_classes=4).eval() for one in (cell, larger)
        )
        other.load_state_dict(network.state_dict())
        assert torch.equal(network(images), other(images))
        cost = network_cost(
            CellBatch.from_cells([cell, larger]), skeleton, input_size=(3, 6, 6), num_classes=4
        )
        assert cost.macs[0] == cost.macs[1]
        assert cost.params[0] == cost.params[1]


def test_nodes_that_miss_the_output_are_dropped() -> None:
    ops = ("input", "conv3x3", "conv1x1", "output")
    cell = Cell(ops, ((0, 1), (0, 2), (1, 3)))  # Node 2 leads nowhere.
    network = build_network(cell, Skeleton.preset("proxy", width=4), num_classes=2)
    assert network.cell == Cell(("input", "conv3x3", "output"), ((0, 1), (1, 2)))
    assert list(network.stages[0][0].nodes) == ["1"]  # type: ignore[index]


def test_leaf_of_an_output_may_feed_other_nodes() -> None:
    ops = ("input", "conv1x1", "conv1x1", "output")
    cell = Cell(ops, ((0, 1), (1, 2), (1, 3), (2, 3), (0, 3)))
    network = build_network(cell, Skeleton(5, (Stage(4),)), num_classes=2)
    assert network.stages[0][0].leaves == (0, 1, 2)  # type: ignore[index]
    assert network.head.classifier.in_features == 5 + 4 + 4  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "cell",
    [
        Cell(("input",)),
        Cell(("input", "conv1x1", "conv3x3"), ((1, 2),)),
        Cell(("input", "conv1x1", "output"), ((1, 2),)),
        Cell(("input", "conv1x1", "output"), ((0, 1), (0, 2))),
    ],
)
def test_a_cell_may_prune_to_its_input_alone(cell: Cell, rng: torch.Generator) -> None:
    skeleton = Skeleton.preset("proxy", width=4)
    network = build_network(cell, skeleton, num_classes=2).eval()
    images = torch.randn(3, 3, 9, 9, generator=rng)
    expected = network.head(F.max_pool2d(F.max_pool2d(network.stem(images), 3, 2, 1), 3, 2, 1))
    assert torch.equal(network(images), expected)


def test_inputs_are_read_in_the_order_of_their_numbers() -> None:
    cell = Cell(
        ("input", "conv1x1", "conv1x1", "conv1x1"), ((0, 3), (2, 3), (1, 3), (0, 1), (0, 2))
    )
    network = build_network(cell, Skeleton(3, (Stage(2),)), num_classes=2)
    module = network.stages[0][0]  # type: ignore[index]
    assert module.inputs == {1: (0,), 2: (0,), 3: (0, 1, 2)}
    assert module.leaves == (3,)
    assert module.nodes["3"].conv.in_channels == 3 + 2 + 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cell": "conv1x1"}, "cell must be of type Cell, got str 'conv1x1'"),
        ({"skeleton": "proxy"}, "skeleton must be of type Skeleton, got str 'proxy'"),
        ({"num_classes": 0}, "num_classes must be >= 1, got 0"),
        ({"in_channels": 1.5}, "in_channels must be an integer, got float 1.5"),
    ],
)
def test_rejects_bad_arguments(arguments: dict[str, object], message: str) -> None:
    good = {"cell": Cell(("input",)), "skeleton": SKELETONS["proxy"], "num_classes": 2}
    with pytest.raises((TypeError, ValueError), match=message):
        build_network(**(good | arguments))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ops", "message"),
    [
        (("conv1x1", "conv1x1"), "'input' at node 0 and nowhere else, got 'conv1x1' at node 0"),
        (("input", "input"), "'input' at node 0 and nowhere else, got 'input' at node 1"),
        (("input", "output", "conv1x1"), "'output' at the last node .*, got it at node 1"),
        (("output",), "'input' at node 0 and nowhere else, got 'output' at node 0"),
        (("input", "conv5x5"), "op must be one of conv1x1, .*, got 'conv5x5'"),
        (("input", 3), "op must be one of conv1x1, .*, got 3"),
    ],
)
def test_rejects_cells_that_are_no_network(ops: tuple[object, ...], message: str) -> None:
    # No edge: nodes that pruning would drop are looked at, too.
    with pytest.raises(ValueError, match=message):
        build_network(Cell(ops), SKELETONS["proxy"], num_classes=2)
