"""Pairs from shards: mapped into memory, shuffled by block, shared by workers and ranks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gemcore.arguments import check_int, check_seed, check_type
from gemcore.cell_batch import CellBatch
from gemcore.packing import check_op_names, check_packed
from gemcore.pair_mixture import PairKind
from gemcore.pair_shards.layout import Arrays
from gemcore.pair_shards.manifest import Manifest
from gemcore.pair_shards.mapping import ShardMap, check_size
from gemcore.pairs import PairBatch
from gemcore.philox import Stream, numpy_generator
from gemcore.sharing import SharedDataset

MOST_MAPS = 4  # A batch lies in one shard, or few; the next one mostly in the same.


@dataclass(frozen=True, eq=False)
class PairShards(SharedDataset[PairBatch]):
    """The pairs of a folder that ``gemcore pairs`` wrote, once an epoch.

    Batch k holds the pairs from ``k * batch_size`` on, so that without shuffling it is batch k of
    the :class:`gemcore.PairStream` that was written; the last one may be shorter. Shuffled, whole
    shards come in random order, and in each the batches that begin in it: pairs are independent of
    their neighbors anyway, and a disk is read in long pieces.

    The files are mapped, not read: memory is taken for a batch alone, and the arrays of its cells
    lie in the file where they can. In a ``torch.utils.data.DataLoader`` (give it
    ``batch_size=None``) workers and ranks share the batches as those of a stream, each yielded
    once; where their number is no multiple of that of the ranks, some ranks have one more.

    Each batch is checked to hold graphs, so that a damaged file can't do worse than give wrong
    ones; whether they are those that were written, ``gemcore pairs --verify`` tells.

    Args:
        directory: The folder.
        batch_size: Pairs in a batch.
        seed: 0 .. 2^64 - 1; of the order.
        shuffle: Whether batches come in random order, else in that of the stream.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If a number is out of range, the manifest is corrupt, shards are still to be
            written, or one is of another size than it must; the file is named.
        FileNotFoundError: If the manifest or a shard is missing.

    Example:
        >>> import tempfile
        >>> from gemcore import PairStream, SearchSpace
        >>> from gemcore.pair_shards import write_pair_shards
        >>> with tempfile.TemporaryDirectory() as out:
        ...     write_pair_shards(PairStream(SearchSpace(5)), out, num_pairs=10, shard_size=6)
        ...     shards = PairShards(out, batch_size=4)
        ...     len(shards), sorted(batch.start for batch in shards)
        (3, [0, 4, 8])
    """

    directory: str | Path
    batch_size: int = 4096
    seed: int = 0
    shuffle: bool = True
    _manifest: Manifest = field(init=False, repr=False)
    _op_names: tuple[Any, ...] = field(init=False, repr=False)
    _maps: dict[int, ShardMap] = field(init=False, repr=False, default_factory=dict)
    _orders: dict[int, NDArray[np.int64]] = field(init=False, repr=False, default_factory=dict)
    _epoch: Tensor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_type("directory", self.directory, (str, Path))
        check_int("batch_size", self.batch_size, 1)
        check_seed(self.seed)
        check_type("shuffle", self.shuffle, bool)
        manifest = Manifest.read(self._folder)
        if len(manifest.digests) < manifest.num_shards:
            raise ValueError(
                f"directory must hold all of its {manifest.num_shards} shards, got "
                f"{len(manifest.digests)} in {str(self.directory)!r}: the command that wrote them "
                "goes on where it ended"
            )
        for number in range(manifest.num_shards):
            check_size(self._folder / manifest.file_of(number), manifest.layout_of(number))
        object.__setattr__(self, "_manifest", manifest)
        object.__setattr__(self, "_op_names", check_op_names(manifest.settings["op_names"]))
        # Shared with the workers, those that live on from epoch to epoch among them.
        epoch = torch.zeros((), dtype=torch.int64)
        object.__setattr__(self, "_epoch", epoch.share_memory_())  # type: ignore[no-untyped-call]

    @property
    def num_pairs(self) -> int:
        """Pairs in all shards."""
        return self._manifest.num_pairs

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the pairs, as the manifest says: seed, space, mixture, similarity, ..."""
        return dict(self._manifest.settings)

    def set_epoch(self, epoch: int) -> None:
        """Sets which of the random orders the next iteration takes; it is 0 before.

        Raises:
            ValueError: If it is negative.
        """
        self._epoch.fill_(check_int("epoch", epoch, 0, 2**62))

    def __len__(self) -> int:
        """Batches that this rank yields."""
        rank, num_ranks = self._rank()
        return len(range(rank, self._num_batches, num_ranks))

    def __iter__(self) -> Iterator[PairBatch]:
        part, num_parts = self._part()
        first = int(self._epoch) * self._num_batches
        for place in range(part, self._num_batches, num_parts):
            yield self.batch(first + place)

    def batch(self, step: int) -> PairBatch:
        """What comes at a step of going through the folder epoch after epoch, 0 the first.

        Raises:
            ValueError: If the step is negative, or a file is damaged, which is named.
        """
        epoch, place = divmod(check_int("step", step, 0), self._num_batches)
        if epoch not in self._orders:
            self._orders.clear()
            self._orders[epoch] = self._order(epoch)
        start = int(self._orders[epoch][place]) * self.batch_size
        return self.pairs(start=start, num_pairs=min(self.batch_size, self.num_pairs - start))

    def pairs(self, *, start: int, num_pairs: int) -> PairBatch:
        """The pairs ``start`` .. ``start + num_pairs - 1`` of the stream that was written.

        Raises:
            ValueError: If a number is out of range, or a file is damaged; it is named.
        """
        start = check_int("start", start, 0, self.num_pairs)
        num_pairs = check_int("num_pairs", num_pairs, 0, self.num_pairs - start)
        size = self._manifest.shard_size
        first = min(start, self.num_pairs - 1) // size
        last = max(start + num_pairs - 1, start) // size if num_pairs else first
        parts = []
        for number in range(first, last + 1):
            begin = number * size
            pairs = slice(max(start - begin, 0), max(start + num_pairs - begin, 0))
            parts.append(self._map(number)[pairs])
        try:
            return self._batch(_joined(parts), start)
        except ValueError as error:
            files = " or ".join(self._manifest.file_of(k) for k in range(first, last + 1))
            raise ValueError(
                f"{self._folder / files} is damaged: {error}; gemcore pairs --verify says which "
                "shards are"
            ) from error

    def _batch(self, arrays: Arrays, start: int) -> PairBatch:
        similarity, kind = arrays["similarity"], arrays["kind"]
        if not ((similarity >= 0) & (similarity <= 1)).all():
            raise ValueError("similarity must be in 0 .. 1, got others")
        if (kind > max(PairKind)).any():
            raise ValueError(f"kind must be in 0 .. {max(PairKind)}, got others")
        return PairBatch(
            self._cells(arrays, "a"),
            self._cells(arrays, "b"),
            torch.from_numpy(similarity.copy()),  # Copies: torch has no tensors that are read-only.
            torch.from_numpy(kind.copy()),
            start,
        )

    def _cells(self, arrays: Arrays, side: str) -> CellBatch:
        packed = arrays[f"adjacency_{side}"], arrays[f"ops_{side}"], arrays[f"sizes_{side}"]
        check_packed(*packed, len(self._op_names))
        return CellBatch.from_native(*packed, self._op_names)

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """Numbers of all batches, in the order of an epoch."""
        numbers = np.arange(self._num_batches)
        if not self.shuffle:
            return numbers
        bits = numpy_generator(self.seed, Stream.SHARD_ORDER, epoch).bit_generator
        of_shard = bits.random_raw(self._manifest.num_shards)
        of_batch = bits.random_raw(self._num_batches)
        shard = numbers * self.batch_size // self._manifest.shard_size
        return np.lexsort((of_batch, of_shard[shard]))

    @property
    def _num_batches(self) -> int:
        return -(-self.num_pairs // self.batch_size)

    @property
    def _folder(self) -> Path:
        return Path(self.directory)

    def _map(self, number: int) -> ShardMap:
        if number not in self._maps:
            while len(self._maps) >= MOST_MAPS:
                self._maps.pop(next(iter(self._maps)), None)
            path = self._folder / self._manifest.file_of(number)
            self._maps[number] = ShardMap(path, self._manifest.layout_of(number))
        return self._maps[number]

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_maps": {}, "_orders": {}}


def _joined(parts: list[Arrays]) -> Arrays:
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
