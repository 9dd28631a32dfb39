"""The path encoding of BANANAS: which sequences of operations lead from input to output."""

import numpy as np
from numpy.typing import NDArray

from baselines.specs import EDGES, NUM_NODES, Specs

LONGEST = 3  # Operations of a path: 1 + 3 + 9 + 27 = 40 paths of three operations.


def encode_paths(specs: Specs, free: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Whether each path of at most three operations is there, 0 or 1, float32 ``[B, P]``.

    Paths are ordered by length, then as numbers whose digits are the operations, the first highest.
    Longer ones are left out: they are many, and few random cells have any one of them.

    Args:
        specs: B specs.
        free: Numbers of the k operations, uint8 ``[k]``; P = 1 + k + k^2 + k^3.

    Source: White, Neiswanger & Savani, "BANANAS", AAAI 2021, section 4 (truncated to 40).
    """
    edges = np.zeros((len(specs), NUM_NODES, NUM_NODES), dtype=np.float32)
    edges[:, *EDGES] = specs.edges
    is_op = np.zeros((len(specs), NUM_NODES, len(free)), dtype=np.float32)
    is_op[:, 1:-1] = specs.ops[:, :, None] == free
    # paths[b, v, c]: whether path c leads to node v, its operation included.
    paths = np.zeros((len(specs), NUM_NODES, 1), dtype=np.float32)
    paths[:, 0] = 1
    found = []
    for length in range(LONGEST + 1):
        arrived = np.swapaxes(edges, 1, 2) @ paths > 0
        found.append(arrived[:, -1])
        if length < LONGEST:
            longer = arrived[..., None] * is_op[:, :, None, :]
            paths = longer.reshape(len(specs), NUM_NODES, -1)
    return np.concatenate(found, axis=1).astype(np.float32)
