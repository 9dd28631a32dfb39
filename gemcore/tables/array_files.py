"""Archives of arrays (``.npz``) that may be damaged: read without trust, written in one step."""

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from gemcore.atomic_files import write_bytes

MAGIC = b"PK\x03\x04"
MOST_BYTES = 2**31  # Of one array: what a damaged or hostile file claims is not allocated.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,  # zipfile's, of a method of compression that one flipped bit made up.
    OSError,
    RuntimeError,  # It claims to be encrypted.
    SyntaxError,
    TypeError,
    ValueError,
)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of numbers in a file that ``numpy.savez`` or :func:`write_arrays` wrote.

    Each is checked against its CRC-32; none is unpickled.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is truncated, damaged, no such archive, or holds an array of
            objects or of more than 2 GiB; file and array are named.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            return {name.removesuffix(".npy"): _read(archive, name, path) for name in names}
    except FileNotFoundError:
        raise
    except UNREADABLE as error:
        if str(error).startswith(str(path)):
            raise
        raise ValueError(
            f"{path} must be a whole .npz archive of arrays, got a damaged one: {error}"
        ) from None


def write_arrays(path: str | Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Writes a compressed archive of arrays in one step; equal arrays give equal bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            npy.write_array(content, np.asarray(array, order="C"), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy")  # Without the time of day.
            archive.writestr(entry, content.getvalue(), zipfile.ZIP_DEFLATED)
    write_bytes(path, stream.getvalue())


def _read(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[Any]:
    try:
        return _parse(archive, name)
    except UNREADABLE as error:
        raise ValueError(f"{path} must hold a whole array {name!r}: {error}") from None


def _parse(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    size = archive.getinfo(name).file_size
    if size > MOST_BYTES:
        raise ValueError(f"it is said to take {size} bytes, more than {MOST_BYTES}")
    stream = io.BytesIO(archive.read(name))
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = read(stream)
    if dtype.hasobject or dtype.kind not in "biufU":
        raise ValueError(f"it is of dtype {dtype}")
    content = stream.getbuffer()[stream.tell() :]
    if len(content) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"shape {shape} of {dtype} disagrees with {len(content)} bytes")
    flat = np.frombuffer(content, dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C")
