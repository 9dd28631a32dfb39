"""Figures for print and for the color-blind; the same numbers give the same bytes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

# Okabe & Ito, "Color universal design", 2008: told apart with any kind of color vision.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (8, 3)))
STYLE: Any = {
    "font.size": 9,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "grid.alpha": 0.3,
    "svg.hashsalt": "gemcore",
    "svg.fonttype": "none",
}
Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class Curve:
    """One line of a figure: points, and how far their error bars or band reach."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    error: Sequence[float]


def draw_curves(
    curves: Sequence[Curve],
    *,
    x_label: str,
    y_label: str,
    scales: tuple[Scale, Scale] = ("linear", "linear"),
    band: bool = False,
) -> Figure:
    """Curves that differ by color, marker and dashes at once.

    Args:
        curves: In the order of the legend.
        x_label: With its unit.
        y_label: The same.
        scales: Of x and y.
        band: Shade the error, for curves of many points, instead of bars.
    """
    with rc_context(STYLE):
        figure = _figure((5.6, 4.2))
        axes = figure.add_subplot()
        for place, curve in enumerate(curves):
            _draw_curve(axes, curve, place, band=band)
        axes.set(xlabel=x_label, ylabel=y_label, xscale=scales[0], yscale=scales[1])
        if not band:  # Points are few: each is named.
            places = sorted({x for curve in curves for x in curve.x})
            axes.set_xticks(places, [f"{x:g}" for x in places])
            axes.minorticks_off()
        figure.legend(
            *axes.get_legend_handles_labels(),
            loc="outside upper center",
            ncols=2,
            frameon=False,
            fontsize=8,
        )
    return figure


def draw_grids(
    panels: Mapping[str, NDArray[np.float64]],
    *,
    rows: tuple[str, Sequence[object]],
    columns: tuple[str, Sequence[object]],
    label: str,
    limits: tuple[float, float],
) -> Figure:
    """Heat maps ``[R, C]`` with their numbers written in; light to dark, so gray print keeps them.

    Args:
        panels: By title, up to three side by side.
        rows: What the rows are, and the value of each.
        columns: The same of the columns.
        label: What the numbers are.
        limits: Where colors end; numbers beyond have those of the end.
    """
    across = min(3, len(panels))
    down = math.ceil(len(panels) / across)
    size = (1.2 + (0.8 + 0.45 * len(columns[1])) * across, (1.0 + 0.3 * len(rows[1])) * down + 0.6)
    with rc_context(STYLE | {"axes.grid": False}):
        figure = _figure(size)
        all_axes = figure.subplots(down, across, squeeze=False).ravel().tolist()
        for axes, (title, values) in zip(all_axes, panels.items(), strict=False):
            image = axes.imshow(
                values, cmap="cividis", aspect="auto", vmin=limits[0], vmax=limits[1]
            )
            axes.set(xlabel=columns[0], ylabel=rows[0])
            axes.set_title(title, fontsize=9)
            axes.set_xticks(range(len(columns[1])), [str(value) for value in columns[1]])
            axes.set_yticks(range(len(rows[1])), [str(value) for value in rows[1]])
            for (row, column), value in np.ndenumerate(values):
                color = "black" if value > sum(limits) / 2 else "white"
                look = {"ha": "center", "va": "center", "color": color, "fontsize": 7}
                axes.text(column, row, f"{value:.2f}", **look)
        for axes in all_axes[len(panels) :]:
            axes.set_axis_off()
        figure.colorbar(image, ax=all_axes, label=label)
    return figure


def save_figure(figure: Figure, path: Path) -> list[Path]:
    """Writes PNG and SVG beside each other; ``path`` has no suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # No date and no random ids: the same figure gives the same file. Text stays text.
    with rc_context(STYLE):
        figure.savefig(path.with_suffix(".png"), dpi=200)
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
    return [path.with_suffix(".png"), path.with_suffix(".svg")]


def _figure(size: tuple[float, float]) -> Figure:
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _draw_curve(axes: Axes, curve: Curve, place: int, *, band: bool) -> None:
    lap = place // len(COLORS)  # From the ninth curve on, colors come with other marks and dashes.
    color, marker = COLORS[place % len(COLORS)], MARKERS[(place + lap) % len(MARKERS)]
    dashes = LINES[(place + 2 * lap) % len(LINES)]
    look: dict[str, Any] = {"color": color, "linestyle": dashes, "linewidth": 1.4}
    mark: dict[str, Any] = {"marker": marker, "markersize": 4.5}
    if not band:
        axes.errorbar(
            curve.x, curve.y, yerr=curve.error, label=curve.label, capsize=2, **look, **mark
        )
        return
    y, error = np.asarray(curve.y), np.asarray(curve.error)
    every = max(1, len(y) // 8)
    axes.plot(curve.x, y, label=curve.label, markevery=(place % every, every), **look, **mark)
    axes.fill_between(curve.x, y - error, y + error, color=color, alpha=0.15, linewidth=0)
