"""Where a Gram matrix goes: a new array, one of the caller's, or a file larger than memory."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gemcore.arguments import check_type, describe
from gemcore.atomic_files import replacing
from gemcore.progress import progress_bar

TILE_BYTES = 128 << 20  # Of a square tile, while a file is written.
SQUARE = 256  # Side of what is transposed at once, within the cache.


def read_dtype(dtype: DTypeLike | None, *, counts: bool) -> np.dtype[Any]:
    """The type of the values: of counts int64, of others float64 or, if asked for, float32."""
    if dtype is None:
        return np.dtype(np.int64 if counts else np.float64)
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be a numpy dtype, got {describe(dtype)}") from None
    if counts and wanted != np.int64:
        raise ValueError(
            f"dtype must be int64 for counts (normalize=False, no round_weights), got {wanted}"
        )
    if not counts and wanted not in (np.float64, np.float32):
        raise ValueError(f"dtype must be float64 or float32, got {wanted}")
    return wanted


@dataclass(frozen=True)
class MatrixJob:
    """A matrix that is computed tile by tile.

    Attributes:
        shape: Rows and columns.
        dtype: Of the values.
        compute: Writes the tile of some rows and some columns into an array.
        symmetric: Whether what is above the diagonal equals what is below.
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    compute: Callable[[slice, slice, NDArray[Any]], None]
    symmetric: bool

    def run(
        self, out: NDArray[Any] | str | os.PathLike[str] | None, *, progress: bool
    ) -> NDArray[Any]:
        """The matrix: a new array; ``out``, if it is an array; or the file ``out``, mapped.

        Raises:
            TypeError: If an argument is of the wrong kind.
            ValueError: If an array can't take the matrix, or a bar is wanted without a file.
            OSError: If the disk has no room for the file, or it can't be written.
        """
        check_type("progress", progress, (bool, np.bool_))
        if isinstance(out, str | os.PathLike):
            return self._write(Path(out), bool(progress))
        if progress:
            raise ValueError("progress must be False unless out is the name of a file, got True")
        matrix = np.empty(self.shape, self.dtype) if out is None else self._check(out)
        self.compute(slice(0, self.shape[0]), slice(0, self.shape[1]), matrix)
        return matrix

    def _check(self, out: NDArray[Any]) -> NDArray[Any]:
        check_type("out", out, (np.ndarray, str, os.PathLike))
        if out.shape != self.shape:
            raise ValueError(f"out must have shape {list(self.shape)}, got {list(out.shape)}")
        if out.dtype != self.dtype:
            raise ValueError(f"out must have dtype {self.dtype}, got {out.dtype}")
        if not out.flags.carray:
            wrong = [
                name
                for name, holds in (
                    ("C-contiguous", out.flags.c_contiguous),
                    ("aligned", out.flags.aligned),
                    ("writeable", out.flags.writeable),
                )
                if not holds
            ]
            raise ValueError(f"out must be {' and '.join(wrong)}, got an array that is not")
        return out

    def _write(self, path: Path, progress: bool) -> NDArray[Any]:
        header = _npy_header(self.shape, self.dtype)
        _check_room(path, len(header) + self.shape[0] * self.shape[1] * self.dtype.itemsize)
        side = max(1, int((TILE_BYTES / self.dtype.itemsize) ** 0.5))
        rows, columns = (_slices(size, side) for size in self.shape)
        tiles = [(r, c) for r in rows for c in columns if not self.symmetric or c.start <= r.start]
        with (
            replacing(path) as stream,
            progress_bar(len(tiles), "Gram matrix", enabled=progress, unit="tile") as bar,
        ):
            stream.write(header)
            for r, c in tiles:
                self._write_tile(stream, len(header), r, c)
                bar.update()
        # Nothing can't be mapped.
        matrix: NDArray[Any] = np.load(path, mmap_mode=None if 0 in self.shape else "r")
        return matrix

    def _write_tile(self, stream: BinaryIO, offset: int, rows: slice, columns: slice) -> None:
        tile = np.empty((rows.stop - rows.start, columns.stop - columns.start), self.dtype)
        self.compute(rows, columns, tile)
        self._write_rows(stream, offset, tile, rows.start, columns.start)
        if not self.symmetric or rows == columns:
            return
        for first in range(0, tile.shape[1], SQUARE):
            some = tile[:, first : first + SQUARE]
            turned = np.empty(some.shape[::-1], self.dtype)
            for row in range(0, tile.shape[0], SQUARE):
                turned[:, row : row + SQUARE] = some[row : row + SQUARE].T
            self._write_rows(stream, offset, turned, columns.start + first, rows.start)

    def _write_rows(
        self, stream: BinaryIO, offset: int, tile: NDArray[Any], row: int, column: int
    ) -> None:
        for i, values in enumerate(tile):
            stream.seek(offset + ((row + i) * self.shape[1] + column) * self.dtype.itemsize)
            stream.write(values.data)


def _npy_header(shape: tuple[int, int], dtype: np.dtype[Any]) -> bytes:
    """What stands before the values in a .npy file."""
    stream = BytesIO()
    descr = np.lib.format.dtype_to_descr(dtype)
    np.lib.format.write_array_header_1_0(
        stream, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()


def _slices(size: int, step: int) -> list[slice]:
    return [slice(begin, min(begin + step, size)) for begin in range(0, size, step)]


def _check_room(path: Path, num_bytes: int) -> None:
    """Raises OSError, before anything is written, if the disk can't hold the file."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "out must be a file, got a folder", str(path))
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if num_bytes > free:
        message = (
            f"out must fit on the disk, {free / 1e9:.3g} GB, got a file of {num_bytes / 1e9:.3g} GB"
        )
        raise OSError(errno.ENOSPC, message, str(path))
