"""gemcore: neural architecture search by graph embedding (NASGEM)."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

try:
    import gemcore._core  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "gemcore._core":
        raise
    error.add_note("gemcore's native module is not built: run `pip install .` in the source tree.")
    raise

from gemcore import tables
from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.cuda import cuda_status
from gemcore.device_cells import DeviceCells
from gemcore.embedding import Embedding, load_embedding, make_embedding
from gemcore.encoder import (
    Encoder,
    EncoderConfig,
    EncoderReport,
    InvariantConfig,
    InvariantEncoder,
    InvariantReport,
    train_encoder,
    train_invariant_encoder,
)
from gemcore.features import feature_names, graph_features
from gemcore.graph import canonicalize, graph_hash, perturb, prune
from gemcore.listed_space import ListedSpace
from gemcore.nasbench101 import nasbench101_cost
from gemcore.networks import (
    Network,
    NetworkCost,
    Skeleton,
    Stage,
    build_network,
    network_cost,
)
from gemcore.ops import Op, get_op, register_op, registered_ops, unregister_op
from gemcore.pair_mixture import PairKind, PairMixture
from gemcore.pair_shards import PairShards
from gemcore.pairs import PairBatch, PairStream
from gemcore.predictor import Predictor, PredictorConfig, make_predictor
from gemcore.score import efficiency_score
from gemcore.searching import Search, SearchConfig, SearchResult, search
from gemcore.simd import set_simd_level, simd_level, simd_levels
from gemcore.space import SearchSpace
from gemcore.tasks import EvaluationContext, ImageConfig, ProxyTask, TrainingConfig, load_task
from gemcore.threads import get_num_threads, set_num_threads
from gemcore.trials import Trial
from gemcore.wl import wl_features, wl_gram, wl_pairs
from gemcore.wl_signal import WLSignal, wl_signal

if TYPE_CHECKING:
    from gemcore.wl_kernel import WLKernel

__version__ = version("gemcore")

__all__ = [
    "Cell",
    "CellBatch",
    "DeviceCells",
    "Embedding",
    "Encoder",
    "EncoderConfig",
    "EncoderReport",
    "EvaluationContext",
    "ImageConfig",
    "InvariantConfig",
    "InvariantEncoder",
    "InvariantReport",
    "ListedSpace",
    "Network",
    "NetworkCost",
    "Op",
    "PairBatch",
    "PairKind",
    "PairMixture",
    "PairShards",
    "PairStream",
    "Predictor",
    "PredictorConfig",
    "ProxyTask",
    "Search",
    "SearchConfig",
    "SearchResult",
    "SearchSpace",
    "Skeleton",
    "Stage",
    "TrainingConfig",
    "Trial",
    "WLKernel",
    "WLSignal",
    "build_network",
    "canonicalize",
    "cuda_status",
    "efficiency_score",
    "feature_names",
    "get_num_threads",
    "get_op",
    "graph_features",
    "graph_hash",
    "load_embedding",
    "load_task",
    "make_embedding",
    "make_predictor",
    "nasbench101_cost",
    "network_cost",
    "perturb",
    "prune",
    "register_op",
    "registered_ops",
    "search",
    "set_num_threads",
    "set_simd_level",
    "simd_level",
    "simd_levels",
    "tables",
    "train_encoder",
    "train_invariant_encoder",
    "unregister_op",
    "wl_features",
    "wl_gram",
    "wl_pairs",
    "wl_signal",
]


def __getattr__(name: str) -> Any:
    if name == "WLKernel":  # Late: scikit-learn takes half a second, which few users need.
        from gemcore.wl_kernel import WLKernel

        return WLKernel
    raise AttributeError(f"module 'gemcore' has no attribute {name!r}")
