"""Pictures of cells: written, readable, the same twice."""

from pathlib import Path

import pytest
from PIL import Image

from gemcore import Cell, SearchSpace

CELL = SearchSpace.preset("small").sample(1, seed=1)[0]


def test_writes_png_and_svg(tmp_path: Path) -> None:
    CELL.draw(tmp_path / "cell.png")
    CELL.draw(tmp_path / "cell.svg")
    with Image.open(tmp_path / "cell.png") as image:
        assert min(image.size) > 150
        assert len(set(image.convert("L").get_flattened_data())) > 10
    svg = (tmp_path / "cell.svg").read_text()
    assert svg.count("sepconv3x3") >= CELL.ops.count("sepconv3x3")


def test_same_cell_same_file(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "a.svg", "b.svg"):
        CELL.draw(tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.svg").read_text() == (tmp_path / "b.svg").read_text()


@pytest.mark.parametrize("cell", [Cell(("input",)), Cell(("a", "b")), Cell((1, 2), ((0, 1),))])
def test_smallest_cells(cell: Cell) -> None:
    assert len(cell.draw().axes) == 1


def test_bad_suffix() -> None:
    with pytest.raises(ValueError, match=r"path must end in .png, .svg, .pdf, got 'cell.gif'"):
        CELL.draw("cell.gif")
