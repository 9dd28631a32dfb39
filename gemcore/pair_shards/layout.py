"""Where things lie in a shard: a safetensors file of consecutive pairs."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.packing import words_for
from gemcore.pairs import PairBatch

Arrays = Mapping[str, NDArray[Any]]

DTYPES = {"uint64": "U64", "float32": "F32", "uint16": "U16", "uint8": "U8"}  # As safetensors says.


@dataclass(frozen=True)
class TensorPlace:
    """One tensor of a shard: its kind, and its first byte in the file."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int

    @property
    def item_bytes(self) -> int:
        """Bytes that one pair takes."""
        return self.dtype.itemsize * math.prod(self.shape[1:])

    @property
    def num_bytes(self) -> int:
        """Bytes in all."""
        return self.item_bytes * self.shape[0]


@dataclass(frozen=True)
class ShardLayout:
    """The file of ``num_pairs`` pairs of cells of at most ``num_nodes`` nodes.

    A safetensors file is a length (8 bytes, little endian), that many bytes of JSON, and the
    tensors one after the other. Its parts are written and mapped from here, because the library
    wants whole tensors in memory.
    """

    num_nodes: int
    num_pairs: int

    @cached_property
    def header(self) -> bytes:
        """The bytes before the first tensor, a multiple of 8."""
        entries, end = {}, 0
        for name, (dtype, item_shape) in self._tensors().items():
            shape = (self.num_pairs, *item_shape)
            begin, end = end, end + dtype.itemsize * math.prod(shape)
            entries[name] = {
                "dtype": DTYPES[dtype.name],
                "shape": list(shape),
                "data_offsets": [begin, end],
            }
        text = json.dumps(entries, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        return len(text).to_bytes(8, "little") + text

    @cached_property
    def places(self) -> dict[str, TensorPlace]:
        """Where each tensor lies."""
        places, begin = {}, len(self.header)
        for name, (dtype, item_shape) in self._tensors().items():
            places[name] = TensorPlace(dtype, (self.num_pairs, *item_shape), begin)
            begin += places[name].num_bytes
        return places

    @property
    def num_bytes(self) -> int:
        """Size of the file."""
        return len(self.header) + sum(place.num_bytes for place in self.places.values())

    def _tensors(self) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
        """Those of wide numbers first, as alignment wants it; shapes without the pairs."""
        edges = np.dtype(np.uint64), (self.num_nodes, words_for(self.num_nodes))
        ops = np.dtype(np.uint8), (self.num_nodes,)
        sizes: tuple[np.dtype[Any], tuple[int, ...]] = np.dtype(np.uint16), ()
        return {
            "adjacency_a": edges,
            "adjacency_b": edges,
            "similarity": (np.dtype(np.float32), ()),
            "sizes_a": sizes,
            "sizes_b": sizes,
            "ops_a": ops,
            "ops_b": ops,
            "kind": (np.dtype(np.uint8), ()),
        }


def arrays_of(batch: PairBatch) -> Arrays:
    """The tensors of a shard, for the pairs of a batch."""
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
