"""gemcore.tables.array_files: whole archives are read, others refused without harm."""

import io
import re
import tracemalloc
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gemcore.tables import array_files
from gemcore.tables.array_files import read_arrays, write_arrays

ARRAYS: dict[str, Any] = {
    "a": np.arange(6, dtype=np.int32).reshape(2, 3),
    "metric.b": np.array([0.5, np.nan]),
    "empty": np.zeros((0, 3), dtype=np.uint8),
    "scalar": np.array(True),
}


def equal(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return list(found) == list(wanted) and all(
        np.array_equal(found[name], wanted[name], equal_nan=wanted[name].dtype.kind == "f")
        and found[name].dtype == wanted[name].dtype
        for name in wanted
    )


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write_arrays(path, ARRAYS)
    assert equal(read_arrays(path), ARRAYS)
    with np.load(path) as archive:  # The third party.
        assert equal(dict(archive), ARRAYS)
    first = path.read_bytes()
    write_arrays(path, ARRAYS)
    assert path.read_bytes() == first


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_wrote_is_read(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "x.npz"
    save(path, **ARRAYS, f=np.asfortranarray(np.eye(3)), text=np.array(["a", "bc"]))
    found = read_arrays(path)
    assert equal({name: found[name] for name in ARRAYS}, ARRAYS)
    assert found["f"].tolist() == np.eye(3).tolist()
    assert found["text"].tolist() == ["a", "bc"]


def test_damaged_files_are_refused_or_read_as_they_were(
    tmp_path: Path, official: SimpleNamespace
) -> None:
    path = tmp_path / "x.npz"
    write_arrays(path, ARRAYS)
    refused = 0
    for content in official.damage(path.read_bytes(), 400):
        path.write_bytes(content)
        found = official.read_or_refuse(read_arrays, path)
        if found is None:
            refused += 1
            continue
        # Names are no part of what a checksum covers: a reader asks for those that it knows.
        for name in found.keys() & ARRAYS.keys():
            assert equal({name: found[name]}, {name: ARRAYS[name]})
    assert refused > 600


def pack(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (10**9,)}"), "array 'x.npy'"),
        (
            header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}"),
            "shape (1000000000000,) of float64 disagrees with 0 bytes",
        ),
        (header("{'descr': '|O', 'fortran_order': False, 'shape': ()}"), "it is of dtype object"),
        (header("{'descr': '|V9', 'fortran_order': False, 'shape': ()}"), "it is of dtype |V9"),
        (b"no array", "array 'x.npy'"),
        (b"", "array 'x.npy'"),
    ],
)
def test_what_is_no_array_of_numbers(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(pack("x.npy", content))
    with pytest.raises(ValueError, match=re.escape(reason)) as error:
        read_arrays(path)
    assert str(error.value).startswith(str(path))


def test_a_bomb_is_not_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(pack("x.npy", bytes(30_000_000)))
    monkeypatch.setattr(array_files, "MOST_BYTES", 10_000_000)
    tracemalloc.start()
    with pytest.raises(ValueError, match="said to take 30000000 bytes, more than 10000000"):
        read_arrays(path)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_method_of_compression_that_is_none(tmp_path: Path) -> None:
    content = bytearray(pack("x.npy", b"no array"))
    for method in (8, content.index(b"PK\x01\x02") + 10):  # In the entry, and in the directory.
        content[method] ^= 64
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(NotImplementedError):
        zipfile.ZipFile(path).read("x.npy")
    with pytest.raises(ValueError, match=r"must hold a whole array 'x\.npy': .*compression"):
        read_arrays(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "x.npz")
