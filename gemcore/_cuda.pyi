"""CUDA kernels, bound in python/. Pointers to device memory and streams are plain integers."""

def device_count() -> tuple[int, str]: ...
def sample(
    spec: tuple[int, int, bool, int, int, int],  # As in SearchSpace.native
    num_cells: int,
    seed: int,
    start: int,
    cells: tuple[int, int, int],  # adjacency, ops, sizes
    stream: int,
) -> None: ...
