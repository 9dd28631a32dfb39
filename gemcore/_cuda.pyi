"""CUDA kernels, bound in python/. Pointers to device memory and streams are plain integers."""

class SampleSpec:
    def __init__(
        self,
        num_nodes: int,
        num_ops: int,
        has_output: bool,
        distribution: int,
        threshold: int,
        max_edges: int,
    ) -> None: ...

def device_count() -> tuple[int, str]: ...
def sample(
    spec: SampleSpec,
    num_cells: int,
    seed: int,
    start: int,
    cells: tuple[int, int, int],  # adjacency, ops, sizes
    num_failed: int,
    stream: int,
) -> None: ...
