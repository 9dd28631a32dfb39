"""Cells of NAS-Bench-201, whose edges are operations, as cells whose nodes are."""

import re
from collections.abc import Iterable

from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch

NONE = "none"  # The edge is not there.
NAMES = {
    "skip_connect": "identity",
    "nor_conv_1x1": "nor_conv_1x1",
    "nor_conv_3x3": "nor_conv_3x3",
    "avg_pool_3x3": "avg_pool_3x3",
}
OP_NAMES = ("input", *NAMES.values(), "output")
NUM_POINTS = 4  # What the authors call nodes; an edge joins each pair.
NUM_NODES = NUM_POINTS * (NUM_POINTS - 1) // 2 + 2
EDGE = re.compile(r"(\w+)~(\d)")


def read_arch(text: str) -> Cell:
    """The cell of an architecture's string.

    An edge becomes a node with the edge's operation, which reads the nodes of all edges that end
    where it begins: what they bring is summed there. ``none`` is no node, ``skip_connect`` is
    called ``identity``. Edges that begin at the first point read the node ``input``, and the node
    ``output`` reads those that end at the last. Different strings can be one graph, and have dead
    nodes; nothing is pruned here.

    Raises:
        ValueError: If the string is no such one.

    Example:
        >>> read_arch("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|")
        ... # doctest: +NORMALIZE_WHITESPACE
        Cell(ops=('input', 'nor_conv_3x3', 'identity', 'avg_pool_3x3', 'output'),
             edges=((0, 1), (1, 2), (2, 3), (3, 4)))

    Source: Dong & Yang, "NAS-Bench-201", ICLR 2020, figure 1.
    """
    ops, ends = ["input"], [(-1, 0)]  # Each node's edge: the points where it begins and ends.
    for point, (begin, name) in _read_edges(text):
        if name != NONE:
            ops.append(NAMES[name])
            ends.append((begin, point))
    ops.append("output")
    ends.append((NUM_POINTS - 1, NUM_POINTS))
    edges = [
        (u, v)
        for v, (begin, _) in enumerate(ends)
        for u, (_, end) in enumerate(ends[:v])
        if end == begin
    ]
    return Cell(tuple(ops), tuple(edges))


def pack_archs(texts: Iterable[str]) -> CellBatch:
    """The cells of strings, 8 nodes wide."""
    return CellBatch.from_cells(map(read_arch, texts), OP_NAMES).widen(NUM_NODES)


def _read_edges(text: str) -> list[tuple[int, tuple[int, str]]]:
    """(point where it ends, (point where it begins, operation)) of each edge, ordered."""
    found = []
    points = text.split("+")
    for point, part in enumerate(points, 1):
        items = part.split("|")
        edges = [EDGE.fullmatch(item) for item in items[1:-1]]
        is_whole = len(edges) == point and items[0] == items[-1] == ""
        begins = [int(edge[2]) for edge in edges if edge]
        known = [edge[1] for edge in edges if edge and (edge[1] in NAMES or edge[1] == NONE)]
        if not is_whole or begins != list(range(point)) or len(known) != point:
            points = []
            break
        found += [(point, pair) for pair in zip(begins, known, strict=True)]
    if len(points) != NUM_POINTS - 1:
        raise ValueError(
            "an architecture must look like |nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|"
            f"skip_connect~2| with its operations in {', '.join((NONE, *NAMES))}, got {text!r:.120}"
        )
    return found
