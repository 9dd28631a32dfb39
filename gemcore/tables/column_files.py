"""Files of columns: CSV, and Parquet where pyarrow is installed."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CSV, PARQUET = ".csv", ".parquet"
MISSING = (
    "[tables] Parquet files are read by pyarrow, which is not installed: "
    "pip install 'gemcore[parquet]'"
)


def read_column_file(path: Path) -> dict[str, Sequence[Any]]:
    """The columns of a file, by name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If its name ends in neither ``.csv`` nor ``.parquet``, or it is damaged; the
            file is named.
        RuntimeError: If pyarrow is needed and not installed.
    """
    if path.suffix.lower() == CSV:
        return _read_csv(path)
    if path.suffix.lower() == PARQUET:
        return _read_parquet(path)
    raise ValueError(f"path must end in .csv, .parquet or .npz, got {str(path)!r}")


def _read_csv(path: Path) -> dict[str, Sequence[Any]]:
    """UTF-8, the first line names the columns, fields with commas stand in double quotes."""
    rows: list[list[str]] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for fields in reader:
                if rows and fields and len(fields) != len(rows[0]):
                    raise ValueError(f"got {len(fields)} fields for the {len(rows[0])} columns")
                if fields:  # No line that is empty.
                    rows.append(fields)
        except (csv.Error, ValueError) as error:
            raise ValueError(
                f"{path} must be a CSV file in UTF-8, got a damaged line near {reader.line_num}: "
                f"{error}"
            ) from None
    if not rows:
        raise ValueError(f"{path} must have a line that names the columns, got an empty file")
    head, *body = rows
    names = [name.strip() for name in head]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"{path} must name each column once, got {twice[0]!r} twice")
    columns = list(zip(*body, strict=True)) if body else [()] * len(names)
    return dict(zip(names, columns, strict=True))


def _read_parquet(path: Path) -> dict[str, Sequence[Any]]:
    try:
        import pyarrow as arrow  # Late: 55 MB, and few tables need it.
        import pyarrow.parquet as parquet
    except ModuleNotFoundError:
        raise RuntimeError(MISSING) from None
    try:
        table = parquet.read_table(path, page_checksum_verification=True)
        return {name: table.column(name).to_pylist() for name in table.column_names}
    except FileNotFoundError:
        raise
    except (arrow.ArrowException, OSError, KeyError, UnicodeDecodeError, MemoryError) as error:
        raise ValueError(f"{path} must be a whole Parquet file: {error}") from None
