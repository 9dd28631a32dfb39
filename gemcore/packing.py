"""Packed graphs as numpy arrays: packing, unpacking, and the checks of what comes from outside."""

import hashlib
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from gemcore.topology import MAX_NODES, batched_topological_order, node_on_cycle

ABSENT = 255
MAX_OPS = 255


def words_for(num_nodes: int) -> int:
    """Number of 64-bit words in a row of the adjacency of ``num_nodes`` nodes."""
    return (num_nodes + 63) // 64


def pack(dense: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """0/1 matrices ``[B, N, N]`` to bit rows ``[B, N, W]``."""
    num_graphs, num_nodes = dense.shape[:2]
    padded = np.zeros((num_graphs, num_nodes, words_for(num_nodes) * 64), dtype=np.uint8)
    padded[..., :num_nodes] = dense
    bits = np.packbits(padded, axis=-1, bitorder="little")
    return bits.view(np.dtype("<u8")).astype(np.uint64, copy=False)


def unpack(adjacency: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Bit rows ``[B, N, W]`` to 0/1 matrices ``[B, N, N]``."""
    num_nodes = adjacency.shape[1]
    octets = np.ascontiguousarray(adjacency, dtype=np.dtype("<u8")).view(np.uint8)
    bits = np.unpackbits(octets, axis=-1, bitorder="little", count=num_nodes)
    return np.ascontiguousarray(bits)


def resize(
    adjacency: NDArray[np.uint64], ops: NDArray[np.uint8], sizes: NDArray[np.uint16], num_nodes: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """Adjacency and ops in a batch of another width, which must hold the largest graph."""
    largest = int(sizes.max(initial=1))
    if not largest <= num_nodes <= MAX_NODES:
        raise ValueError(f"num_nodes must be in {largest} .. {MAX_NODES}, got {num_nodes}")
    kept = min(num_nodes, ops.shape[1])
    kept_words = min(words_for(num_nodes), adjacency.shape[2])
    rows = np.zeros((len(sizes), num_nodes, words_for(num_nodes)), dtype=np.uint64)
    rows[:, :kept, :kept_words] = adjacency[:, :kept, :kept_words]
    labels = np.full((len(sizes), num_nodes), ABSENT, dtype=np.uint8)
    labels[:, :kept] = ops[:, :kept]
    return rows, labels


def permute(
    dense: NDArray[np.uint8], ops: NDArray[np.uint8], order: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Matrices ``[B, N, N]`` and ops with node ``order[b, i]`` of graph b at place i."""
    rows = np.arange(len(ops))[:, None]
    matrices = dense[rows[:, :, None], order[:, :, None], order[:, None, :]]
    return matrices, ops[rows, order]


def recode(
    ops: NDArray[np.uint8], old_names: Sequence[Hashable], new_names: Sequence[Hashable]
) -> NDArray[np.uint8]:
    """Ops renumbered from one list of names to another."""
    table = np.full(256, ABSENT, dtype=np.uint8)
    code = {name: i for i, name in enumerate(new_names)}
    used = np.bincount(ops.ravel(), minlength=256)
    for i, name in enumerate(old_names):
        if name in code:
            table[i] = code[name]
        elif used[i]:
            raise ValueError(f"op_names must hold every operation, got none for {name!r}")
    return table[ops]


def label_colors(op_names: Sequence[Hashable]) -> NDArray[np.uint64]:
    """A color for each label that depends on its name alone: uint64 ``[len(op_names)]``.

    The first 64 bits of BLAKE2b of type and text (``repr``) of the label, so equal in every process
    and for every numbering.
    """
    texts = (f"{type(name).__name__} {name!r}" for name in op_names)
    digests = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts]
    return np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def check_op_names(op_names: Sequence[Hashable]) -> tuple[Any, ...]:
    """The names as a tuple, if there are at most 255 and no two are equal."""
    if isinstance(op_names, str):
        raise TypeError(f"op_names must be a sequence of names, got the string {op_names!r}")
    names = tuple(op_names)
    if len(names) > MAX_OPS:
        raise ValueError(f"op_names must hold at most {MAX_OPS} names, got {len(names)}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"op_names must all differ, got {twice!r} twice")
    return names


def read_array(name: str, value: ArrayLike) -> NDArray[Any]:
    """A numpy array of what may be a list, an array or a tensor on any device."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{name} must be a rectangular array, got rows of unequal length"
        ) from None


def read_integers(name: str, value: ArrayLike) -> NDArray[np.int64]:
    """An int64 array of integers; TypeError for any other kind of number."""
    array = read_array(name, value)
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got {array.dtype}")
    return array.astype(np.int64)


def read_dense(
    adjacency: ArrayLike, ops: ArrayLike, sizes: ArrayLike | None, num_ops: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint16]]:
    """Checked matrices, ops and sizes, renumbered where an edge goes from high to low."""
    matrices = _read_matrices(adjacency)
    num_graphs, num_nodes = matrices.shape[:2]
    labels = read_integers("ops", ops)
    if labels.shape != (num_graphs, num_nodes):
        raise ValueError(
            f"ops must have shape [{num_graphs}, {num_nodes}], got {list(labels.shape)}"
        )
    counts = _read_sizes(sizes, num_graphs, num_nodes)
    absent = np.arange(num_nodes) >= counts[:, None]
    wrong = ~absent & ((labels < 0) | (labels >= num_ops))
    if wrong.any():
        graph, node = np.argwhere(wrong)[0]
        value = labels[graph, node]
        raise ValueError(f"ops must be in 0 .. {num_ops - 1}, got {value} at [{graph}, {node}]")
    _check_edges(matrices, absent)
    codes = np.where(absent, ABSENT, labels).astype(np.uint8)
    turned = np.tril(matrices).any(axis=(1, 2))
    if turned.any():
        order = batched_topological_order(matrices)
        cyclic = (order < 0).any(axis=1)
        if cyclic.any():
            graph = int(cyclic.argmax())
            node = node_on_cycle(matrices[graph])
            raise ValueError(
                f"graph {graph}: edges must not close a cycle, got one through node {node}"
            )
        matrices, codes = permute(matrices, codes, order)
    return matrices, codes, counts


def _read_matrices(adjacency: ArrayLike) -> NDArray[np.uint8]:
    matrices = read_array("adjacency", adjacency)
    if matrices.ndim != 3 or matrices.shape[1] != matrices.shape[2]:
        raise ValueError(f"adjacency must have shape [B, N, N], got {list(matrices.shape)}")
    if not 1 <= matrices.shape[1] <= MAX_NODES:
        raise ValueError(f"adjacency must have 1 .. {MAX_NODES} nodes, got {matrices.shape[1]}")
    if matrices.dtype.kind not in "biuf":
        raise TypeError(f"adjacency must be numbers, got {matrices.dtype}")
    if not ((matrices == 0) | (matrices == 1)).all():
        wrong = matrices[(matrices != 0) & (matrices != 1)][0]
        raise ValueError(f"adjacency must hold 0 and 1 alone, got {wrong}")
    return np.ascontiguousarray(matrices, dtype=np.uint8)


def _read_sizes(sizes: ArrayLike | None, num_graphs: int, num_nodes: int) -> NDArray[np.uint16]:
    if sizes is None:
        return np.full(num_graphs, num_nodes, dtype=np.uint16)
    counts = read_integers("sizes", sizes)
    if counts.shape != (num_graphs,):
        raise ValueError(f"sizes must have shape [{num_graphs}], got {list(counts.shape)}")
    if num_graphs and not (counts.min() >= 1 and counts.max() <= num_nodes):
        wrong = counts[(counts < 1) | (counts > num_nodes)][0]
        raise ValueError(f"sizes must be in 1 .. {num_nodes}, got {wrong}")
    return counts.astype(np.uint16)


def _check_edges(matrices: NDArray[np.uint8], absent: NDArray[np.bool_]) -> None:
    loops = np.argwhere(np.diagonal(matrices, axis1=1, axis2=2))
    if len(loops):
        graph, node = loops[0]
        raise ValueError(
            f"adjacency must have no self loops, got one in graph {graph} at node {node}"
        )
    ends = matrices.any(axis=2) | matrices.any(axis=1)
    if (ends & absent).any():
        graph, node = np.argwhere(ends & absent)[0]
        raise ValueError(f"adjacency must not join absent nodes, got graph {graph}, node {node}")


def check_packed(
    adjacency: NDArray[Any], ops: NDArray[Any], sizes: NDArray[Any], num_ops: int
) -> None:
    """Raises unless the three arrays are a batch in packed form."""
    wanted = {"adjacency": np.uint64, "ops": np.uint8, "sizes": np.uint16}
    for (name, dtype), array in zip(wanted.items(), (adjacency, ops, sizes), strict=True):
        if not isinstance(array, np.ndarray) or array.dtype != dtype:
            got = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
            raise TypeError(f"{name} must be an array of {np.dtype(dtype)}, got {got}")
    if ops.ndim != 2 or not 1 <= ops.shape[1] <= MAX_NODES:
        raise ValueError(f"ops must have shape [B, 1 .. {MAX_NODES}], got {list(ops.shape)}")
    num_graphs, num_nodes = ops.shape
    shape = (num_graphs, num_nodes, words_for(num_nodes))
    if adjacency.shape != shape:
        raise ValueError(f"adjacency must have shape {list(shape)}, got {list(adjacency.shape)}")
    counts = _read_sizes(sizes, num_graphs, num_nodes)
    absent = np.arange(num_nodes) >= counts[:, None]
    if ((ops == ABSENT) != absent).any() or ((ops >= num_ops) != absent).any():
        raise ValueError(f"ops must be in 0 .. {num_ops - 1}, and 255 from sizes[b] on, got others")
    # Row s: the nodes from s on. The nodes after u are row u + 1.
    from_on = np.triu(np.ones((1, num_nodes + 1, num_nodes + 1), dtype=np.uint8))
    from_on[..., num_nodes] = 0  # There is no such node.
    later = pack(from_on)[0, :, : adjacency.shape[2]]
    if (np.bitwise_or.reduce(adjacency, axis=0) & ~later[1:]).any():
        raise ValueError("adjacency must have edges u -> v with u < v alone, got others")
    # Where u < v, an edge that starts at an absent node ends at one.
    if (np.bitwise_or.reduce(adjacency, axis=1) & later[counts]).any():
        _check_edges(unpack(adjacency), absent)


def check_index(index: Any, length: int) -> Any:
    """A slice, a bool mask of the batch's length, or an int64 array of valid positions."""
    if isinstance(index, slice):
        return index
    chosen = np.asarray(index)
    if chosen.dtype == np.bool_:
        if chosen.shape != (length,):
            raise IndexError(f"mask must have shape [{length}], got {list(chosen.shape)}")
        return chosen
    if chosen.size == 0:
        return chosen.astype(np.int64).reshape(-1)
    if chosen.dtype.kind not in "iu" or chosen.ndim != 1:
        raise TypeError(
            f"index must be an int, a slice, a mask or a 1-D array of ints, got {index!r}"
        )
    if chosen.min() < -length or chosen.max() >= length:
        raise IndexError(f"index must be in {-length} .. {length - 1}, got {chosen.tolist()}")
    return chosen
