"""A network as Python source, as one would write that very network by hand."""

from dataclasses import dataclass
from itertools import groupby

from gemcore.arguments import check_int
from gemcore.cell import Cell
from gemcore.networks.cell_module import check_ops, wiring
from gemcore.networks.network import prune_cell
from gemcore.networks.skeleton import Skeleton
from gemcore.networks.source_blocks import CALLS, PLAIN, write_builders
from gemcore.ops import RESERVED
from gemcore.python_text import LINE, call, fill

NETWORK = '''\
class Network(nn.Module):
    """Stem, stages of copies of the cell, head; maps images [N, C, H, W] to logits."""

    def __init__(self, in_channels: int = {in_channels}, num_classes: int = {num_classes}) -> None:
        super().__init__()
        self.stem = conv_bn_relu(in_channels, {stem_width}, 3)
        self.stages = nn.ModuleList(
            [
{stages}
            ]
        )
        self.head = nn.Sequential(
            OrderedDict(
                pool=nn.AdaptiveAvgPool2d(1),
                flatten=nn.Flatten(),
                classifier=nn.Linear({features}, num_classes),
            )
        )

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem(images)
        for stage in self.stages:
            x = stage(x)
        logits: Tensor = self.head(x)
        return logits
'''

CELL = '''\
class Cell(nn.Module):
    """The cell: its input is node 0, every other node emits `width` channels."""

    def __init__(self, in_channels: int, width: int, *, reduces: bool = False) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(3, stride=2, padding=1) if reduces else nn.Identity()
{nodes}
    def forward(self, images: Tensor) -> Tensor:
{forward}
'''


@dataclass(frozen=True)
class NetworkSource:
    """Source of the network that :func:`gemcore.build_network` would build of the same arguments.

    Its names are the same, so a state of one loads into the other.

    Example:
        >>> from gemcore.networks.skeleton import Stage
        >>> cell = Cell(("input", "conv1x1"), ((0, 1),))
        >>> skeleton = Skeleton(4, (Stage(8),))
        >>> text = NetworkSource(cell, skeleton, num_classes=2, in_channels=1).write()
        >>> print(text[text.index("    def forward") : text.index("class Network")].rstrip())
            def forward(self, images: Tensor) -> Tensor:
                x0 = self.pool(images)
                x1: Tensor = self.nodes["1"](x0)
                return x1
    """

    cell: Cell
    skeleton: Skeleton
    num_classes: int
    in_channels: int

    def write(self) -> str:
        """Functions and classes that need ``torch``, ``nn``, ``Tensor`` and ``OrderedDict``.

        Raises:
            TypeError: If a number is no integer.
            ValueError: If the cell can't become a network, or has an operation of a user's own.
        """
        check_int("num_classes", self.num_classes, 1)
        check_int("in_channels", self.in_channels, 1)
        own = own_ops(self.cell)
        if own:
            raise ValueError(
                "cell must be made of built-in operations to be written as source, got "
                f"{', '.join(map(repr, own))}: use result.build() where they are registered"
            )
        cell = prune_cell(self.cell)
        check_ops(cell)
        classes = [_write_cell(cell), self._write_network(cell)]
        return "\n\n".join([*write_builders(classes), *classes])

    def _write_network(self, cell: Cell) -> str:
        leaves = wiring(cell)[1]
        num_inner = sum(leaf > 0 for leaf in leaves)
        channels = self.skeleton.stem_width
        lines = []
        for stage in self.skeleton.stages:
            copies = []
            for reduces in stage.reductions:
                last = ", reduces=True" if reduces else ""
                copies.append(f"Cell({channels}, {stage.width}{last})")
                channels = num_inner * stage.width + (channels if 0 in leaves else 0)
            lines.append(call("nn.Sequential", _repeat(copies), after=",", indent=16))
        return NETWORK.format(
            in_channels=self.in_channels,
            num_classes=self.num_classes,
            stem_width=self.skeleton.stem_width,
            stages="\n".join(lines),
            features=channels,
        )


def own_ops(cell: Cell) -> list[str]:
    """Operations of the cell's network that are not built in.

    Example:
        >>> own_ops(Cell(("input", "conv1x1", "gate"), ((0, 1), (1, 2))))
        ['gate']
    """
    known = (*CALLS, *RESERVED)
    return sorted({str(op) for op in prune_cell(cell).ops if op not in known})


def _repeat(copies: list[str]) -> list[str]:
    """Copies of a cell as arguments; long runs of equal ones as a repetition."""
    arguments = []
    for copy, run in groupby(copies):
        number = len(list(run))
        many = number > 3
        arguments += [f"*({copy} for _ in range({number}))"] if many else [copy] * number
    return arguments


def _write_cell(cell: Cell) -> str:
    inputs, leaves = wiring(cell)
    nodes = ["        self.nodes = nn.ModuleDict(", "            {"]
    for node, sources in inputs.items():
        nodes.append(f'                "{node}": {_build(cell.ops[node], sources)},')
    nodes += ["            }", "        )", ""]
    # To type checkers, what a module returns may be anything; what is returned as it is needs more.
    kinds = {leaf: ": Tensor" for leaf in leaves if len(leaves) == 1}
    lines = [f"        x0{kinds.get(0, '')} = self.pool(images)"]
    for node, sources in inputs.items():
        lines.append(
            _apply(f'        x{node}{kinds.get(node, "")} = self.nodes["{node}"]', sources)
        )
    if len(leaves) == 1:
        lines.append(f"        return x{leaves[0]}")
    else:
        lines.append(_concatenate("        return ", leaves))
    return CELL.format(nodes="\n".join(nodes) if inputs else "", forward="\n".join(lines))


def _build(op: str, sources: tuple[int, ...]) -> str:
    """The module of a node; what it reads is told in terms of the cell's arguments."""
    num_inner = sum(node > 0 for node in sources)
    inner = "width" if num_inner == 1 else f"{num_inner} * width"
    channels = " + ".join(["in_channels"] * (0 in sources) + [inner] * (num_inner > 0))
    if channels == "width" and op in PLAIN:
        return PLAIN[op]
    function, rest = CALLS[op]
    return f"{function}({channels}, width{rest})"


def _apply(before: str, sources: tuple[int, ...]) -> str:
    """The line of a node, or several where it reads many others."""
    if len(sources) == 1:
        return f"{before}(x{sources[0]})"
    listed = ", ".join(f"x{node}" for node in sources)
    line = f"{before}(torch.cat([{listed}], dim=1))"
    if len(line) <= LINE:
        return line
    return f"{before}(\n{_concatenate(' ' * 12, sources)}\n        )"


def _concatenate(before: str, sources: tuple[int, ...]) -> str:
    """``torch.cat`` of the nodes' values, over several lines where there are many."""
    margin = " " * (len(before) - len(before.lstrip()))
    names = [f"x{node}" for node in sources]
    listed = f"[{', '.join(names)}], dim=1"
    if len(f"{before}torch.cat({listed})") <= LINE:
        return f"{before}torch.cat({listed})"
    if len(f"{margin}    {listed}") <= LINE:
        return f"{before}torch.cat(\n{margin}    {listed}\n{margin})"
    filled = fill(names, indent=len(margin) + 8)
    inner = f"{margin}    [\n{filled}\n{margin}    ],\n{margin}    dim=1,"
    return f"{before}torch.cat(\n{inner}\n{margin})"
