"""CUDA kernels, bound in python/. Pointers to device memory and streams are plain integers."""

from collections.abc import Sequence

_Cells = tuple[int, int, int, int, int]  # As in DeviceCells.native
_Labelled = tuple[_Cells, int]  # With label_of_op
_Options = tuple[int, int, Sequence[float], bool]  # As in WlSettings.native
_Rules = tuple[Sequence[int], int, int]  # sampled_ops, input_op, output_op
_Spec = tuple[int, int, bool, int, int, int]  # As in SearchSpace.native

def device_count() -> tuple[int, str]: ...
def sample(spec: _Spec, seed: int, start: int, cells: _Cells, stream: int) -> None: ...
def prune(cells: _Cells, output_op: int, pruned: _Cells, stream: int) -> None: ...
def perturb(
    cells: _Cells,
    rules: _Rules,
    edits: tuple[int, int, int, int],  # num_edits, renumber, seed, start
    perturbed: _Cells,
    stream: int,
) -> None: ...
def graph_hash(cells: _Cells, label_of_op: int, n_iter: int, hashes: int, stream: int) -> None: ...
def wl_pairs(
    cells_a: _Labelled, cells_b: _Labelled, options: _Options, kernel: int, stream: int
) -> None: ...
def wl_pairs_int(
    cells_a: _Labelled, cells_b: _Labelled, options: _Options, kernel: int, stream: int
) -> None: ...
def pair_stream(
    source: tuple[_Spec, _Cells],  # A batch without cells: they are sampled
    mixture: tuple[tuple[int, int], tuple[float, float, float], tuple[int, int, int]],
    rules: _Rules,
    comparison: tuple[bool, int, _Options],  # prunes, label_of_op, options
    pairs: tuple[_Cells, _Cells, int, int],  # cells_a, cells_b, similarity, kind
    start: int,
    stream: int,
) -> None: ...
