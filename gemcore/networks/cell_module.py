"""One copy of a cell as a module (paper, section 3.2)."""

import copy

import torch
from torch import Tensor, nn

from gemcore.cell import Cell
from gemcore.ops import INPUT, OUTPUT, Op, get_op, is_built_in


class CellModule(nn.Module):
    """A pruned cell in which every node but node 0 emits ``width`` channels.

    Node 0 passes on what comes in, or its 3x3 max-pool of stride 2. A node with several inputs
    reads their concatenation, in the order of their numbers, and so are the leaves concatenated:
    nodes that nobody reads or, if the last node is an ``output``, the nodes that it reads.

    Args:
        cell: A pruned cell with ``input`` at node 0 and registered operations elsewhere.
        in_channels: Channels of what comes in.
        width: Channels that the nodes emit.
        reduces: Whether node 0 halves height and width, rounded up.

    Attributes:
        nodes: Module of each node, by its number as a string.
        out_channels: Channels of what comes out.
    """

    def __init__(self, cell: Cell, in_channels: int, width: int, *, reduces: bool) -> None:
        super().__init__()
        self.cell = cell
        self.reduces = reduces
        self.in_channels = in_channels
        self.inputs, self.leaves = wiring(cell)
        channels = {0: in_channels} | dict.fromkeys(self.inputs, width)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1) if reduces else nn.Identity()
        self.nodes = nn.ModuleDict()
        for node, inputs in self.inputs.items():
            op = get_op(cell.ops[node])
            self.nodes[str(node)] = build_op(op, sum(channels[u] for u in inputs), width)
        self.out_channels = sum(channels[u] for u in self.leaves)

    def forward(self, images: Tensor) -> Tensor:
        """Maps ``[B, in_channels, H, W]`` to ``[B, out_channels, H, W]``, or half of H and W."""
        values = {0: self.pool(images)}
        for node, inputs in self.inputs.items():
            values[node] = self.nodes[str(node)](_concatenate([values[u] for u in inputs]))
        return _concatenate([values[u] for u in self.leaves])

    def extra_repr(self) -> str:
        """The wiring, which the modules alone don't show."""
        lines = [f"in_channels={self.in_channels}, out_channels={self.out_channels}"]
        lines[0] += f", reduces={self.reduces}"
        for node, inputs in self.inputs.items():
            lines.append(f"{node} = {self.cell.ops[node]}({', '.join(map(str, inputs))})")
        return "\n".join([*lines, f"returns ({', '.join(map(str, self.leaves))})"])


def wiring(cell: Cell) -> tuple[dict[int, tuple[int, ...]], tuple[int, ...]]:
    """The predecessors of every node that computes something, and the leaves.

    Example:
        >>> wiring(Cell(("input", "conv1x1", "conv3x3"), ((0, 1), (0, 2))))
        ({1: (0,), 2: (0,)}, (1, 2))
    """
    inputs: dict[int, tuple[int, ...]] = {node: () for node in range(1, cell.num_nodes)}
    for u, v in cell.edges:  # Sorted, so predecessors come in increasing order.
        inputs[v] += (u,)
    if cell.ops[-1] == OUTPUT:
        return inputs, inputs.pop(cell.num_nodes - 1)
    read = {u for u, _ in cell.edges}
    return inputs, tuple(node for node in range(cell.num_nodes) if node not in read)


def check_ops(cell: Cell) -> None:
    """Raises ValueError unless the cell can become a network.

    It needs ``input`` at node 0 and nowhere else, ``output`` at no node but the last, and
    registered operations elsewhere; nodes that pruning drops are no exception.
    """
    last = cell.num_nodes - 1
    for node, op in enumerate(cell.ops):
        if (op == INPUT) != (node == 0):
            raise ValueError(
                f"cell must have 'input' at node 0 and nowhere else, got {op!r} at node {node}"
            )
        if op == OUTPUT and node != last:
            raise ValueError(
                f"cell must have 'output' at the last node and nowhere else, got it at node {node}"
            )
        if op not in (INPUT, OUTPUT):
            get_op(op)


def build_op(op: Op, in_channels: int, out_channels: int) -> nn.Module:
    """The operation's module; a user's own one is tried out on a tiny input first.

    Raises:
        TypeError: If ``op.build`` returns something else than a module.
        ValueError: If the module emits another shape or changes its input in place.
    """
    if is_built_in(op.name):
        return op.build(in_channels, out_channels)
    called = f"build({in_channels}, {out_channels}) of op {op.name!r}"
    try:
        module = op.build(in_channels, out_channels)
        if not isinstance(module, nn.Module):
            raise TypeError(f"{called} must return an nn.Module, got {type(module).__name__}")
        _try_out(module, called, in_channels, out_channels)
    except Exception as error:
        error.add_note(f"{called} failed")  # The user's own code may say less.
        raise
    return module


def _try_out(module: nn.Module, called: str, in_channels: int, out_channels: int) -> None:
    parameter = next(module.parameters(), torch.empty(0))
    shape, wanted = (2, in_channels, 5, 4), (2, out_channels, 5, 4)
    with torch.inference_mode(mode=False), torch.no_grad():
        images = torch.zeros(shape, dtype=parameter.dtype, device=parameter.device)
        # A copy, in evaluation mode: statistics, modes and the generator must not notice.
        answer = copy.deepcopy(module).eval()(images)
    got = tuple(answer.shape) if isinstance(answer, Tensor) else type(answer).__name__
    if got != wanted:
        raise ValueError(f"{called} must map {shape} to {wanted}, got {got}")
    if images._version != 0:
        raise ValueError(f"{called} must leave its input unchanged, got a module that writes to it")


def _concatenate(values: list[Tensor]) -> Tensor:
    return values[0] if len(values) == 1 else torch.cat(values, dim=1)
