"""Writes files in the official formats, from their specifications, for tests of the readers."""

import base64
import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path


def varint(number: int) -> bytes:
    digits = bytearray()
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def field(number: int, wire_type: int, value: bytes) -> bytes:
    return varint(number << 3 | wire_type) + value


def string(content: bytes) -> bytes:
    return varint(len(content)) + content


def evaluation(numbers: Sequence[float]) -> bytes:
    doubles = (field(i, 1, struct.pack("<d", number)) for i, number in enumerate(numbers, 1))
    return b"".join(doubles)


def model_metrics(parameters: int, evaluations: Iterable[Sequence[float]]) -> bytes:
    parts = [field(1, 2, string(evaluation(numbers))) for numbers in evaluations]
    total_time = field(3, 1, struct.pack("<d", 1234.5))
    return b"".join(parts) + field(2, 0, varint(parameters)) + total_time


def training_record(
    key: str, epochs: int, matrix: Sequence[Sequence[int]], ops: Sequence[str], metrics: bytes
) -> bytes:
    digits = "".join(str(digit) for row in matrix for digit in row)
    encoded = base64.b64encode(metrics).decode()
    return json.dumps([key, epochs, digits, ",".join(ops), encoded]).encode()


def crc32c(content: bytes) -> int:
    """The textbook's CRC: division by the polynomial, bit by bit."""
    register = 0xFFFFFFFF
    for octet in content:
        for bit in range(8):
            out = (register ^ octet >> bit) & 1
            register >>= 1
            if out:
                register ^= 0x82F63B78
    return register ^ 0xFFFFFFFF


def masked(crc: int) -> bytes:
    turned = (crc >> 15 | crc << 17) & 0xFFFFFFFF
    return struct.pack("<I", (turned + 0xA282EAD8) & 0xFFFFFFFF)


def frame(content: bytes) -> bytes:
    """A record of a TFRecord file."""
    length = struct.pack("<Q", len(content))
    return length + masked(crc32c(length)) + content + masked(crc32c(content))


def write_records(path: Path, contents: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(map(frame, contents)))
    return path
