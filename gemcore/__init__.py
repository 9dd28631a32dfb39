"""gemcore: neural architecture search by graph embedding (NASGEM)."""

from importlib.metadata import version

try:
    import gemcore._core  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "gemcore._core":
        raise
    error.add_note("gemcore's native module is not built: run `pip install .` in the source tree.")
    raise

from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.cuda import cuda_status
from gemcore.graph import canonicalize, graph_hash, perturb, prune
from gemcore.space import SearchSpace
from gemcore.threads import get_num_threads, set_num_threads

__version__ = version("gemcore")

__all__ = [
    "Cell",
    "CellBatch",
    "SearchSpace",
    "canonicalize",
    "cuda_status",
    "get_num_threads",
    "graph_hash",
    "perturb",
    "prune",
    "set_num_threads",
]
