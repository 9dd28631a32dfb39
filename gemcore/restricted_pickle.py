"""Pickles of arrays, read without running anything that they name."""

import io
import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gemcore.pickle_opcodes import check_opcodes

CODE = re.compile(r"[biuf][1248]")  # Booleans and numbers; no objects, no records.
UNREADABLE = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


def load_dictionary(path: Path) -> dict[str, Any]:
    """The dictionary that a pickle holds, written by Python 2 or 3, in any protocol.

    Arrays of numbers, numbers, strings, bytes and plain containers are admitted. numpy's part in
    unpickling is played by stand-ins of this module, since numpy trusts what a pickle says of
    memory: no function, class or method that a file names is ever looked up.

    Args:
        path: The file.

    Returns:
        Keys are strings. Arrays among the values are read-only; strings of Python 2 are bytes.

    Raises:
        ValueError: If the file is truncated, no pickle, no dictionary, or names anything else; the
            file is named, and so is what it names.

    Source: https://docs.python.org/3/library/pickle.html#restricting-globals
    """
    content = path.read_bytes()
    try:
        check_opcodes(content)
        found = RestrictedUnpickler(io.BytesIO(content), ADMITTED, encoding="bytes").load()
    except UNREADABLE as error:
        reason = str(error) or type(error).__name__
        raise ValueError(
            f"{path} must be a pickle of arrays, bytes and plain containers: {reason}"
        ) from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} must hold a dictionary, got {type(found).__name__}")
    return {
        read_text(path, key): value.array if isinstance(value, PickledArray) else value
        for key, value in found.items()
    }


def read_text(path: Path, value: object) -> str:
    """A string of either Python as str.

    Raises:
        ValueError: If it is none; the file is named.
    """
    if isinstance(value, bytes):
        return value.decode("latin1")
    if not isinstance(value, str):
        raise ValueError(f"{path} must name things by strings, got {type(value).__name__}")
    return value


class _Dtype:
    """What stands in for a numpy.dtype: a code such as ``u1`` and an order of bytes."""

    __slots__ = ("code", "order")

    def __init__(self, code: Any, *_: Any) -> None:
        self.code = code.decode("ascii") if isinstance(code, bytes) else code
        self.order = "|"
        if not (isinstance(self.code, str) and CODE.fullmatch(self.code)):
            raise pickle.UnpicklingError(f"got an array of dtype {self.code!r}")

    def __setstate__(self, state: Any) -> None:
        order = state[1]
        self.order = order.decode("ascii") if isinstance(order, bytes) else order
        if self.order not in ("|", "<", ">", "="):
            raise pickle.UnpicklingError(f"got an array of byte order {self.order!r}")

    def read(self, content: Any) -> NDArray[Any]:
        """The numbers in bytes, ``[N]``, read-only."""
        if isinstance(content, str):  # Written by Python 3 for Python 2.
            content = content.encode("latin1")
        if not isinstance(content, bytes | bytearray):
            raise pickle.UnpicklingError(f"got an array made of {type(content).__name__}")
        return np.frombuffer(bytes(content), np.dtype(self.order + self.code))


class PickledArray:
    """What stands in for an array until its content comes."""

    __slots__ = ("array",)

    def __init__(self, *_: Any) -> None:
        self.array: NDArray[Any] = np.empty(0, dtype=np.uint8)

    def __setstate__(self, state: Any) -> None:
        shape, dtype, is_fortran, content = state[-4:]  # Before them a version, if any.
        self.array = dtype.read(content).reshape(shape, order="F" if is_fortran else "C")


def _from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> PickledArray:
    array = PickledArray()
    array.__setstate__((shape, dtype, order == "F", content))
    return array


def _scalar(dtype: Any, content: Any) -> Any:
    (number,) = dtype.read(content).tolist()
    return number


def _encode(text: str, encoding: str = "latin1") -> bytes:
    return text.encode("ascii" if encoding == "ascii" else "latin1")


class _Admitted:
    """A function as a pickle sees it: it can be called, not looked into."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)


ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    ("_codecs", "encode"): _encode,
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): PickledArray,
}
for _core in ("numpy.core", "numpy._core"):  # Before numpy 2 and since.
    ADMITTED[f"{_core}.multiarray", "_reconstruct"] = PickledArray
    ADMITTED[f"{_core}.multiarray", "scalar"] = _scalar
    ADMITTED[f"{_core}.numeric", "_frombuffer"] = _from_buffer


class RestrictedUnpickler(pickle.Unpickler):
    """Reads a pickle that :func:`gemcore.pickle_opcodes.check_opcodes` has looked over.

    Args:
        file: Where it begins.
        admitted: What stands in for each (module, name) that the pickle may name.
        encoding: Of the strings of Python 2.
    """

    def __init__(
        self,
        file: IO[bytes],
        admitted: Mapping[tuple[str, str], Callable[..., Any]],
        *,
        encoding: str = "ASCII",
    ) -> None:
        super().__init__(file, encoding=encoding)
        self._admitted = admitted

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Stand-ins of what is admitted; nothing is imported."""
        if (module_name, global_name) not in self._admitted:
            raise pickle.UnpicklingError(f"got the global {module_name}.{global_name}")
        return _Admitted(self._admitted[module_name, global_name])
