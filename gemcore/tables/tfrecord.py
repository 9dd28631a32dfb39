"""TFRecord files, read without TensorFlow; every checksum is checked."""

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gemcore.progress import progress_bar
from gemcore.tables.crc32c import crc32c_each

CHUNK = 4096  # Records whose checksums are computed side by side,
CHUNK_BYTES = 2**22  # or fewer, if they are long.
HEADER = struct.Struct("<QI")  # Length, and its masked CRC-32C.
CRC = struct.Struct("<I")  # Masked CRC-32C behind the content.
MASK_DELTA = np.uint32(0xA282EAD8)
LONGEST = 2**20  # No record of a table is as long: a longer one is a damaged length.


def read_records(path: Path, *, progress: bool = False) -> Iterator[list[bytes]]:
    """The contents of the records of a file, some thousand at a time.

    Args:
        path: The file.
        progress: Whether to show a bar.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a length or a content does not fit its checksum, or the file ends within a
            record; file, record and byte are named. What comes before is yielded first, but for
            up to 4095 records.

    Source: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
    """
    size = path.stat().st_size
    bar = progress_bar(size, f"reading {path.name}", enabled=progress, unit="B")
    with path.open("rb", buffering=2**20) as file, bar:
        first, offset = 0, 0
        while offset < size:
            chunk = _Chunk(path, first, offset)
            chunk.read(file.read, size)
            chunk.check()
            yield chunk.contents
            bar.update(chunk.end - offset)
            first, offset = first + len(chunk.contents), chunk.end


def mask(crcs: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Checksums as the format keeps them: turned by 15 bits, and a constant added."""
    turned = (crcs >> np.uint32(15)) | (crcs << np.uint32(17))
    return turned + MASK_DELTA


@dataclass
class _Chunk:
    """Records that follow each other.

    Args:
        path: The file.
        first: Number of the first record.
        start: Where it begins.
    """

    path: Path
    first: int
    start: int
    headers: list[bytes] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    checksums: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    broken: str = ""  # What ended it early; reported unless a checksum failed before.

    @property
    def end(self) -> int:
        """Where the next record begins."""
        return self.offsets[-1] + HEADER.size + len(self.contents[-1]) + CRC.size

    def read(self, read: Callable[[int], bytes], size: int) -> None:
        """Reads records up to the end of the chunk or of the file."""
        offset = self.start
        stop = min(size, self.start + CHUNK_BYTES)
        while offset < stop and len(self.contents) < CHUNK:
            header = read(HEADER.size)
            self.offsets.append(offset)
            if len(header) < HEADER.size:
                self.broken = "the file ends within its length"
                return
            self.headers.append(header)
            length, _ = HEADER.unpack(header)
            if length > LONGEST:
                self.broken = f"it is said to be of {length} bytes, more than {LONGEST}"
                return
            body = read(length + CRC.size)
            if len(body) < length + CRC.size:
                self.broken = f"the file ends within its {length} bytes"
                return
            self.contents.append(body[:length])
            self.checksums.append(CRC.unpack_from(body, length)[0])
            offset += HEADER.size + length + CRC.size

    def check(self) -> None:
        """Raises ValueError for the first record that is damaged or incomplete."""
        kept = np.array([HEADER.unpack(header)[1] for header in self.headers], dtype=np.uint32)
        lengths = [header[:8] for header in self.headers]
        bad_length = np.flatnonzero(mask(crc32c_each(lengths)) != kept)
        found = mask(crc32c_each(self.contents))
        bad_content = np.flatnonzero(found != np.array(self.checksums, dtype=np.uint32))
        faults = [(int(i), "its length does not fit its CRC-32C") for i in bad_length[:1]]
        faults += [(int(i), "its content does not fit its CRC-32C") for i in bad_content[:1]]
        if self.broken:
            faults.append((len(self.contents), self.broken))
        if faults:
            number, fault = min(faults, key=lambda item: item[0])
            raise ValueError(
                f"{self.path} must be a whole TFRecord file: record {self.first + number} at byte "
                f"{self.offsets[number]} is damaged, {fault}"
            )


def looks_like_records(path: str | os.PathLike[str]) -> bool:
    """Whether the length of a first record fits its checksum.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    with open(path, "rb") as file:
        header = file.read(HEADER.size)
    if len(header) < HEADER.size:
        return False
    _, kept = HEADER.unpack(header)
    return bool(mask(crc32c_each([header[:8]]))[0] == kept)
