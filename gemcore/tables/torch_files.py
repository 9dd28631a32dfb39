"""Files of ``torch.save``, read without running anything that they name."""

import io
import mmap
import pickle
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from gemcore.arguments import describe
from gemcore.pickle_opcodes import check_opcodes
from gemcore.restricted_pickle import ADMITTED, UNREADABLE, RestrictedUnpickler
from gemcore.tables.array_files import MAGIC
from gemcore.tables.array_files import UNREADABLE as UNREADABLE_ARCHIVE

LEGACY_MAGIC, LEGACY_VERSION = 0x1950A86A20F9469CFC6C, 1001
MOST_INFLATED = 2**31  # torch stores its archives as they are; what was packed must stay small.
DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "<?",
}
WIDTHS = {name: np.dtype(code).itemsize for name, code in DTYPES.items()}
WIDTHS |= {"BFloat16Storage": 2, "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16}
BIG_ENDIAN = "its numbers must be little-endian"

Storages = dict[str, Callable[[], bytes]]  # By key: what reads the bytes.


def read_torch(path: Path) -> Any:
    """What ``torch.save`` wrote, in the archives of today or the plain files before torch 1.6.

    Numbers, strings, bytes, plain containers, OrderedDicts (as dictionaries), numpy arrays and
    tensors are admitted. A tensor is a :class:`StoredTensor`, read when it is asked for.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is truncated, damaged, of another kind, or names anything else; the
            file is named, and so is what it names.

    Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
    """
    try:
        with path.open("rb") as file:
            is_archive = file.read(len(MAGIC)) == MAGIC
            file.seek(0)
            return _read_archive(path, file) if is_archive else _read_legacy(path, file)
    except FileNotFoundError:
        raise
    except (*UNREADABLE, *UNREADABLE_ARCHIVE, struct.error) as error:
        reason = str(error) or type(error).__name__
        raise ValueError(
            f"{path} must be a whole file of torch.save with numbers and plain containers: {reason}"
        ) from None


class StoredTensor:
    """A tensor of a file: where its numbers are.

    Args:
        storage: Reads all numbers of the storage, as bytes; None of a kind that isn't known.
        dtype: Of the numbers.
        offset: Which is the first.
        shape: Of the tensor.
    """

    def __init__(self, storage: Any, offset: Any = 0, shape: Any = (), *_: Any) -> None:
        self._storage = storage
        self._offset = offset
        self.shape = tuple(shape)

    def item(self) -> float:
        """The number of a tensor that holds one.

        Raises:
            ValueError: If it holds more or none, or its storage is missing, damaged or of a kind
                that is not known.
        """
        if any(size != 1 for size in self.shape):
            raise ValueError(f"a tensor must hold one number, got shape {self.shape}")
        if not isinstance(self._storage, _Storage):
            raise ValueError("a tensor must have a storage, got none")
        return self._storage.number(self._offset)


class _Storage:
    """The numbers that tensors share, before they are read."""

    def __init__(self, storages: Storages, persistent_id: Any) -> None:
        is_storage = isinstance(persistent_id, tuple) and len(persistent_id) >= 3
        what, kind, key = persistent_id[:3] if is_storage else (None,) * 3
        if what != "storage" or not (isinstance(kind, str) and isinstance(key, str)):
            raise pickle.UnpicklingError(f"got the persistent id {describe(persistent_id)}")
        self.kind, self.key = kind, key
        self._storages = storages

    def number(self, place: Any) -> float:
        """The number at a place.

        Raises:
            ValueError: If there is none, or its kind isn't known.
        """
        if self.kind not in DTYPES or self.key not in self._storages:
            raise ValueError(f"a tensor must be of numbers that are stored, got {self.kind}")
        try:
            numbers = np.frombuffer(self._storages[self.key](), np.dtype(DTYPES[self.kind]))
        except UNREADABLE_ARCHIVE as error:
            raise ValueError(f"a tensor must be stored whole: {error}") from None
        if not isinstance(place, int) or not 0 <= place < len(numbers):
            raise ValueError(f"a tensor must begin within its storage, got {place!r}")
        return float(numbers[place])


class _TorchUnpickler(RestrictedUnpickler):
    """Knows tensors and where they are stored; notes the kind of each storage."""

    def __init__(self, file: IO[bytes], storages: Storages, kinds: dict[str, str]) -> None:
        super().__init__(file, TORCH_ADMITTED)
        self._storages = storages
        self._kinds = kinds

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Stand-ins of what is admitted; the name of a kind of storage."""
        if module_name == "torch" and global_name.endswith("Storage"):
            return global_name
        return super().find_class(module_name, global_name)

    def persistent_load(self, persistent_id: Any, /) -> _Storage:
        """A storage that tensors share."""
        storage = _Storage(self._storages, persistent_id)
        self._kinds[storage.key] = storage.kind
        return storage


class _Dictionary(dict[Any, Any]):
    """An OrderedDict, whose attributes (such as a module's versions) are passed over."""

    def __setstate__(self, state: Any) -> None:
        pass


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


TORCH_ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    **ADMITTED,
    ("collections", "OrderedDict"): _Dictionary,
    ("torch._utils", "_rebuild_tensor"): StoredTensor,
    ("torch._utils", "_rebuild_tensor_v2"): StoredTensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
}
for _module in ("builtins", "__builtin__"):  # Of Python 3 and 2.
    TORCH_ADMITTED[_module, "set"] = set
    TORCH_ADMITTED[_module, "frozenset"] = frozenset


def _read_archive(path: Path, file: IO[bytes]) -> Any:
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        pickles = [name for name in entries if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError(f"it must hold one data.pkl, got {len(pickles)}")
        root = pickles[0].removesuffix("data.pkl")
        for entry in entries.values():
            if entry.file_size > max(MOST_INFLATED, path.stat().st_size):
                raise ValueError(f"{entry.filename} is said to take {entry.file_size} bytes")
        order = root + "byteorder"
        if order in entries and archive.read(order) != b"little":
            raise ValueError(BIG_ENDIAN)
        content = archive.read(pickles[0])  # Checked against its CRC-32.
    check_opcodes(content)
    prefix = f"{root}data/"
    stored = {name.removeprefix(prefix): name for name in entries if name.startswith(prefix)}
    storages: Storages = {key: partial(_read_entry, path, name) for key, name in stored.items()}
    return _TorchUnpickler(io.BytesIO(content), storages, {}).load()


def _read_entry(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def _read_legacy(path: Path, file: IO[bytes]) -> Any:
    """Five pickles: a magic number, a version, the machine, the object, keys; then storages."""
    storages: Storages = {}
    kinds: dict[str, str] = {}
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = 0

        def load() -> Any:
            nonlocal place
            behind = check_opcodes(content, place)
            file.seek(place)
            place = behind
            return _TorchUnpickler(file, storages, kinds).load()

        if load() != LEGACY_MAGIC:
            raise ValueError("its first number is not that of torch")
        if (version := load()) != LEGACY_VERSION:
            raise ValueError(f"its version must be {LEGACY_VERSION}, got {describe(version)}")
        machine = load()
        if not isinstance(machine, dict) or machine.get("little_endian") is not True:
            raise ValueError(BIG_ENDIAN)
        found, keys = load(), load()
        for key in keys:
            (count,) = struct.unpack_from("<q", content, place)
            place += 8
            width = WIDTHS.get(kinds.get(key, ""), 0)
            if not (width and 0 <= count * width <= len(content) - place):
                raise ValueError(f"storage {describe(key)} must end within the file")
            storages[key] = partial(_read_slice, path, place, count * width)
            place += count * width
        if place != len(content):
            raise ValueError(
                f"it must end with its storages, got {len(content) - place} bytes more"
            )
        return found


def _read_slice(path: Path, start: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(length)
