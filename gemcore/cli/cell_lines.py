"""Cells in a file, a line of JSON each."""

from pathlib import Path

from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.encoder import EncoderConfig
from gemcore.encoder.features import FlatInput
from gemcore.space import SearchSpace


def read_cells(path: Path, space: SearchSpace | CellBatch, config: EncoderConfig) -> CellBatch:
    """The cells of a file that an encoder of this kind can embed; empty lines are passed over.

    Raises:
        ValueError: If a line is no cell, or none that the encoder takes; it is named by number.
        OSError: If the file can't be read.
    """
    cells = _parse(path)
    if not cells:
        raise ValueError(f"{path} must hold cells, a line of JSON each, got none")
    flat = FlatInput.of(space, config)
    try:
        batch = CellBatch.from_cells(cells.values())
        flat.prepare(batch)
    except ValueError:
        for number, cell in cells.items():  # Which one it is.
            try:
                flat.prepare(CellBatch.from_cells([cell]))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
        raise
    return batch


def _parse(path: Path) -> dict[int, Cell]:
    """Cells by number of line."""
    cells = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be text in UTF-8: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                cells[number] = Cell.from_json(line)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
    return cells
