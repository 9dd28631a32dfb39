from pathlib import Path

import numpy as np
import pytest

from harness.figures import COLORS, Curve, draw_curves, draw_grids, save_figure


def curves(count: int) -> list[Curve]:
    return [Curve(f"m{i}", [1, 10, 100], [i, i + 1, i + 2], [0.1] * 3) for i in range(count)]


@pytest.mark.parametrize("band", [False, True])
def test_no_two_curves_look_alike_even_in_gray(band: bool) -> None:
    figure = draw_curves(curves(12), x_label="n", y_label="tau", band=band)
    lines = [line for line in figure.axes[0].get_lines() if line.get_marker() not in ("_", "|")]
    looks = {(line.get_marker(), str(line._dash_pattern)) for line in lines}  # type: ignore[attr-defined]
    assert len(looks) == 12
    assert {line.get_color() for line in lines} == set(COLORS)


def test_equal_figures_give_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        figure = draw_curves(curves(3), x_label="n", y_label="y", scales=("log", "linear"))
        paths = save_figure(figure, tmp_path / name / "figure")
        assert [path.suffix for path in paths] == [".png", ".svg"]
    for suffix in ("png", "svg"):
        one, two = (tmp_path / name / f"figure.{suffix}" for name in ("a", "b"))
        assert one.read_bytes() == two.read_bytes()
    assert ">m2<" in (tmp_path / "a" / "figure.svg").read_text()  # Text stays text.


def test_a_grid_shows_its_numbers(tmp_path: Path) -> None:
    panels = {name: np.array([[0.25, -3.5], [0.5, 1.0]]) + i for i, name in enumerate("abcd")}
    figure = draw_grids(
        panels, rows=("n", (10, 30)), columns=("d", (5, 6)), label="R2", limits=(-1, 1)
    )
    _, svg = save_figure(figure, tmp_path / "grid")
    text = svg.read_text()
    for shown in (">0.25<", ">-3.50<", ">4.00<", ">d<", ">30<"):
        assert shown in text
