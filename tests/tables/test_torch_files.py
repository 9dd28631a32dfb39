"""gemcore.tables.torch_files: what torch.save writes is read, and nothing is executed."""

import collections
import io
import os
import pickle
import re
import struct
import zipfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from gemcore.tables.torch_files import StoredTensor, read_torch

FORMS = pytest.mark.parametrize("zipped", [True, False], ids=["archive", "legacy"])
PLAIN: dict[Any, Any] = {
    "list": [1, 2.5, "three", None, True, b"five"],
    ("tuple", 7): {3: {"x-valid@11": 0.25}},
    "set": {1, 2},
    "big": 2**100,
}


def save(path: Path, content: Any, zipped: bool) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


@FORMS
def test_plain_content(tmp_path: Path, zipped: bool) -> None:
    content = PLAIN | {"ordered": collections.OrderedDict([("b", 1), ("a", 2)])}
    found = read_torch(save(tmp_path / "x.pth", content, zipped))
    assert found == PLAIN | {"ordered": {"b": 1, "a": 2}}
    assert list(found["ordered"]) == ["b", "a"]


@FORMS
def test_tensors(tmp_path: Path, zipped: bool) -> None:
    row = torch.arange(4, dtype=torch.float32)
    content = {
        "double": torch.tensor(0.25, dtype=torch.float64),
        "third": row[2],
        "long": torch.tensor([7]),
        "half": torch.tensor(0.5, dtype=torch.float16),
        "true": torch.tensor(True),
        "parameter": torch.nn.Parameter(torch.tensor([1.5])),
        "module": torch.nn.BatchNorm2d(3).state_dict(),  # An OrderedDict with an attribute.
        "row": row,
        "other": torch.tensor(0.5, dtype=torch.bfloat16),
        "after": torch.tensor(9),
        "numpy": [np.float32(0.5), np.int64(3)],
    }
    found = read_torch(save(tmp_path / "x.pth", content, zipped))
    wanted = {"double": 0.25, "third": 2, "long": 7, "half": 0.5, "true": 1, "parameter": 1.5}
    assert {name: found[name].item() for name in wanted} == wanted
    assert found["module"]["num_batches_tracked"].item() == 0
    assert found["after"].item() == 9
    assert found["numpy"] == [0.5, 3]
    with pytest.raises(ValueError, match=r"a tensor must hold one number, got shape \(4,\)"):
        found["row"].item()
    with pytest.raises(ValueError, match="must be of numbers that are stored, got BFloat16Storage"):
        found["other"].item()


@FORMS
@pytest.mark.parametrize("function", [os.system, eval, torch.load, collections.Counter])
def test_nothing_is_executed(tmp_path: Path, zipped: bool, function: Any) -> None:
    class Call:
        def __reduce__(self) -> Any:
            return function, (f"touch '{tmp_path / 'marker'}'",)

    path = save(tmp_path / "x.pth", {"a": Call()}, zipped)
    with pytest.raises(ValueError, match=r"x\.pth must be a whole file .*: got the global .*\."):
        read_torch(path)
    assert not (tmp_path / "marker").exists()


@FORMS
def test_damaged_files(tmp_path: Path, official: SimpleNamespace, zipped: bool) -> None:
    path = save(tmp_path / "x.pth", PLAIN | {"n": torch.tensor(0.25)}, zipped)

    def read(path: Path) -> Any:
        found = read_torch(path)
        if isinstance(found, dict) and isinstance(found.get("n"), StoredTensor):
            with suppress(ValueError):
                assert found["n"].item() == 0.25 or not zipped
        return found

    for content in official.damage(path.read_bytes(), 400):
        path.write_bytes(content)
        found = official.read_or_refuse(read, path)
        if found is not None and zipped:  # Its checksums hold for what is read.
            assert {key: found[key] for key in PLAIN} == PLAIN


def test_every_truncation_of_a_legacy_file(tmp_path: Path) -> None:
    path = save(tmp_path / "x.pth", {"a": [1, 2], "n": torch.tensor(0.25)}, zipped=False)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"x\.pth must be a whole file of torch\.save"):
            read_torch(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ValueError, match="must end with its storages, got 1 bytes more"):
        read_torch(path)


def legacy(*objects: Any, tail: bytes = b"") -> bytes:
    return b"".join(pickle.dumps(value, protocol=2) for value in objects) + tail


MAGIC, MACHINE = 0x1950A86A20F9469CFC6C, {"little_endian": True}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"a text", "invalid load key"),
        (pickle.dumps({"a": 1}), "its first number is not that of torch"),
        (legacy(MAGIC, 7), "its version must be 1001, got int 7"),
        (legacy(MAGIC, 1001, {"little_endian": False}), "its numbers must be little-endian"),
        (legacy(MAGIC, 1001, [], 1, []), "its numbers must be little-endian"),
        (legacy(MAGIC, 1001, MACHINE, 1, ["k"], tail=bytes(8)), "storage str 'k' must end within"),
        (legacy(MAGIC, 1001, MACHINE, 1, ["k"], tail=bytes(3)), "unpack_from requires"),
        (legacy(MAGIC, 1001, MACHINE, 1, 3), "not iterable"),
    ],
)
def test_what_is_no_legacy_file(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        read_torch(path)


def test_a_storage_that_is_said_to_be_large(tmp_path: Path) -> None:
    path = save(tmp_path / "x.pth", torch.tensor(0.25), zipped=False)
    content = path.read_bytes()
    assert content.count(struct.pack("<q", 1)) == 1
    path.write_bytes(content.replace(struct.pack("<q", 1), struct.pack("<q", 2**40)))
    with pytest.raises(ValueError, match="must end within the file"):
        read_torch(path)


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({"a/other": b""}, "it must hold one data.pkl, got 0"),
        ({"a/data.pkl": b"", "b/data.pkl": b""}, "it must hold one data.pkl, got 2"),
        ({"a/data.pkl": pickle.dumps(1), "a/byteorder": b"big"}, "numbers must be little-endian"),
        ({"a/data.pkl": b"\x80\x02U\x01aQ."}, "got the persistent id str 'a'"),
    ],
)
def test_what_is_no_archive_of_torch(
    tmp_path: Path, entries: dict[str, bytes], reason: str
) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    path = tmp_path / "x.pth"
    path.write_bytes(stream.getvalue())
    with pytest.raises(ValueError, match=reason) as error:
        read_torch(path)
    assert re.match(f"{re.escape(str(path))} must be a whole file of torch.save", str(error.value))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_torch(tmp_path / "x.pth")
