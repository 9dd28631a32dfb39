"""A look over the opcodes of a pickle before it is read: what it claims must fit what is there.

Python's unpickler believes a memo index that stands in a file and makes room for all indices
below it: one flipped bit can ask for gigabytes.
"""

import mmap
import pickle
import re
from functools import cache

Buffer = bytes | memoryview | mmap.mmap
STOP = ord(".")
FIXED = {1: b"Khq\x80\x82", 2: b"M\x83", 4: b"Jj\x84", 8: b"G"}  # Bytes of an argument.
# What else follows an opcode: one line, two lines, or content of a length in so many bytes.
ONE_LINE, TWO_LINES = b"FILPSVgp", b"ci"
LENGTH_BYTES = {
    **dict.fromkeys(b"UC\x8a\x8c", 1),
    **dict.fromkeys(b"TXB\x8b", 4),
    **dict.fromkeys(b"\x8d\x8e\x96", 8),
}
PUT, LONG_BINPUT, FRAME = ord("p"), ord("r"), 0x95
SHORT_TEXT = 24  # Texts up to this length are passed over in one go with what surrounds them.
LEAST_BYTES = 3  # What puts an object and keeps it in the memo takes as many.


def check_opcodes(content: Buffer, start: int = 0) -> int:
    """The byte behind the pickle that begins at ``start``.

    Args:
        content: Bytes, or a memory map of a file.
        start: Where the pickle begins.

    Raises:
        pickle.UnpicklingError: If an opcode is unknown, the pickle ends too early, or an index of
            its memo is larger than its size allows.

    Example:
        >>> import pickle
        >>> check_opcodes(pickle.dumps([1, "a"]) + b"more")
        22
    """
    most = (len(content) - start) // LEAST_BYTES
    plain = _plain_run(most.bit_length())
    place = start
    while True:
        run = plain.match(content, place)
        place = place if run is None else run.end()
        if place >= len(content):
            raise pickle.UnpicklingError("pickle data was truncated")
        opcode = content[place]
        if opcode == STOP:
            return place + 1
        behind = _behind(content, place, most)
        if behind > len(content):
            raise pickle.UnpicklingError("pickle data was truncated")
        place = behind


def _behind(content: Buffer, place: int, most: int) -> int:
    """The byte behind an opcode of any length and what belongs to it."""
    opcode = content[place]
    if opcode in LENGTH_BYTES:
        first = place + 1 + LENGTH_BYTES[opcode]
        return first + int.from_bytes(content[place + 1 : first], "little")
    if opcode in ONE_LINE or opcode in TWO_LINES:
        pattern = LINES if opcode in TWO_LINES else LINE
        line = pattern.match(content, place + 1)
        if line is None:
            raise pickle.UnpicklingError("pickle data was truncated")
        if opcode == PUT and not (line[0].strip().isdigit() and int(line[0]) <= most):
            raise pickle.UnpicklingError(f"got the memo index {line[0][:20]!r}")
        return line.end()
    if opcode == FRAME:  # Its content is opcodes, which are looked at in turn.
        size = int.from_bytes(content[place + 1 : place + 9], "little")
        return place + 9 if place + 9 + size <= len(content) else len(content) + 1
    if any(opcode in opcodes for opcodes in FIXED.values()):
        return len(content) + 1  # Whole ones are part of a plain run.
    if opcode == LONG_BINPUT:
        if place + 5 > len(content):
            return len(content) + 1
        index = int.from_bytes(content[place + 1 : place + 5], "little")
        raise pickle.UnpicklingError(f"got the memo index {index}")
    raise pickle.UnpicklingError(f"invalid load key, {bytes([opcode])!r}")


LINE = re.compile(rb"[^\n]*+\n")
LINES = re.compile(rb"[^\n]*+\n[^\n]*+\n")


@cache
def _plain_run(num_bits: int) -> "re.Pattern[bytes]":
    """Opcodes of fixed length and short texts, as many as follow each other.

    Args:
        num_bits: Of the largest index of the memo.
    """
    index = b""
    for low in range(0, 32, 8):
        most = (1 << min(max(num_bits - low, 0), 8)) - 1
        index += b"[\\x00-" + re.escape(bytes([most])) + b"]"
    alternatives = [
        # Without an argument, from Python's pickletools.
        rb"[()\]}012NQRabdelostu\x81\x85-\x89\x8f-\x94\x97\x98]++",
        *(b"[" + re.escape(opcodes) + b"]" + b"." * n for n, opcodes in FIXED.items()),
        b"r" + index,
        *(b"X" + re.escape(bytes([n])) + rb"\0\0\0" + b"." * n for n in range(SHORT_TEXT)),
        *(b"\\x8c" + re.escape(bytes([n])) + b"." * n for n in range(SHORT_TEXT)),
    ]
    return re.compile(b"(?:" + b"|".join(alternatives) + b")*+", re.DOTALL)
