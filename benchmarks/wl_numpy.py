"""What a careful user of numpy writes: colors of many graphs at once, by masked wrapping sums."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from wl_peers import normalized  # type: ignore[import-not-found]  # Beside this script.

Colors = list[NDArray[np.uint64]]
ODD = [np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xA24BAED4963EE407)]


def mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def colors(dense: NDArray[np.uint8], ops: NDArray[np.uint8], n_iter: int, direction: str) -> Colors:
    """Colors ``[B, N]`` of each round, of 0/1 matrices ``[B, N, N]``, undirected or in/out."""
    back = dense.transpose(0, 2, 1)
    kinds = [dense | back] if direction == "undirected" else [dense, back]
    masks = [kind.astype(np.uint64, order="C") for kind in kinds]
    found = [mix((ops + np.uint64(1)) * ODD[0])]
    for _ in range(n_iter):
        last = found[-1]
        color = last * ODD[0]
        for odd, mask in zip(ODD[1:], masks, strict=False):
            color += np.einsum("bij,bj->bi", mask, last) * odd
        found.append(mix(color))
    return found


def pairs(x: Colors, y: Colors) -> NDArray[np.float64]:
    """Similarity of graph i of both, by comparing all nodes with all."""

    def kernel(p: Colors, q: Colors) -> NDArray[Any]:
        equal = ((a[:, :, None] == b[:, None]).sum((1, 2)) for a, b in zip(p, q, strict=True))
        return np.asarray(sum(equal))

    return np.asarray(normalized(kernel(x, y), kernel(x, x), kernel(y, y)))


def gram(found: Colors) -> NDArray[np.float64]:
    """Similarity of every two graphs, by products of sparse counts."""
    num_graphs, num_nodes = found[0].shape
    graph = np.repeat(np.arange(num_graphs), num_nodes)
    total = np.zeros((num_graphs, num_graphs))
    for color in found:
        unique, column = np.unique(color, return_inverse=True)
        ones = np.ones(color.size)
        counts = csr_array((ones, (graph, column.ravel())), shape=(num_graphs, len(unique)))
        total += (counts @ counts.T).toarray()
    return np.asarray(normalized(total, total.diagonal()[:, None], total.diagonal()))
