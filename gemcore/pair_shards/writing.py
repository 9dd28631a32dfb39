"""Writes the pairs of a stream as shards, and goes on where a kill ended that."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gemcore.arguments import check_int, check_type
from gemcore.atomic_files import replacing
from gemcore.pair_shards.claim import is_ours, writing_alone
from gemcore.pair_shards.layout import arrays_of
from gemcore.pair_shards.manifest import MANIFEST, Manifest, settings_of
from gemcore.pairs import MAX_INDEX, PairStream
from gemcore.plain_difference import plain_difference
from gemcore.progress import progress_bar
from gemcore.space import SearchSpace


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

    The same call with the same folder goes on: shards that are listed and there in full size are
    kept, all others are written, and in the end each byte is that of an undisturbed run. More
    pairs than before extend the folder.

    Args:
        stream: The pairs, of a :class:`gemcore.SearchSpace`.
        out: A folder, new or empty, or one of the same pairs.
        num_pairs: How many in all, 1 or more, and as many as lie there.
        shard_size: Most pairs in a file, 1 or more. Memory is taken for a batch alone.
        progress: Whether to show a bar.

    Raises:
        TypeError: If an argument is of another kind, or the stream is one over given cells.
        ValueError: If a number is out of range, or the folder holds other pairs or other files;
            nothing is touched then.
        RuntimeError: If another process writes the folder, or the system refuses to, as a full
            disk does; all whole shards stay.

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
    wanted = Manifest(settings_of(stream), num_pairs, shard_size, {})
    folder = Path(out)
    going_on(folder, wanted)  # What is refused leaves not even a lock behind.
    folder.mkdir(parents=True, exist_ok=True)
    with told(folder), writing_alone(folder):
        manifest = going_on(folder, wanted)
        missing = [k for k in range(manifest.num_shards) if not _is_there(folder, manifest, k)]
        write_shards(folder, stream, manifest, missing, progress=progress)


def going_on(folder: Path, wanted: Manifest) -> Manifest:
    """What is wanted, with the whole shards that lie in the folder.

    Raises:
        ValueError: If the folder holds other pairs, more of them, or other files.
    """
    if not (folder / MANIFEST).exists():
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        if foreign := [name for name in names if not is_ours(name)]:
            raise ValueError(
                f"out must be a new or empty folder, got {str(folder)!r}, which holds "
                f"{foreign[0]} and no {MANIFEST}"
            )
        return wanted
    found = Manifest.read(folder)
    _check_same(folder, found.compared, wanted.compared)
    if wanted.num_pairs < found.num_written:
        raise ValueError(
            f"num_pairs must be >= {found.num_written}, the pairs in {str(folder)!r}, got "
            f"{wanted.num_pairs}"
        )
    # A last shard that was shorter than it is to be is written anew.
    kept = {k: d for k, d in found.digests.items() if found.pairs_of(k) == wanted.pairs_of(k)}
    return replace(wanted, digests=kept)


def check_same_pairs(
    stream: PairStream, out: str | Path, *, num_pairs: int, shard_size: int
) -> None:
    """Raises unless the shards of a folder are, or will be, just those of a call.

    Raises:
        FileNotFoundError: If there is no manifest.
        ValueError: If it is corrupt, or a setting differs.
    """
    found = Manifest.read(Path(out))
    wanted = Manifest(settings_of(stream), num_pairs, shard_size, {})
    _check_same(
        Path(out),
        {"num_pairs": found.num_pairs, **found.compared},
        {"num_pairs": num_pairs, **wanted.compared},
    )


def write_shards(
    folder: Path,
    stream: PairStream,
    manifest: Manifest,
    numbers: Iterable[int],
    *,
    progress: bool,
) -> None:
    """Writes some shards of a folder that is claimed, and lists each as soon as it is whole."""
    numbers = list(numbers)
    to_do = sum(len(manifest.pairs_of(number)) for number in numbers)
    total = manifest.num_pairs
    with progress_bar(total, "pairs", enabled=progress, unit="pair", done=total - to_do) as bar:
        bar.unit_scale = True  # Millions are read easier as 1.00M.
        manifest.write(folder)
        for number in numbers:
            digest = _write_shard(folder, stream, manifest, number, bar)
            if manifest.digests.get(number) != digest:
                manifest = replace(manifest, digests={**manifest.digests, number: digest})
                manifest.write(folder)


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Within it, what the system refuses becomes a RuntimeError that names the folder."""
    try:
        yield
    except OSError as error:
        raise RuntimeError(
            f"[pairs] {str(folder)!r} cannot be written: {error}; whole shards are kept, and the "
            "same command goes on"
        ) from error


def _check_same(folder: Path, there: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    if difference := plain_difference(there, now):
        raise ValueError(
            f"out must be a new folder or one of the same pairs, got {str(folder)!r}, whose "
            f"settings differ (there -> now):\n{difference}"
        )


def _is_there(folder: Path, manifest: Manifest, number: int) -> bool:
    path = folder / manifest.file_of(number)
    size = path.stat().st_size if path.is_file() else -1
    return number in manifest.digests and size == manifest.layout_of(number).num_bytes


def _write_shard(
    folder: Path, stream: PairStream, manifest: Manifest, number: int, bar: Any
) -> str:
    """Writes a file batch by batch, each tensor at its place, and returns its SHA-256."""
    name, pairs = manifest.file_of(number), manifest.pairs_of(number)
    layout = manifest.layout_of(number)
    with replacing(folder / name) as file:
        file.write(layout.header)
        for start in pairs[:: stream.batch_size]:
            batch = stream.pairs(start=start, num_pairs=min(stream.batch_size, pairs.stop - start))
            for tensor, array in arrays_of(batch).items():
                place = layout.places[tensor]
                file.seek(place.begin + place.item_bytes * (start - pairs.start))
                file.write(np.ascontiguousarray(array).data)
            bar.update(len(batch))
        file.flush()
        with open(file.name, "rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        _check_digest(folder / name, manifest.digests.get(number), digest)
    return digest


def _check_digest(path: Path, listed: str | None, digest: str) -> None:
    """A shard that is written anew holds the bytes that it held before, or is no part of these."""
    if listed not in (None, digest):
        raise RuntimeError(
            f"[pairs] {path} written anew must have the SHA-256 of {MANIFEST}, got another: this "
            "version of gemcore makes other pairs, or the manifest is damaged; choose another "
            "folder"
        )
