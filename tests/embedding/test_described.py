"""An embedding and exact features, joined and brought to scale."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gemcore import SearchSpace, make_predictor
from gemcore.embedding.adjacency import AdjacencyEmbedding
from gemcore.embedding.described import EMBEDDING_SHARE, DescribedEmbedding
from gemcore.predictor.making import load_predictor

SPACE = SearchSpace.preset("small")
INNER = AdjacencyEmbedding(SPACE.num_nodes, SPACE.op_names)


def described() -> DescribedEmbedding:
    return DescribedEmbedding(INNER, SPACE)


def test_embedding_and_features_have_their_shares() -> None:
    vectors = described().embed(SPACE.sample(2048)).double()
    width = INNER.embed(SPACE.sample(1)).shape[1]
    assert vectors.mean(dim=0).abs().max() < 1e-5
    squares = vectors.square().mean(dim=0)
    assert squares[:width].sum().item() == pytest.approx(EMBEDDING_SHARE, rel=1e-3)
    assert squares[width:].sum().item() == pytest.approx(1 - EMBEDDING_SHARE, rel=1e-3)
    features = squares[width:]
    torch.testing.assert_close(features, features.mean().expand_as(features), rtol=1e-3, atol=0)


def test_other_op_names_change_nothing() -> None:
    cells = SPACE.sample(10, seed=3)
    other = cells.with_op_names(("sepconv3x3", "input", "conv1x1"))
    torch.testing.assert_close(described().embed(other), described().embed(cells))
    with pytest.raises(
        ValueError, match="op_names must hold every operation, got none for 'conv3x3'"
    ):
        described().embed(SearchSpace.preset("nasgem-bench").sample(5))


def test_what_never_varies_is_zero() -> None:
    chain = SearchSpace(num_nodes=2, ops=("conv1x1",), edge_prob=1.0)
    inner = AdjacencyEmbedding(2, chain.op_names)
    vectors = DescribedEmbedding(inner, chain).embed(chain.sample(3))
    assert torch.equal(vectors, torch.zeros_like(vectors))


def test_ensemble_comes_back_from_its_folder(tmp_path: Path) -> None:
    cells = SPACE.sample(30, seed=1)
    scores = np.linspace(0, 1, 30)
    predictor = make_predictor("mlp", SPACE, embedding="adjacency").fit(cells, scores)
    predictor.save(tmp_path)
    again = load_predictor(tmp_path)
    for ours, theirs in zip(predictor.predict(cells), again.predict(cells), strict=True):
        np.testing.assert_array_equal(ours, theirs)
