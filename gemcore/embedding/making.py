"""Embeddings by name, and from a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

from gemcore.arguments import check_in, check_seed, check_type
from gemcore.atomic_files import read_document
from gemcore.cell_batch import CellBatch
from gemcore.embedding.adjacency import AdjacencyEmbedding
from gemcore.embedding.described import DescribedEmbedding
from gemcore.embedding.encoded import KINDS as ENCODED
from gemcore.embedding.encoded import AnyConfig, AnyEncoder, EncoderEmbedding
from gemcore.embedding.features import FeatureEmbedding
from gemcore.embedding.protocol import DOCUMENT, FILE, VERSION, Embedding
from gemcore.embedding.wl import WLEmbedding
from gemcore.listed_space import CellSource
from gemcore.space import SearchSpace

EmbeddingName = Literal["kernel_guided", "autoencoder", "invariant", "adjacency", "wl", "features"]
EMBEDDINGS: tuple[str, ...] = get_args(EmbeddingName)


def make_embedding(
    name: str,
    space: CellSource,
    *,
    seed: int = 0,
    encoder: AnyEncoder | AnyConfig | None = None,
    progress: bool = False,
) -> Embedding:
    """An embedding of cells; nothing is learned before its first use.

    Args:
        name: ``"kernel_guided"``: the paper's encoder, eqs. 2-4; ``"autoencoder"``: the same,
            trained to reconstruct alone; ``"invariant"``: a graph network that was taught kernel
            and features (:func:`gemcore.train_invariant_encoder`); ``"adjacency"``: the flattened
            matrix, nothing learned; ``"wl"``: principal components of the Weisfeiler-Lehman kernel
            in closed form; ``"features"``: exact features of the graph
            (:func:`gemcore.graph_features`).
        space: The space that cells come from, or unlabelled cells.
        seed: Of what is drawn and of first weights.
        encoder: For the first three: a trained encoder, or how it is trained.
        progress: Show a bar while an encoder is trained.

    Returns:
        ``embed(cells)`` gives float32 ``[B, d]``; ``fit(cells)`` learns from other cells; ``save``
        writes a folder that :func:`load_embedding` reads.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If the name is unknown.

    Example:
        >>> space = SearchSpace.preset("small")
        >>> make_embedding("wl", space).embed(space.sample(3)).shape
        torch.Size([3, 64])
    """
    check_in("name", name, EMBEDDINGS)
    check_type("space", space, (SearchSpace, CellBatch))
    seed = check_seed(seed)
    if name in ENCODED:
        return EncoderEmbedding(name, space, encoder, seed=seed, progress=progress)
    if name == "adjacency":
        return AdjacencyEmbedding(space.num_nodes, tuple(space.op_names))
    if name == "wl":
        return WLEmbedding(space, seed=seed)
    return FeatureEmbedding(space)


def load_embedding(directory: str | Path) -> Embedding:
    """The embedding that ``save`` wrote to a folder.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is corrupt, of another kind or newer; it is named.
    """
    directory = Path(directory)
    path = directory / FILE
    content = read_document(path, kind=DOCUMENT, version=VERSION)
    try:
        if content["name"] == DescribedEmbedding.kind:
            inner = load_embedding(directory / "inner")
            return DescribedEmbedding.restore(directory, content, inner)
        return RESTORED[content["name"]](directory, content)
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{path} must describe an embedding, got one that lacks {error}"
        ) from error


RESTORED: dict[str, Callable[[Path, dict[str, Any]], Embedding]] = {
    **dict.fromkeys(ENCODED, EncoderEmbedding.restore),
    "adjacency": AdjacencyEmbedding.restore,
    "wl": WLEmbedding.restore,
    "features": FeatureEmbedding.restore,
}
