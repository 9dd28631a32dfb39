"""Files in the official formats, written from their specifications, and damage done to files."""

import base64
import json
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gemcore import Cell, CellBatch, SearchSpace
from gemcore.tables import CellTable

OFFICIAL_OPS = {
    "conv3x3": "conv3x3-bn-relu",
    "conv1x1": "conv1x1-bn-relu",
    "maxpool3x3": "maxpool3x3",
}


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


def double(number: float) -> bytes:
    return struct.pack("<d", number)


def evaluation(numbers: Sequence[float]) -> bytes:
    return b"".join(field(i, 1, double(number)) for i, number in enumerate(numbers, 1))


def model_metrics(parameters: int, evaluations: Iterable[Sequence[float]]) -> bytes:
    parts = [field(1, 2, string(evaluation(numbers))) for numbers in evaluations]
    return b"".join(parts) + field(2, 0, varint(parameters)) + field(3, 1, double(1234.5))


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


def training(
    key: str,
    cell: Cell,
    numbers: Sequence[float],
    *,
    epochs: int = 108,
    parameters: int = 1000,
) -> bytes:
    """The record of a training: ``numbers`` are those of its end, half-way half of them."""
    digits = "".join(str(int(digit)) for digit in cell.to_dense().ravel())
    ops = ",".join(OFFICIAL_OPS.get(op, op) for op in cell.ops)
    half = [number / 2 for number in numbers]
    message = model_metrics(parameters, [(0, 0, 0.1, 0.1, 0.1), half, numbers])
    return json.dumps([key, epochs, digits, ops, base64.b64encode(message).decode()]).encode()


def damage(content: bytes, number: int, seed: int = 0) -> Iterator[bytes]:
    """Truncations, then files of one flipped bit, at places drawn from a seed."""
    draw = np.random.default_rng(seed)
    for length in draw.integers(0, len(content), number).tolist():
        yield content[:length]
    for place in draw.integers(0, 8 * len(content), number).tolist():
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        yield bytes(flipped)


def read_or_refuse(read: Callable[[Path], Any], path: Path) -> Any:
    """What a reader makes of a file, or None where it refuses it by name."""
    try:
        return read(path)
    except ValueError as error:
        message = str(error)
    assert str(path) in message
    return None


@pytest.fixture
def official() -> SimpleNamespace:
    """Writers of the official formats."""
    names = (varint, field, string, double, evaluation, model_metrics, crc32c, frame, training)
    return SimpleNamespace(
        **{function.__name__: function for function in names},
        damage=damage,
        read_or_refuse=read_or_refuse,
    )


@pytest.fixture
def cells() -> CellBatch:
    """Some different cells of NAS-Bench-101's space, in no canonical order."""
    space = SearchSpace.preset("nasbench101")
    drawn = space.sample(60, seed=3)
    table = CellTable(drawn, {"accuracy": np.zeros(60)})
    first = table.lookup(drawn) == np.arange(60)
    return drawn[np.flatnonzero(first)[:20]]


@pytest.fixture
def trainings(tmp_path: Path) -> tuple[Path, list[Cell]]:
    """A small official file: three trainings of each of four cells, and the cells."""
    cells = [
        Cell(("input", "output"), ((0, 1),)),
        Cell(("input", "conv3x3", "output"), ((0, 1), (1, 2), (0, 2))),
        Cell(("input", "conv1x1", "maxpool3x3", "output"), ((0, 1), (1, 2), (2, 3))),
        Cell(
            ("input", "conv3x3", "conv3x3", "maxpool3x3", "conv1x1", "conv1x1", "output"),
            ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (3, 5), (4, 6), (5, 6), (0, 6)),
        ),
    ]
    path = tmp_path / "nasbench_only108.tfrecord"
    contents = [
        training(f"{i:032x}", cell, (108, 1000 + i, 0.99, 0.9 + run / 64, 0.75 + run / 64))
        for run in range(3)
        for i, cell in enumerate(cells)
    ]
    path.write_bytes(b"".join(map(frame, contents)))
    return path, cells
