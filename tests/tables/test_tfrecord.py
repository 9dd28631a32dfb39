"""gemcore.tables.tfrecord: whole files are read, of damaged ones the first bad record is named."""

import struct
from pathlib import Path
from types import SimpleNamespace

import pytest

from gemcore.tables import tfrecord
from gemcore.tables.tfrecord import looks_like_records, read_records


def contents_of(path: Path) -> list[bytes]:
    return [content for chunk in read_records(path) for content in chunk]


@pytest.mark.parametrize("chunk", [1, 2, 4096])
@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_what_was_written_is_read(
    tmp_path: Path,
    official: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    chunk: int,
    number: int,
) -> None:
    monkeypatch.setattr(tfrecord, "CHUNK", chunk)
    path = tmp_path / "r"
    contents = [bytes([i]) * (37 * i) for i in range(number)]
    path.write_bytes(b"".join(map(official.frame, contents)))
    assert contents_of(path) == contents
    assert looks_like_records(path) == (number > 0)


def test_long_records_end_a_chunk(
    tmp_path: Path, official: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tfrecord, "CHUNK_BYTES", 100)
    (tmp_path / "r").write_bytes(official.frame(bytes(90)) * 3)
    assert [len(chunk) for chunk in read_records(tmp_path / "r")] == [1, 1, 1]


@pytest.mark.parametrize("chunk", [2, 4096])
def test_the_first_damaged_record_is_named(
    tmp_path: Path, official: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(tfrecord, "CHUNK", chunk)
    path = tmp_path / "r"
    whole = official.frame(b"abcdefgh") * 5  # Of 24 bytes each.
    faults = {
        8: "its length does not fit its CRC-32C",  # The checksum of the length.
        2: "its length does not fit its CRC-32C",  # 2^16 bytes more.
        14: "its content does not fit its CRC-32C",
        22: "its content does not fit its CRC-32C",  # Its checksum.
    }
    for place, fault in faults.items():
        damaged = bytearray(whole)
        for record in (3, 4):
            damaged[24 * record + place] ^= 1
        path.write_bytes(damaged)
        message = f"r must be a whole TFRecord file: record 3 at byte 72 is damaged, {fault}"
        with pytest.raises(ValueError, match=message):
            contents_of(path)


def test_a_file_that_ends_early(tmp_path: Path, official: SimpleNamespace) -> None:
    path = tmp_path / "r"
    whole = official.frame(b"abcdefgh") * 2
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        if length % 24 == 0:
            assert contents_of(path) == [b"abcdefgh"] * (length // 24)
            continue
        place = "its length" if length % 24 < 12 else "its 8 bytes"
        at = f"record {length // 24} at byte {length // 24 * 24}"
        with pytest.raises(ValueError, match=f"{at} is damaged, the file ends within {place}"):
            contents_of(path)


def test_a_giant_length_is_no_reason_to_wait(
    tmp_path: Path, official: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r"
    length = struct.pack("<Q", 2**40)
    crc = official.frame(b"")[8:12]  # Of another length.
    path.write_bytes(length + crc + bytes(100))
    with pytest.raises(ValueError, match="record 0 at byte 0 is damaged, its length does not fit"):
        contents_of(path)
    monkeypatch.setattr(tfrecord, "LONGEST", 100)
    path.write_bytes(official.frame(bytes(100)) + official.frame(bytes(101)))
    with pytest.raises(ValueError, match=r"record 1 .* is said to be of 101 bytes, more than 100"):
        contents_of(path)


def test_every_flipped_bit_is_noticed(tmp_path: Path, official: SimpleNamespace) -> None:
    path = tmp_path / "r"
    whole = official.frame(b"abc") + official.frame(b"")
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"r must be a whole TFRecord file: record [01] "):
            contents_of(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        contents_of(tmp_path / "r")
