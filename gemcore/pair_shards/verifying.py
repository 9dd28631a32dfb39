"""Which shards of a folder are missing or corrupted, and how they are written anew."""

import hashlib
from pathlib import Path

from gemcore.pair_shards.claim import writing_alone
from gemcore.pair_shards.manifest import Manifest
from gemcore.pair_shards.writing import told, write_shards
from gemcore.progress import progress_bar

NOT_WRITTEN = "is not written yet"


def find_faults(out: str | Path, *, progress: bool = False) -> dict[str, str]:
    """What is wrong in a folder of shards: each file that is not whole, and why.

    Each shard of the manifest's range must be listed and there, with its size, its header and its
    SHA-256. Every byte is read; nothing is changed.

    Args:
        out: A folder that :func:`gemcore.pair_shards.write_pair_shards` wrote.
        progress: Whether to show a bar.

    Returns:
        The names of the files in order; empty if all is whole.

    Raises:
        FileNotFoundError: If there is no manifest.
        ValueError: If the manifest is corrupt, or what it lists leaves gaps or overlaps.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from gemcore import PairStream, SearchSpace
        >>> from gemcore.pair_shards import write_pair_shards
        >>> with tempfile.TemporaryDirectory() as out:
        ...     write_pair_shards(PairStream(SearchSpace(1)), out, num_pairs=10, shard_size=6)
        ...     (Path(out) / "pairs-00001.safetensors").unlink()
        ...     find_faults(out)
        {'pairs-00001.safetensors': 'is missing'}
    """
    folder = Path(out)
    manifest = Manifest.read(folder)
    found = _faults(folder, manifest, progress)
    return {manifest.file_of(number): fault for number, fault in found.items()}


def repair_pair_shards(out: str | Path, *, progress: bool = False) -> list[str]:
    """Writes anew what :func:`find_faults` finds, with the settings of the folder.

    Returns:
        The names of the files that were written.

    Raises:
        FileNotFoundError: If there is no manifest.
        ValueError: If the manifest is corrupt.
        RuntimeError: If another process writes the folder, the system refuses to, or a shard
            comes out with another SHA-256 than is listed; it is not written then.
    """
    folder = Path(out)
    Manifest.read(folder)  # A folder without one is not even locked.
    with told(folder), writing_alone(folder):
        manifest = Manifest.read(folder)
        stream = manifest.stream()
        numbers = list(_faults(folder, manifest, progress))
        write_shards(folder, stream, manifest, numbers, progress=progress)
    return [manifest.file_of(number) for number in numbers]


def _faults(folder: Path, manifest: Manifest, progress: bool) -> dict[int, str]:
    faults = {}
    with progress_bar(manifest.num_pairs, "verify", enabled=progress, unit="pair") as bar:
        bar.unit_scale = True
        for number in range(manifest.num_shards):
            if fault := _fault(folder, manifest, number):
                faults[number] = fault
            bar.update(len(manifest.pairs_of(number)))
    return faults


def _fault(folder: Path, manifest: Manifest, number: int) -> str | None:
    if number not in manifest.digests:
        return NOT_WRITTEN
    path = folder / manifest.file_of(number)
    layout = manifest.layout_of(number)
    try:
        with open(path, "rb") as file:
            size = path.stat().st_size
            if size != layout.num_bytes:
                return f"has {size} bytes instead of {layout.num_bytes}"
            if file.read(len(layout.header)) != layout.header:
                return "has another header"
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error}"
    return None if digest == manifest.digests[number] else "has another SHA-256"
