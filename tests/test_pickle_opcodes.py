"""gemcore.pickle_opcodes: every opcode that Python knows, and claims that don't fit the file."""

import collections
import pickle
import pickletools
import random
from typing import Any

import pytest

from gemcore.pickle_opcodes import check_opcodes

LENGTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}


def examples(opcode: Any) -> list[bytes]:
    """The opcode with arguments of each length that it may have."""
    code = opcode.code.encode("latin1")
    size = 0 if opcode.arg is None else opcode.arg.n
    if size in LENGTHS:
        number = LENGTHS[size]
        return [code + n.to_bytes(number, "little") + b"." * n for n in (0, 3, 23, 24, 200)]
    if size == pickletools.UP_TO_NEWLINE:
        return [code + b"0\n" * (2 if opcode.name in ("GLOBAL", "INST") else 1)]
    return [code + b"\0" * size]


@pytest.mark.parametrize("opcode", pickletools.opcodes, ids=lambda opcode: opcode.name)
def test_every_opcode_has_its_length(opcode: Any) -> None:
    if opcode.name == "STOP":
        assert check_opcodes(b"..") == 1
        return
    for example in examples(opcode):
        content = example + b"."
        assert check_opcodes(content + b"more") == len(content)
        assert check_opcodes(b"N" + content, start=1) == len(content) + 1
        for length in range(len(example)):  # A shorter one must not end on a dot of its own.
            cut = example[:length].replace(b".", b"\0")
            with pytest.raises(pickle.UnpicklingError, match="truncated"):
                check_opcodes(cut)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_pickle_writes_passes(protocol: int) -> None:
    draw = random.Random(0)
    runs = [{f"x-valid@{i}": draw.random() for i in range(300)} for _ in range(20)]
    value = [runs, collections.OrderedDict(a=1, b=(2.5, None)), "x" * 1000, 2**100, {1, 2}, -70_000]
    content = pickle.dumps(value, protocol)
    assert check_opcodes(content) == len(content)
    assert check_opcodes(memoryview(content)) == len(content)


@pytest.mark.parametrize("put", [b"r\xff\xff\xff\x7f", b"r\0\0\x01\0", b"p99999999999\n", b"pa\n"])
def test_an_index_of_the_memo_must_fit_the_size(put: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError, match="got the memo index"):
        check_opcodes(b"]" + put + b".")


def test_a_frame_must_fit_the_size() -> None:
    frame = b"\x80\x04\x95" + (2**40).to_bytes(8, "little") + b"N."
    with pytest.raises(pickle.UnpicklingError, match="truncated"):
        check_opcodes(frame)


@pytest.mark.parametrize("content", [b"\xff.", b"N\x00.", b"\x89PNG\r\n\x1a\n...................."])
def test_unknown_opcodes_are_refused(content: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError, match=r"invalid load key|truncated"):
        check_opcodes(content)
