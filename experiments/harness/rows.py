"""Rows of results in a CSV file: one is appended as soon as it is measured, and survives a kill."""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gemcore.atomic_files import write_text

Value = int | float | str
Row = dict[str, Value]
Key = tuple[Any, ...]  # Values of the key columns.
COMMIT = "commit"  # A column that is text even where it looks like a number: 1747e38.


class RowFile:
    """Rows by their key columns; a row that was cut off by a kill is dropped on reading.

    Args:
        path: The file; it is made with the first row.
        keys: Names of the columns by which a row is known.

    Raises:
        ValueError: If the file has no such columns.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "rows.csv"
        >>> RowFile(path, ["n"]).append({"n": 100, "tau": 0.5})
        >>> RowFile(path, ["n"]).rows
        [{'n': 100, 'tau': 0.5}]
    """

    def __init__(self, path: Path, keys: Sequence[str]) -> None:
        self.path = path
        self.keys = tuple(keys)
        self._rows: dict[Key, Row] = {}
        self.columns: list[str] = []
        if path.exists():
            self._read(path.read_text())

    @property
    def rows(self) -> list[Row]:
        """All rows, in the order in which they came."""
        return list(self._rows.values())

    def __contains__(self, key: Key) -> bool:
        return key in self._rows

    def append(self, row: Row) -> None:
        """Keeps a row, in the file too before this returns.

        Raises:
            ValueError: If its columns are others than those of the rows before.
        """
        is_first = not self.columns
        self.columns = self.columns or list(row)
        if list(row) != self.columns:
            raise ValueError(f"row must have the columns {self.columns}, got {list(row)}")
        text = format_rows([row], self.columns, header=is_first)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # One write to the end of the file: a kill leaves the row whole, cut off or absent.
        with open(self.path, "ab", buffering=0) as stream:
            stream.write(text.encode())
            os.fsync(stream.fileno())
        self._rows[self._key(row)] = row

    def sort(self, order: Iterable[Key]) -> None:
        """Rewrites the file in this order of keys, which may name rows that are missing."""
        places = {key: place for place, key in enumerate(order)}
        last = len(places)
        self._rows = dict(sorted(self._rows.items(), key=lambda item: places.get(item[0], last)))
        if self.columns:
            write_text(self.path, format_rows(self.rows, self.columns))

    def _key(self, row: Row) -> Key:
        return tuple(row[name] for name in self.keys)

    def _read(self, text: str) -> None:
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            write_text(self.path, whole)
        reader = csv.reader(io.StringIO(whole))
        self.columns = next(reader, [])
        missing = [name for name in self.keys if name not in self.columns]
        if self.columns and missing:
            raise ValueError(f"{self.path} must have the columns {self.keys}, got {self.columns}")
        for values in reader:
            texts = zip(self.columns, values, strict=True)
            row = {name: text if name == COMMIT else parse_value(text) for name, text in texts}
            self._rows[self._key(row)] = row


def format_rows(rows: Iterable[Row], columns: Sequence[str], *, header: bool = True) -> str:
    """Rows as CSV; floats are written so that reading gives the same number."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if header:
        writer.writerow(columns)
    writer.writerows([row[name] for name in columns] for row in rows)
    return stream.getvalue()


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Writes a whole table in one step.

    Raises:
        ValueError: If there is no row.
    """
    if not rows:
        raise ValueError(f"rows must hold at least one row for {path}, got none")
    write_text(path, format_rows(rows, list(rows[0])))


def parse_value(text: str) -> Value:
    """The number that a text is, or the text.

    Example:
        >>> parse_value("7"), parse_value("0.5"), parse_value("paper")
        (7, 0.5, 'paper')
    """
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def matching(rows: Iterable[Row], wanted: Mapping[str, Value]) -> list[Row]:
    """Rows that hold these values."""
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]
