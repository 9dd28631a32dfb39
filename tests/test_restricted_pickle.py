"""gemcore.restricted_pickle: what is admitted, and that nothing else happens."""

import collections
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gemcore.restricted_pickle import load_dictionary

DTYPE = (
    b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
)
RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"


def of_python2(value: Any) -> bytes:
    """What Python 2's cPickle writes of a value in protocol 2, without its memo."""
    if isinstance(value, dict):
        items = b"".join(of_python2(key) + of_python2(each) for key, each in value.items())
        return b"}(" + items + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(of_python2, value)) + b"e"
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, bytes):
        return b"T" + struct.pack("<i", len(value)) + value
    shape = b"(" + b"".join(map(of_python2, value.shape)) + b"t"
    return RECONSTRUCT + b"(K\x01" + shape + DTYPE + b"\x89" + of_python2(value.tobytes()) + b"tb"


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "batch"


def test_python_2(file: Path) -> None:
    data = np.arange(250, 256, dtype=np.uint8).reshape(2, 3)
    written = b"\x80\x02" + of_python2({b"data": data, b"labels": [3, 70000], b"n": b"\xe9"}) + b"."
    found = load_dictionary(write(file, written))
    # The textbook: pickle itself, which needs numpy's new names.
    twin = pickle.loads(written.replace(b"numpy.core", b"numpy._core"), encoding="bytes")
    for other in ({key.decode(): value for key, value in twin.items()}, {"data": data}):
        np.testing.assert_array_equal(found["data"], other["data"])
    assert found["data"].dtype == np.uint8
    assert not found["data"].flags.writeable
    assert (found["labels"], found["n"]) == ([3, 70000], b"\xe9")


@pytest.mark.parametrize("protocol", range(6))
def test_python_3_in_every_protocol(file: Path, protocol: int) -> None:
    numbers = np.arange(6, dtype=np.int64).reshape(2, 3)
    content = {
        "data": numbers.astype(np.uint8),
        b"columns": np.asfortranarray(numbers.astype(">f4")),
        "labels": [np.int64(-3), np.float32(0.5), 7, True, None],
        "bytes": b"\x00\xff\xe9",
        "text": "\u00e9",
        "nested": {"a": (1, [2.5])},
    }
    found = load_dictionary(write(file, pickle.dumps(content, protocol=protocol)))
    np.testing.assert_array_equal(found["data"], content["data"])
    np.testing.assert_array_equal(found["columns"], numbers)
    assert found["columns"].dtype == np.dtype(">f4")
    assert found["labels"] == [-3, 0.5, 7, True, None]
    for key in ("bytes", "text", "nested"):
        assert found[key] == content[key]


class Call:
    """Pickled as a call."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_nothing_is_executed(file: Path, tmp_path: Path, protocol: int) -> None:
    marker = tmp_path / "marker"
    attack = pickle.dumps({"data": Call(os.system, f"touch '{marker}'")}, protocol=protocol)
    with pytest.raises(ValueError, match=r"batch must be a pickle .*: got the global posix.system"):
        load_dictionary(write(file, attack))
    assert not marker.exists()
    pickle.loads(attack)  # It would have worked.
    assert marker.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({"a": Call(eval, "1")}), "got the global builtins.eval"),
        (pickle.dumps({"a": Call(eval, "1")}, protocol=2), "got the global __builtin__.eval"),
        (pickle.dumps(collections.OrderedDict()), "got the global collections.OrderedDict"),
        (b"\x80\x04\x8c\x05numpy\x8c\x0ddtype.__new__\x93.", "got the global numpy.dtype.__new__"),
        (b"cnumpy\nload\n.", "got the global numpy.load"),
        (pickle.dumps({"a": np.array([None])}), "got an array of dtype 'O8'"),
        (pickle.dumps({"a": np.array(["a"])}), "got an array of dtype 'U1'"),
        (b"}(K\x01" + RECONSTRUCT + b"(K\x01K\x05\x85" + DTYPE + b"\x89K\x05tbu.", "made of int"),
        (b"}K\x01" + DTYPE.replace(b"|", b"&") + b"s.", "got an array of byte order '&'"),
        (b"cnumpy\nndarray\n}b.", "__dict__"),
        (b"cnumpy\nndarray\n)\x81.", "NEWOBJ"),
        (b"U\x01aQ.", "persistent"),
        (b"}r\xff\xff\xff\x7f.", "got the memo index 2147483647"),
        (
            of_python2({b"a": np.zeros(2, np.uint8)}).replace(b"\x02\0\0\0t", b"\x03\0\0\0t")
            + b".",
            "reshape",
        ),
        (b"", "truncated"),
        (b"\x89PNG\r\n", "truncated"),
        (b"no pickle", "truncated|invalid"),
    ],
)
def test_other_content_is_refused(file: Path, content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=f"batch must be a pickle of arrays, .*: .*({message})"):
        load_dictionary(write(file, content))


def test_what_is_no_dictionary_is_refused(file: Path) -> None:
    with pytest.raises(ValueError, match="batch must hold a dictionary, got list"):
        load_dictionary(write(file, pickle.dumps([1])))
    with pytest.raises(ValueError, match="batch must name things by strings, got int"):
        load_dictionary(write(file, pickle.dumps({1: 2})))


@pytest.mark.parametrize("protocol", [2, 5])
def test_every_truncation_is_refused(file: Path, protocol: int) -> None:
    content = pickle.dumps({"data": np.zeros((2, 3), np.uint8), "labels": [1, 2]}, protocol)
    for length in range(len(content)):
        with pytest.raises(ValueError, match="batch must be a pickle of arrays, bytes and plain"):
            load_dictionary(write(file, content[:length]))
