"""Files that are whole or absent: each is written beside its place and renamed over it.

A kill between two instructions then leaves the old file or the new one, never half of one.
"""

import contextlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

TEMPORARY = re.compile(r"\..+\.\d+\.\d+")  # .name.process.thread: what write_bytes renames.


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """A stream for what replaces the file at ``path`` in one step, when all of it is written.

    Its folder is made if need be. If the block raises, the old file stays as it is.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of a name of its own, so that two threads or processes never write into one file.
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with open(beside, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_bytes(path: str | Path, data: bytes) -> None:
    """Replaces the file at ``path`` by ``data`` in one step, making its folder if need be."""
    with replacing(path) as stream:
        stream.write(data)


def write_text(path: str | Path, text: str) -> None:
    """Replaces the file at ``path`` by ``text`` (UTF-8) in one step."""
    write_bytes(path, text.encode())


def write_folder(path: str | Path, write: Callable[[Path], object]) -> None:
    """Replaces the folder at ``path`` by one that ``write`` fills, all of its files or none.

    After a kill :func:`recover_folder` puts the old folder or the new one in its place.

    Args:
        path: The folder.
        write: Is given an empty folder beside it.
    """
    path = Path(path)
    new, old = _beside(path)
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        write(new)
        if path.exists():
            os.replace(path, old)
        os.replace(new, path)
    except BaseException:
        recover_folder(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def recover_folder(path: str | Path) -> None:
    """Ends what a kill cut short in :func:`write_folder`; else changes nothing."""
    path = Path(path)
    new, old = _beside(path)
    if old.exists() and not path.exists():  # The new one is whole, or the old would be in place.
        os.replace(new if new.exists() else old, path)
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)


def _beside(path: Path) -> tuple[Path, Path]:
    return path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.old")


def remove_leftovers(directory: str | Path) -> None:
    """Removes what kills left of :func:`write_bytes` in a folder that nobody writes to now."""
    for path in Path(directory).glob(".*"):
        if TEMPORARY.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)


def write_document(
    path: str | Path, content: Mapping[str, Any], *, kind: str, version: int
) -> None:
    """Writes ``content`` as JSON that any reader takes, headed by what it is.

    Args:
        path: The file.
        content: JSON-safe values; numbers must be finite, for JSON knows no NaN.
        kind: What the document is, such as ``"gemcore.encoder"``.
        version: Of the layout of this kind.

    Raises:
        ValueError: If a number is not finite.
    """
    document = {"format": kind, "version": version, **content}
    write_text(path, json.dumps(document, indent=1, allow_nan=False) + "\n")


def read_document(path: str | Path, *, kind: str, version: int) -> dict[str, Any]:
    """The content that :func:`write_document` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is corrupt, of another kind, or of a newer version; it is named.
    """
    data = Path(path).read_bytes()
    try:
        document = json.loads(data, parse_constant=_refuse_constant)
    except (UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"{path} must hold JSON, got a corrupt file: {error}") from error
    if not isinstance(document, dict) or document.get("format") != kind:
        found = document.get("format") if isinstance(document, dict) else type(document).__name__
        raise ValueError(f"{path} must be a document of format {kind!r}, got {found!r}")
    found = document.get("version")
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= version:
        raise ValueError(
            f"{path} must have a version from 1 to {version} (a newer one needs a newer gemcore), "
            f"got {found!r}"
        )
    return {key: value for key, value in document.items() if key not in ("format", "version")}


def _refuse_constant(token: str) -> float:
    raise ValueError(f"{token} is not JSON")


def write_tensors(path: str | Path, tensors: Mapping[str, Tensor]) -> None:
    """Writes tensors as safetensors, in one step.

    Weights in channels_last format count as non-contiguous for safetensors: they are copied to
    the plain order of their dimensions first.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_bytes(path, safetensors.torch.save(plain))


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, on the CPU.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is corrupt or no safetensors file; it is named.
    """
    data = Path(path).read_bytes()
    try:
        # Copies lie where torch wants them: how memory is aligned can decide about last bits.
        return {name: tensor.clone() for name, tensor in safetensors.torch.load(data).items()}
    except (SafetensorError, KeyError, ValueError) as error:
        raise ValueError(
            f"{path} must be a safetensors file, got a corrupt one: {error}"
        ) from error
