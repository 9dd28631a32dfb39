"""Predictors by name, and from a folder."""

from pathlib import Path
from typing import Literal, get_args

from gemcore.arguments import check_in, check_seed, check_type
from gemcore.atomic_files import read_document
from gemcore.cell_batch import CellBatch
from gemcore.embedding.described import DescribedEmbedding
from gemcore.embedding.making import EMBEDDINGS, load_embedding, make_embedding
from gemcore.encoder import Encoder, EncoderConfig
from gemcore.feature_scale import FeatureScale
from gemcore.listed_space import CellSource
from gemcore.predictor.config import PredictorConfig
from gemcore.predictor.constant import DOCUMENT, VERSION, ConstantPredictor
from gemcore.predictor.gaussian_process import GaussianProcessPredictor
from gemcore.predictor.graph_network import GraphNetworkPredictor
from gemcore.predictor.mlp import MLPPredictor
from gemcore.predictor.protocol import Predictor
from gemcore.predictor.stacked import StackedPredictor
from gemcore.predictor.trees import KINDS as TREES
from gemcore.predictor.trees import TreesPredictor
from gemcore.space import SearchSpace

PredictorName = Literal[
    "default",
    "fast",
    "paper",
    "mlp",
    "gaussian_process",
    "graph_network",
    "gradient_boosting",
    "extra_trees",
    "constant",
]
PREDICTORS: tuple[str, ...] = get_args(PredictorName)
STACKED = ("default", "fast")
WITHOUT_EMBEDDING = (*STACKED, "gaussian_process", "graph_network", *TREES, "constant")


def make_predictor(
    name: str,
    space: CellSource,
    *,
    seed: int = 0,
    embedding: str = "kernel_guided",
    encoder: Encoder | EncoderConfig | None = None,
    config: PredictorConfig | None = None,
    progress: bool = False,
) -> Predictor:
    """A score predictor over cells; nothing is trained before the first ``fit``.

    Args:
        name: ``"default"``: a Gaussian process, gradient-boosted trees and a graph network,
            stacked, the best we know; the graph network takes part if it was prepared before the
            first fit, ``make_predictor("default", space).prepare()``, which trains it on unlabelled
            cells for some minutes, once: it is kept in the user's cache. ``"fast"``: the same
            without the graph network. ``"gaussian_process"``, ``"gradient_boosting"``,
            ``"extra_trees"``: one kind alone, on the graph and its exact features;
            ``"graph_network"``: networks that read the graph, pre-trained on unlabelled cells;
            ``"paper"``: a fully connected ReLU network on the embedding, the paper's letter;
            ``"mlp"``: an ensemble of such networks that also see the features; ``"constant"``: the
            mean of the scores, the yardstick.
        space: The space that cells come from, or unlabelled cells to learn the embedding from.
        seed: Of the encoder, of weights and of the order of the data.
        embedding: What ``"paper"`` and ``"mlp"`` see: the encoder of eqs. 2-4,
            ``"kernel_guided"``, or any other name of :func:`gemcore.make_embedding`.
        encoder: A trained encoder to embed with, or how it is trained at the first use, unless
            it lies in the user's cache.
        config: How the networks of ``"paper"`` and ``"mlp"`` are built and fitted. None: as the
            name says.
        progress: Show a bar while something is trained on unlabelled cells.

    Returns:
        ``fit(cells, scores)`` learns, ``predict(cells)`` gives mean and standard deviation.

    Raises:
        ValueError: If ``name`` or ``embedding`` is unknown.

    Example:
        >>> space = SearchSpace.preset("small")
        >>> cells = space.sample(8, seed=0)
        >>> predictor = make_predictor("paper", space, embedding="adjacency")
        >>> mean, std = predictor.fit(cells, [0.5] * 8).predict(cells)
        >>> mean.tolist() == [0.5] * 8, std.max().item()
        (True, 0.0)

    Source: Cheng et al. 2021, section 3.2 and tables 3 and 4 (embedding).
    """
    check_in("name", name, PREDICTORS)
    check_in("embedding", embedding, EMBEDDINGS)
    check_type("space", space, (SearchSpace, CellBatch))
    seed = check_seed(seed)
    if name == "constant":
        return ConstantPredictor()
    if name == "graph_network":
        return GraphNetworkPredictor(space, seed=seed, progress=progress)
    if name in WITHOUT_EMBEDDING:
        scale = FeatureScale.of(space)
        if name in TREES:
            return TreesPredictor(name, scale, seed=seed)
        process = GaussianProcessPredictor(scale, seed=seed)
        if name == "gaussian_process":
            return process
        trees = TreesPredictor("gradient_boosting", scale, seed=seed)
        network = GraphNetworkPredictor(space, seed=seed, progress=progress)
        joining = None if name == "fast" else network
        return StackedPredictor(process, [trees], joining=joining, name=name)
    vectors = make_embedding(embedding, space, seed=seed, encoder=encoder, progress=progress)
    if name == "paper":
        return MLPPredictor(vectors, config or PredictorConfig.paper(), name=name, seed=seed)
    described = DescribedEmbedding(vectors, space)
    return MLPPredictor(described, config or PredictorConfig(), name=name, seed=seed)


def load_predictor(directory: str | Path) -> Predictor:
    """The predictor that ``save`` wrote to a folder.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is corrupt, of another kind or newer; it is named.
    """
    directory = Path(directory)
    path = directory / "predictor.json"
    content = read_document(path, kind=DOCUMENT, version=VERSION)
    try:
        if content["name"] == "constant":
            return ConstantPredictor.restore(content)
        if content["name"] == "gaussian_process":
            return GaussianProcessPredictor.restore(directory, content)
        if content["name"] == "graph_network":
            return GraphNetworkPredictor.restore(directory, content)
        if content["name"] in TREES:
            return TreesPredictor.restore(directory, content)
        if content["name"] in STACKED:
            folders = (directory / f"member-{i}" for i in range(len(content["weights"])))
            return StackedPredictor.restore(content, [load_predictor(f) for f in folders])
        vectors = load_embedding(directory / "embedding")
        return MLPPredictor.restore(directory, content, vectors)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} must describe a predictor, got one that lacks {error}") from error
