"""Training pairs on disk: shards of plain tensors, and a manifest that says what they are."""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_int, check_type
from gemcore.atomic_files import replacing, write_document
from gemcore.pairs import MAX_INDEX, PairBatch, PairStream
from gemcore.plain_config import to_plain
from gemcore.progress import progress_bar
from gemcore.space import SearchSpace

DOCUMENT = "gemcore.pairs"
VERSION = 1
MANIFEST = "manifest.json"
DTYPES = {"uint64": "U64", "float32": "F32", "uint16": "U16", "uint8": "U8"}  # As safetensors says.

Arrays = dict[str, NDArray[Any]]


def write_pair_shards(
    stream: PairStream,
    out: str | Path,
    *,
    num_pairs: int,
    shard_size: int = 1_000_000,
    progress: bool = False,
) -> None:
    """Writes the first pairs of a stream as ``pairs-00000.safetensors``, ... and a manifest.

    A shard holds consecutive pairs, B of them, as tensors that
    :class:`gemcore.CellBatch` takes as they are:

    - ``adjacency_a``, ``adjacency_b``: uint64 ``[B, N, W]``; ``ops_a``, ``ops_b``: uint8
      ``[B, N]``; ``sizes_a``, ``sizes_b``: uint16 ``[B]``;
    - ``similarity``: float32 ``[B]``; ``kind``: a :class:`gemcore.PairKind`, uint8 ``[B]``.

    ``manifest.json`` has what decides the pairs (seed, space, mixture, similarity), the names of
    the operations, and file, first pair, number of pairs and SHA-256 of each finished shard. It
    is rewritten after each one, so that what it lists is whole even after a kill.

    Args:
        stream: The pairs, of a :class:`gemcore.SearchSpace`.
        out: A folder, new or empty.
        num_pairs: How many in all, 1 or more.
        shard_size: Most pairs in a file, 1 or more. Memory is taken for a batch alone.
        progress: Whether to show a bar.

    Raises:
        TypeError: If an argument is of another kind, or the stream is one over given cells.
        ValueError: If a number is out of range, or the folder is not empty.
        OSError: If the folder cannot be written.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> stream = PairStream(SearchSpace.preset("small"), batch_size=4)
        >>> with tempfile.TemporaryDirectory() as out:
        ...     write_pair_shards(stream, out, num_pairs=10, shard_size=6)
        ...     sorted(path.name for path in Path(out).iterdir())
        ['manifest.json', 'pairs-00000.safetensors', 'pairs-00001.safetensors']
    """
    check_type("stream", stream, PairStream)
    check_type("stream.space", stream.space, SearchSpace)
    num_pairs = check_int("num_pairs", num_pairs, 1, MAX_INDEX)
    shard_size = check_int("shard_size", shard_size, 1)
    folder = _claim(Path(out))
    manifest = _head(stream, num_pairs, shard_size)
    shards: list[dict[str, Any]] = []
    with progress_bar(num_pairs, "pairs", enabled=progress, unit="pair") as bar:
        bar.unit_scale = True  # Millions are read easier as 1.00M.
        for start in range(0, num_pairs, shard_size):
            _write_manifest(folder, manifest, shards)
            name = f"pairs-{len(shards):05}.safetensors"
            stop = min(start + shard_size, num_pairs)
            digest = _write_shard(folder / name, stream, range(start, stop), bar)
            shards.append(
                {"file": name, "start": start, "num_pairs": stop - start, "sha256": digest}
            )
    _write_manifest(folder, manifest, shards)


def _claim(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(path.name for path in folder.iterdir())
    if found:
        raise ValueError(
            f"out must be a new or empty folder, got {str(folder)!r}, which holds {found[0]}"
        )
    return folder


def _head(stream: PairStream, num_pairs: int, shard_size: int) -> dict[str, Any]:
    weights = stream.round_weights
    return {
        "gemcore": version("gemcore"),
        "seed": stream.seed,
        "num_pairs": num_pairs,
        "shard_size": shard_size,
        "space": to_plain(stream.space),
        "op_names": list(stream.space.op_names),
        "mixture": to_plain(stream.mixture),
        "prune": stream.prune,
        "similarity": {
            "n_iter": stream.n_iter,
            "direction": stream.direction,
            "round_weights": None if weights is None else list(map(float, weights)),
            "labels": stream.labels,
        },
    }


def _write_manifest(
    folder: Path, manifest: Mapping[str, Any], shards: list[dict[str, Any]]
) -> None:
    content = {**manifest, "shards": shards}
    write_document(folder / MANIFEST, content, kind=DOCUMENT, version=VERSION)


def _write_shard(path: Path, stream: PairStream, pairs: range, bar: Any) -> str:
    """Writes a file batch by batch, each tensor at its place, and returns its SHA-256."""
    header, places = _layout(_arrays(stream.pairs(start=0, num_pairs=0)), len(pairs))
    with replacing(path) as file:
        file.write(header)
        for start in pairs[:: stream.batch_size]:
            num_pairs = min(stream.batch_size, pairs.stop - start)
            for name, array in _arrays(stream.pairs(start=start, num_pairs=num_pairs)).items():
                item = array.itemsize * int(np.prod(array.shape[1:]))
                file.seek(places[name] + item * (start - pairs.start))
                file.write(np.ascontiguousarray(array).data)
            bar.update(num_pairs)
    with open(path, "rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def _arrays(batch: PairBatch) -> Arrays:
    """The tensors of a shard, those of wide numbers first, as alignment wants it."""
    a, b = batch.cells_a, batch.cells_b
    return {
        "adjacency_a": a.adjacency,
        "adjacency_b": b.adjacency,
        "similarity": batch.similarity.numpy(),
        "sizes_a": a.sizes,
        "sizes_b": b.sizes,
        "ops_a": a.ops,
        "ops_b": b.ops,
        "kind": batch.kind.numpy(),
    }


def _layout(arrays: Arrays, num_pairs: int) -> tuple[bytes, dict[str, int]]:
    """The header of a safetensors file, and where in the file each tensor begins.

    The format is a length (8 bytes, little endian), that many bytes of JSON, and the tensors one
    after the other. It is written here because the library wants whole tensors in memory.
    """
    entries, begins, end = {}, {}, 0
    for name, array in arrays.items():
        shape = [num_pairs, *array.shape[1:]]
        begins[name], end = end, end + array.itemsize * int(np.prod(shape))
        offsets = [begins[name], end]
        entries[name] = {"dtype": DTYPES[array.dtype.name], "shape": shape, "data_offsets": offsets}
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    header = len(text).to_bytes(8, "little") + text
    return header, {name: len(header) + begin for name, begin in begins.items()}
