"""Files are whole or absent, and foreign or broken ones are named."""

import json
import os
import threading
from pathlib import Path

import pytest
import torch

from gemcore.atomic_files import (
    read_document,
    read_tensors,
    recover_folder,
    remove_leftovers,
    write_bytes,
    write_document,
    write_folder,
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


def fill(folder: Path, text: str) -> None:
    (folder / "a").write_text(text)
    (folder / "inner").mkdir()


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "predictor"
    for text in ("first", "second"):
        write_folder(path, lambda folder, text=text: fill(folder, text))  # type: ignore[misc]
        assert (path / "a").read_text() == text
        assert os.listdir(tmp_path) == ["predictor"]


def test_a_folder_that_cannot_be_filled_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "predictor"
    write_folder(path, lambda folder: fill(folder, "first"))

    def fail(folder: Path) -> None:
        fill(folder, "second")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_folder(path, fail)
    assert (path / "a").read_text() == "first"
    assert os.listdir(tmp_path) == ["predictor"]


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ((), None),
        (("new",), None),  # Killed while it was filled for the first time.
        (("path", "new"), "path"),  # While it was filled.
        (("old", "new"), "new"),  # Between the two renames.
        (("path", "old"), "path"),  # Before the old one was removed.
        (("old",), "old"),
    ],
)
def test_a_kill_leaves_the_old_folder_or_the_new_one(
    tmp_path: Path, there: tuple[str, ...], wanted: str | None
) -> None:
    path = tmp_path / "predictor"
    names = {"path": "predictor", "new": ".predictor.new", "old": ".predictor.old"}
    for kind in there:
        (tmp_path / names[kind]).mkdir()
        (tmp_path / names[kind] / "a").write_text(kind)
    recover_folder(path)
    assert os.listdir(tmp_path) == ([] if wanted is None else ["predictor"])
    if wanted is not None:
        assert (path / "a").read_text() == wanted


def test_leftovers_are_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = {".hidden", ".result.json", "a.123.456", ".result.json.12.x"}
    for name in {".result.json.123.456", ".model.py.1.140245"} | kept:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert set(os.listdir(tmp_path)) == kept
