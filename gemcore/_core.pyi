"""Native kernels, bound in python/. Arrays must be C-contiguous and of exactly these dtypes.

A batch of graphs is three arrays: adjacency uint64 [B, N, W], ops uint8 [B, N], sizes uint16 [B].
"""

import numpy as np
from numpy.typing import NDArray

class CellPrices:
    def __init__(
        self,
        nodes: NDArray[np.float64],  # [256, N, 2]
        projections: NDArray[np.float64],  # [N, 2]
        constant: NDArray[np.float64],  # [2, 2]
        key_is_num_leaves: bool,
    ) -> None: ...

class FeatureColumns:
    def __init__(
        self,
        ops: NDArray[np.uint8],  # [K]
        subsets: NDArray[np.uint8],  # [S, K]
        has_pairs: bool,
        output_op: int,  # -1 for none
    ) -> None: ...

class PerturbArrays:
    def __init__(
        self,
        sampled_ops: NDArray[np.uint8],
        num_edits: NDArray[np.int32],  # [B]
        renumber: NDArray[np.uint8],  # [B]
    ) -> None: ...

class WlBatch:
    def __init__(
        self,
        adjacency: NDArray[np.uint64],
        ops: NDArray[np.uint8],
        sizes: NDArray[np.uint16],
        label_of_op: NDArray[np.uint64],  # [num_ops]
    ) -> None: ...

class WlOptions:
    def __init__(
        self,
        direction: str,
        labels: str,
        round_weights: NDArray[np.float64],  # [n_iter + 1]
        normalize: bool,
    ) -> None: ...

def canonicalize(
    adjacency: NDArray[np.uint64],
    ops: NDArray[np.uint8],
    sizes: NDArray[np.uint16],
    label_colors: NDArray[np.uint64],  # [num_ops]
    input_op: int,
    output_op: int,
) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint16], NDArray[np.bool_]]: ...
def find_cost_terms(
    adjacency: NDArray[np.uint64],
    ops: NDArray[np.uint8],
    sizes: NDArray[np.uint16],
    cost_ops: tuple[int, int, int],  # number of ops; ops of input and output, -1 for none
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]: ...  # [num_ops, 2 N + 1, N], [num_ops]
def graph_features(
    adjacency: NDArray[np.uint64],
    ops: NDArray[np.uint8],
    sizes: NDArray[np.uint16],
    columns: FeatureColumns,
    prices: CellPrices | None,
) -> NDArray[np.float32]: ...  # [B, F]
def graph_hash(
    adjacency: NDArray[np.uint64],
    ops: NDArray[np.uint8],
    sizes: NDArray[np.uint16],
    label_colors: NDArray[np.uint64],
    n_iter: int,
) -> NDArray[np.uint64]: ...  # [B]
def nasbench101_cost(
    adjacency: NDArray[np.uint64],
    ops: NDArray[np.uint8],
    sizes: NDArray[np.uint16],
    cost_ops: tuple[int, int, int],  # number of ops; ops of input and output
    prices: NDArray[np.int64],  # [num_ops, N, 3, 2, 2]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...  # [B], [B]
def num_threads() -> int: ...
def perturb(
    adjacency: NDArray[np.uint64],
    ops: NDArray[np.uint8],
    sizes: NDArray[np.uint16],
    arrays: PerturbArrays,
    pinned_ops: tuple[int, int],  # of input and output; -1 for none
    seed: int,
    start: int,
) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint16]]: ...
def philox(counter: NDArray[np.uint32], key: NDArray[np.uint32]) -> NDArray[np.uint32]: ...
def philox_checksum(seed: int, num_items: int) -> int: ...
def prune(
    adjacency: NDArray[np.uint64],
    ops: NDArray[np.uint8],
    sizes: NDArray[np.uint16],
    output_op: int,
) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint16]]: ...
def sample(
    spec: tuple[int, int, bool, int, int, int],  # As in SearchSpace.native
    num_cells: int,
    seed: int,
    start: int,
) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint16], int]: ...
def set_num_threads(num_threads: int) -> None: ...
def set_simd_level(level: str) -> None: ...
def simd_level() -> str: ...
def simd_levels() -> list[str]: ...
def sum_cost_terms(
    adjacency: NDArray[np.uint64],
    ops: NDArray[np.uint8],
    sizes: NDArray[np.uint16],
    cost_ops: tuple[int, int, int],
    prices: NDArray[np.int64],  # [num_ops, 2 N + 1, N, 2]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...  # [B], [B]
def walk_features(
    adjacency: NDArray[np.uint64],
    ops: NDArray[np.uint8],
    sizes: NDArray[np.uint16],
    is_member: NDArray[np.uint8],  # [S, 256]
    output_op: int,
) -> NDArray[np.float32]: ...  # [B, 5 S]
def wl_features(
    cells: WlBatch, columns_of: WlBatch | None, options: WlOptions
) -> tuple[
    NDArray[np.int64],  # counts
    NDArray[np.int32 | np.int64],  # columns
    NDArray[np.int32 | np.int64],  # row_begin, [B + 1]
    NDArray[np.int64],  # round_begin, [n_iter + 2]
]: ...
def wl_gram(
    cells: WlBatch,
    other: WlBatch | None,
    options: WlOptions,
    out: NDArray[np.float64 | np.float32 | np.int64],  # [B, C]
) -> None: ...
def wl_pairs(cells_a: WlBatch, cells_b: WlBatch, options: WlOptions) -> NDArray[np.float64]: ...
def wl_pairs_int(cells_a: WlBatch, cells_b: WlBatch, options: WlOptions) -> NDArray[np.int64]: ...
