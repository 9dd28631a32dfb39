"""Embeddings through their one interface, and what each of them is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gemcore import Cell, CellBatch, SearchSpace, graph_features, make_embedding, perturb, prune
from gemcore.embedding import EMBEDDINGS, Embedding, load_embedding
from gemcore.embedding.adjacency import AdjacencyEmbedding
from gemcore.embedding.described import DescribedEmbedding
from gemcore.embedding.encoded import TRAINED_ON_PAIRS, EncoderEmbedding
from gemcore.embedding.features import FeatureEmbedding
from gemcore.embedding.wl import WLEmbedding
from gemcore.encoder import Encoder, EncoderConfig, InvariantConfig, train_encoder
from gemcore.predictor import load_predictor, make_predictor
from gemcore.wl import wl_gram

SPACE = SearchSpace.preset("small")
QUICK = EncoderConfig(
    embedding_dim=8,
    hidden_dims=(32,),
    decoder_dims=(32,),
    num_steps=10,
    batch_size=32,
    validation_pairs=50,
    report_pairs=50,
)
TINY = InvariantConfig(
    width=8, num_layers=2, num_steps=4, batch_size=16, num_references=50, report_pairs=40
)
SETTINGS: dict[str, EncoderConfig | InvariantConfig] = {
    "kernel_guided": QUICK,
    "autoencoder": QUICK,
    "invariant": TINY,
}
ALL = (*EMBEDDINGS, "described")


def made(name: str, space: SearchSpace | CellBatch = SPACE, seed: int = 0) -> Embedding:
    if name == "described":
        return DescribedEmbedding(made("wl", space, seed), space)
    return make_embedding(name, space, seed=seed, encoder=SETTINGS.get(name))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("num_cells", [0, 1, 2, 60])
def test_one_row_a_cell(name: str, num_cells: int) -> None:
    cells = SPACE.sample(num_cells, seed=2)
    embedding = made(name)
    vectors = embedding.embed(cells)
    assert vectors.dtype == torch.float32
    assert vectors.device.type == "cpu"
    assert vectors.shape == (num_cells, embedding.embed(SPACE.sample(1)).shape[1])
    assert vectors.isfinite().all()
    if num_cells == 60:
        assert len(vectors.unique(dim=0)) > 50  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("name", ALL)
def test_numbering_dead_nodes_and_numbers_of_operations_change_nothing(name: str) -> None:
    cells = SPACE.sample(40, seed=3)
    embedding = made(name)
    expected = embedding.embed(cells)
    renumbered = perturb(prune(cells), 0, seed=1, renumber=True)
    recoded = renumbered.with_op_names(("sepconv3x3", "input", "conv1x1"))
    found = embedding.embed(recoded)
    same = (found - expected).abs().amax(dim=1) < 1e-4
    # The canonical form of a very symmetric cell may be another; all others must be the same.
    assert same.float().mean() > 0.9 if name in (*TRAINED_ON_PAIRS, "adjacency") else same.all()


@pytest.mark.parametrize("name", ALL)
def test_what_is_saved_embeds_alike(name: str, tmp_path: Path) -> None:
    embedding, cells = made(name), SPACE.sample(30, seed=4)
    embedding.save(tmp_path)
    loaded = load_embedding(tmp_path)
    assert loaded.name == embedding.name
    assert torch.equal(loaded.embed(cells), embedding.embed(cells))
    loaded.save(tmp_path / "again")
    assert torch.equal(load_embedding(tmp_path / "again").embed(cells), embedding.embed(cells))


@pytest.mark.parametrize("name", ALL)
def test_fit_learns_from_other_cells(name: str, tmp_path: Path) -> None:
    other = SearchSpace(num_nodes=4, ops=("conv3x3",), edge_prob=0.9)
    cells = other.sample(50, seed=1)
    embedding = made(name)
    embedding.embed(SPACE.sample(2))
    assert embedding.fit(cells) is embedding
    vectors = embedding.embed(cells)
    torch.testing.assert_close(vectors, made(name, cells).embed(cells))
    with pytest.raises(ValueError, match="op_names must hold every operation, got none for"):
        embedding.embed(SPACE.sample(5))


@pytest.mark.parametrize("name", ["kernel_guided", "wl", "invariant"])
def test_the_seed_decides(name: str) -> None:
    cells = SPACE.sample(10, seed=5)
    first, again, other = (made(name, seed=seed).embed(cells) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_adjacency_is_the_upper_triangle_and_the_operations() -> None:
    cells = CellBatch.from_cells([Cell(("input", "conv1x1", "sepconv3x3"), ((0, 2),))])
    vector = AdjacencyEmbedding(3, SPACE.op_names).embed(cells)
    # The dead node 1 is gone: one edge 0 -> 1, then input, sepconv3x3 and an absent node.
    assert vector.tolist() == [[1, 0, 0, *[1, 0, 0], *[0, 0, 1], *[0, 0, 0]]]


def test_features_are_of_mean_0_and_spread_1() -> None:
    cells = SPACE.sample(2048)
    vectors = FeatureEmbedding(SPACE).embed(cells).double()
    varies = torch.from_numpy(graph_features(prune(cells))).double().std(dim=0) > 1e-6
    assert vectors.mean(dim=0).abs().max() < 1e-5
    spread = vectors[:, varies].std(dim=0, correction=0)
    torch.testing.assert_close(spread, torch.ones_like(spread), atol=1e-4, rtol=0)
    assert (vectors[:, ~varies] == 0).all()


def test_wl_dot_products_are_the_centered_kernel_where_all_cells_are_landmarks() -> None:
    cells = prune(SearchSpace(num_nodes=5, edge_prob=0.5).sample(60, seed=1))
    embedding = WLEmbedding(cells, dim=1000, num_landmarks=1000, n_iter=2).fit(cells)
    landmarks = embedding.landmarks
    gram = wl_gram(landmarks, n_iter=2)
    centering = np.eye(len(landmarks)) - 1 / len(landmarks)
    vectors = embedding.embed(landmarks).double().numpy()
    np.testing.assert_allclose(vectors @ vectors.T, centering @ gram @ centering, atol=1e-5)


def test_wl_components_fall_and_do_not_overlap() -> None:
    embedding = WLEmbedding(SPACE, dim=10, num_landmarks=300)
    vectors = embedding.embed(embedding.landmarks).double()
    covariance = vectors.T @ vectors
    spread = covariance.diagonal()
    assert (spread[:-1] >= spread[1:] - 1e-6).all()
    overlap = covariance - torch.diag(spread)
    assert overlap.abs().max() < 1e-4 * spread.max()


def test_wl_landmarks_are_different_cells() -> None:
    chains = SearchSpace(num_nodes=2, ops=("conv1x1", "conv3x3"), edge_prob=1.0)
    embedding = WLEmbedding(chains, dim=4)
    assert len(embedding.landmarks) == 2
    assert embedding.embed(chains.sample(5)).shape == (5, 1)  # Two points span one direction.
    alone = SearchSpace(num_nodes=1)
    assert WLEmbedding(alone).embed(alone.sample(3)).shape == (3, 0)


def test_the_autoencoder_is_the_encoder_without_similarity() -> None:
    guided, plain = made("kernel_guided"), made("autoencoder")
    assert isinstance(guided, EncoderEmbedding)
    assert isinstance(plain, EncoderEmbedding)
    assert guided.encoder.config == QUICK
    assert isinstance(plain.encoder, Encoder)
    assert plain.encoder.config.similarity_weight == 0
    assert not torch.equal(plain.embed(SPACE.sample(5)), guided.embed(SPACE.sample(5)))


def test_a_trained_encoder_is_used_as_it_is() -> None:
    encoder = train_encoder(SPACE, QUICK, seed=5)
    cells = SPACE.sample(5)
    embedding = make_embedding("kernel_guided", SPACE, encoder=encoder)
    assert torch.equal(embedding.embed(cells), encoder.encode(cells))


@pytest.mark.parametrize("name", ["kernel_guided", "invariant"])
def test_encoders_come_from_the_cache(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMCORE_CACHE", str(tmp_path))
    cells = SPACE.sample(5)
    expected = made(name).embed(cells)
    for learner in ("train_encoder", "train_invariant_encoder"):
        monkeypatch.setattr(
            f"gemcore.encoder.cache.{learner}", lambda *a, **o: pytest.fail("trained again")
        )
    assert torch.equal(made(name).embed(cells), expected)


@pytest.mark.parametrize("name", ["wl", "features"])
@pytest.mark.parametrize("predictor_name", ["paper", "mlp"])
def test_predictors_see_them(name: str, predictor_name: str, tmp_path: Path) -> None:
    cells, unseen = SPACE.sample(200, seed=1), SPACE.sample(200, seed=2)
    scores, wanted = (prune(c).sizes + 0.1 * prune(c).num_edges for c in (cells, unseen))
    predictor = make_predictor(predictor_name, SPACE, embedding=name).fit(cells, scores)
    mean, _ = predictor.predict(unseen)
    assert np.corrcoef(mean, wanted)[0, 1] > 0.8
    predictor.save(tmp_path)
    np.testing.assert_array_equal(load_predictor(tmp_path).predict(unseen)[0], mean)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"name must be one of 'kernel_guided', .*, got 'gnn'"):
        make_embedding("gnn", SPACE)
    with pytest.raises(TypeError, match="space must be of type SearchSpace or CellBatch, got str"):
        make_embedding("wl", "small")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="seed must be in 0"):
        make_embedding("wl", SPACE, seed=-1)
    with pytest.raises(TypeError, match="encoder must be of type Encoder or EncoderConfig"):
        make_embedding("kernel_guided", SPACE, encoder=TINY)
    with pytest.raises(TypeError, match="encoder must be of type InvariantEncoder or Invariant"):
        make_embedding("invariant", SPACE, encoder=QUICK)
    with pytest.raises(ValueError, match="dim must be >= 1, got 0"):
        WLEmbedding(SPACE, dim=0)
    with pytest.raises(ValueError, match="num_landmarks must be >= 1, got 0"):
        WLEmbedding(SPACE, num_landmarks=0)


@pytest.mark.parametrize("change", [{"name": "gnn"}, {"op_names": None}])
def test_wrong_files_are_named(change: dict[str, Any], tmp_path: Path) -> None:
    made("features").save(tmp_path)
    path = tmp_path / "embedding.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | change))
    with pytest.raises(ValueError, match=r"embedding\.json must describe an embedding"):
        load_embedding(tmp_path)
    path.write_text(json.dumps(document))
    (tmp_path / "features.safetensors").write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"features\.safetensors must be a safetensors file"):
        load_embedding(tmp_path)
    with pytest.raises(FileNotFoundError):
        load_embedding(tmp_path / "nowhere")
