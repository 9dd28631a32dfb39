"""Pictures of cells."""

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from matplotlib import colormaps, rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".png", ".svg", ".pdf")
HALF_WIDTH, HALF_HEIGHT = 0.38, 0.16  # Of a node's box; nodes and rows are 1 apart.


class DrawableCell(Protocol):
    """What a picture needs to know of a cell."""

    @property
    def ops(self) -> tuple[object, ...]: ...
    @property
    def edges(self) -> tuple[tuple[int, int], ...]: ...


def draw_cell(cell: DrawableCell, path: str | Path | None = None) -> Figure:
    """Draws a cell from top to bottom, a row for each length of the longest path to a node.

    Args:
        cell: What to draw.
        path: Where to write the picture: .png, .svg or .pdf. None writes nothing.

    Returns:
        A matplotlib figure that belongs to no window and no global state.

    Raises:
        ValueError: If the path ends otherwise.
    """
    if path is not None and Path(path).suffix not in SUFFIXES:
        raise ValueError(f"path must end in {', '.join(SUFFIXES)}, got {str(path)!r}")
    places = _places(cell)
    width = 1.6 * max(1 + max(abs(2 * x) for x, _ in places), 1.5)
    height = 0.9 * (1 - min(y for _, y in places))
    figure = Figure(figsize=(width, height), layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_axis_off()
    _draw_edges(axes, cell, places)
    _draw_nodes(axes, cell, places)
    axes.autoscale_view()
    axes.set_aspect("auto")
    if path is not None:
        # No date and no random ids: the same cell gives the same file. Text stays text.
        metadata = {"Date": None} if Path(path).suffix == ".svg" else None
        with rc_context({"svg.hashsalt": "gemcore", "svg.fonttype": "none"}):
            figure.savefig(path, dpi=150, metadata=metadata)
    return figure


def _places(cell: DrawableCell) -> list[tuple[float, float]]:
    """x and y of each node: rows by longest path, centered."""
    depth = [0] * len(cell.ops)
    for u, v in cell.edges:  # Sorted by u, and u < v: depth[u] is final.
        depth[v] = max(depth[v], depth[u] + 1)
    rows = defaultdict(list)
    for node, row in enumerate(depth):
        rows[row].append(node)
    places = [(0.0, 0.0)] * len(cell.ops)
    for row, nodes in rows.items():
        for i, node in enumerate(nodes):
            # A slight shift of every other row keeps long edges from running through nodes.
            places[node] = (i - (len(nodes) - 1) / 2 + 0.18 * (row % 2), -float(row))
    return places


def _draw_edges(axes: "Axes", cell: DrawableCell, places: list[tuple[float, float]]) -> None:
    for u, v in cell.edges:
        skipped = places[u][1] - places[v][1] > 1
        axes.add_patch(
            FancyArrowPatch(
                (places[u][0], places[u][1] - HALF_HEIGHT),
                (places[v][0], places[v][1] + HALF_HEIGHT),
                connectionstyle=f"arc3,rad={0.18 if skipped else 0}",
                arrowstyle="-|>",
                mutation_scale=11,
                shrinkA=0,
                shrinkB=0,
                color="0.45",
                linewidth=1,
                zorder=1,
            )
        )


def _draw_nodes(axes: "Axes", cell: DrawableCell, places: list[tuple[float, float]]) -> None:
    palette = colormaps["Pastel1"]
    names = sorted({str(op) for op in cell.ops})
    for node, ((x, y), op) in enumerate(zip(places, cell.ops, strict=True)):
        axes.add_patch(
            FancyBboxPatch(
                (x - HALF_WIDTH, y - HALF_HEIGHT),
                2 * HALF_WIDTH,
                2 * HALF_HEIGHT,
                boxstyle="round,pad=0,rounding_size=0.03",
                facecolor=palette(names.index(str(op)) % palette.N),
                edgecolor="0.3",
                zorder=2,
            )
        )
        axes.text(x, y, f"{node}  {op}", ha="center", va="center", fontsize=8, zorder=3)
