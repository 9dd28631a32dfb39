"""CRC-32C (Castagnoli) of many short byte strings at once."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

POLYNOMIAL = 0x82F63B78  # Reflected.
BLOCK = 8  # Bytes in a step: four look-ups of 16 bits.


def crc32c_each(strings: Sequence[bytes]) -> NDArray[np.uint32]:
    """CRC-32C of each string, uint32 ``[len(strings)]``.

    Strings of about one length go through the same steps side by side, aligned at their ends:
    zeros before a message change nothing as long as the register is zero, and a register of ones
    in the beginning is the same as inverting the first four bytes.

    Source: Castagnoli et al. 1993; RFC 3720, appendix B.4; Kounavis & Berry 2005 (slices).

    Example:
        >>> [hex(crc) for crc in crc32c_each([b"123456789", b""]).tolist()]
        ['0xe3069283', '0x0']
    """
    lengths = np.array([len(string) for string in strings], dtype=np.int64)
    crcs = np.empty(len(strings), dtype=np.uint32)
    # Of one kind are lengths up to twice the least: filling up takes no more than as much again.
    kinds = np.where(lengths < 4, -1, np.frexp(np.maximum(lengths, BLOCK))[1])
    for kind in np.unique(kinds).tolist():
        rows = np.flatnonzero(kinds == kind)
        alike = [strings[i] for i in rows.tolist()]
        crcs[rows] = [_of_short(s) for s in alike] if kind < 0 else _of_alike(alike, lengths[rows])
    return crcs


def _of_alike(strings: Sequence[bytes], lengths: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The same for strings of four bytes and more, filled up to the longest."""
    width = -(-int(lengths.max()) // BLOCK) * BLOCK
    joined = bytearray().join(string.rjust(width, b"\0") for string in strings)
    octets = np.frombuffer(joined, dtype=np.uint8).reshape(len(strings), width)
    for place in range(4):
        octets[np.arange(len(strings)), width - lengths + place] ^= 0xFF
    return ~_run(octets.view("<u2").T.astype(np.intp, order="C"))


def _of_short(string: bytes) -> int:
    """The definition, bit by bit: shorter strings have no four bytes to invert."""
    register = 0xFFFFFFFF
    for octet in string:
        register ^= octet
        for _ in range(8):
            register = (register >> 1) ^ (POLYNOMIAL if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def _run(halves: NDArray[np.intp]) -> NDArray[np.uint32]:
    """The register after all bytes, from zero; ``halves`` is ``[width / 2, B]``."""
    tables = _tables()
    register = np.zeros(halves.shape[1], dtype=np.uint32)
    for start in range(0, len(halves), BLOCK // 2):
        first, second, third, fourth = halves[start : start + BLOCK // 2]
        wide = register.astype(np.intp)  # What take() would turn its indices into, each time.
        register = tables[3].take((wide & 0xFFFF) ^ first)
        register ^= tables[2].take((wide >> 16) ^ second)
        register ^= tables[1].take(third)
        register ^= tables[0].take(fourth)
    return register


@cache
def _tables() -> NDArray[np.uint32]:
    """Row k: the register after two given bytes and 2 k zeros, uint32 ``[4, 65536]``."""
    of_byte: NDArray[Any] = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        of_byte = (of_byte >> 1) ^ (of_byte & 1) * np.uint32(POLYNOMIAL)
    tables = np.empty((BLOCK // 2, 2**16), dtype=np.uint32)
    register: NDArray[Any] = np.arange(2**16, dtype=np.uint32)
    for row in tables:
        for _ in range(2):
            register = of_byte.take(register & 0xFF) ^ (register >> 8)
        row[:] = register
    return tables
