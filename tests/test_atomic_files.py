"""Files are whole or absent, and foreign or broken ones are named."""

import json
import threading
from pathlib import Path

import pytest
import torch

from gemcore.atomic_files import (
    read_document,
    read_tensors,
    write_bytes,
    write_document,
    write_tensors,
)


def test_a_document_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.json"
    write_document(path, {"x": [1, 0.5, None, "é"]}, kind="test", version=2)
    assert read_document(path, kind="test", version=2) == {"x": [1, 0.5, None, "é"]}
    assert json.loads(path.read_text())["format"] == "test"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_document(path, {"x": 1}, kind="test", version=1)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_document(path, {"x": float("nan")}, kind="test", version=1)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_bytes(tmp_path / "folder", b"a folder is in the way")
    assert read_document(path, kind="test", version=1) == {"x": 1}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "folder"]


def test_written_side_by_side_the_file_is_one_of_them(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    contents = [bytes([i]) * 100_000 for i in range(4)]
    threads = [threading.Thread(target=write_bytes, args=(path, data)) for data in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"a\.json must hold JSON, got a corrupt file"),
        ('{"format": "test", "version": 1, "x": NaN}', r"a\.json must hold JSON.*NaN is not JSON"),
        ("[1]", r"a\.json must be a document of format 'test', got 'list'"),
        ('{"format": "other", "version": 1}', r"a\.json must be .* 'test', got 'other'"),
        ('{"format": "test", "version": 3}', r"a\.json must have a version from 1 to 2.*got 3"),
        ('{"format": "test", "version": true}', r"a\.json must have a version.*got True"),
        ('{"format": "test"}', r"a\.json must have a version.*got None"),
    ],
)
def test_what_is_no_such_document_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_document(path, kind="test", version=2)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"a\.json must hold JSON"):
        read_document(path, kind="test", version=1)


def test_tensors_in_any_memory_format_come_back(tmp_path: Path) -> None:
    weight = torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).reshape(2, 3, 4, 5)
    tensors = {
        "channels_last": weight.to(memory_format=torch.channels_last),
        "transposed": weight[0, 0].T,
        "whole": torch.tensor(3),
    }
    write_tensors(tmp_path / "a.safetensors", tensors)
    read = read_tensors(tmp_path / "a.safetensors")
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize("data", [b"", b"no header at all", b"\x08\x00\x00\x00\x00\x00\x00\x00{}"])
def test_a_corrupt_tensor_file_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.safetensors must be a safetensors file"):
        read_tensors(path)
