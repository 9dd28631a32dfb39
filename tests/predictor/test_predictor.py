"""Predictors through their one interface."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.embedding.adjacency import AdjacencyEmbedding
from gemcore.graph import canonicalize, perturb, prune
from gemcore.predictor import Predictor, load_predictor, make_predictor
from gemcore.space import SearchSpace

NAMES = ("default", "mlp", "paper", "constant")
SPACE = SearchSpace.preset("small")


def learnable(cells: CellBatch) -> NDArray[np.float64]:
    """A score that depends on the pruned cell alone: its share of 3x3 convolutions."""
    pruned = prune(cells)
    share = (pruned.ops == 2).sum(axis=1) / pruned.sizes
    return np.asarray(share + 0.02 * pruned.num_edges)


def fitted(name: str = "default", num_cells: int = 60, **options: object) -> Predictor:
    cells = SPACE.sample(num_cells, seed=1)
    predictor = make_predictor(name, SPACE, embedding="adjacency", **options)  # type: ignore[arg-type]
    return predictor.fit(cells, learnable(cells))


@pytest.mark.parametrize("name", ["default", "paper"])
def test_predicts_what_can_be_learned(name: str) -> None:
    unseen = SPACE.sample(500, seed=2)
    mean, std = fitted(name, num_cells=300).predict(unseen)
    assert mean.dtype == std.dtype == np.float64
    assert mean.shape == std.shape == (500,)
    assert (std >= 0).all()
    assert np.corrcoef(mean, learnable(unseen))[0, 1] > 0.85


def test_the_spread_of_an_ensemble_grows_away_from_its_labels() -> None:
    seen, unseen = SPACE.sample(60, seed=1), SPACE.sample(500, seed=2)
    predictor = fitted()
    assert predictor.predict(seen)[1].mean() < 0.7 * predictor.predict(unseen)[1].mean()
    assert predictor.predict(unseen)[1].min() > 0


def test_isomorphic_cells_are_predicted_alike() -> None:
    cells = SPACE.sample(50, seed=3)
    renumbered = perturb(prune(cells), 0, seed=0, renumber=True)
    predictor = fitted()
    same = canonicalize(renumbered).is_canonical
    np.testing.assert_array_equal(
        predictor.predict(cells)[0][same], predictor.predict(renumbered)[0][same]
    )
    assert same.mean() > 0.9


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("num_cells", [1, 2, 40])
def test_equal_scores_give_that_score_and_no_spread(name: str, num_cells: int) -> None:
    predictor = make_predictor(name, SPACE, embedding="adjacency")
    predictor.fit(SPACE.sample(num_cells, seed=0), np.full(num_cells, 0.3))
    mean, std = predictor.predict(SPACE.sample(200, seed=1))
    np.testing.assert_allclose(mean, 0.3, rtol=1e-12)
    np.testing.assert_allclose(std, 0, atol=1e-12)


def test_constant_predicts_mean_and_spread() -> None:
    predictor = make_predictor("constant", SPACE).fit(SPACE.sample(2), [0.2, 0.6])
    mean, std = predictor.predict(SPACE.sample(3, seed=1))
    np.testing.assert_allclose(mean, [0.4] * 3)
    np.testing.assert_allclose(std, [0.2] * 3)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_bits(name: str) -> None:
    cells = SPACE.sample(100, seed=5)
    first, again, other = (fitted(name, seed=seed).predict(cells)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert name == "constant" or not np.array_equal(first, other)


def test_a_fit_from_scratch_forgets_and_a_fine_tuned_one_does_not() -> None:
    cells = SPACE.sample(40, seed=1)
    scores = learnable(cells)
    fresh = fitted("paper", num_cells=40).predict(cells)[0]
    predictor = fitted("paper", num_cells=100)
    np.testing.assert_array_equal(predictor.fit(cells, scores).predict(cells)[0], fresh)
    predictor = fitted("paper", num_cells=100).fit(cells, scores, fine_tune=True)
    assert not np.array_equal(predictor.predict(cells)[0], fresh)


def test_fine_tuning_at_first_is_a_fit_from_scratch() -> None:
    cells = SPACE.sample(20, seed=1)
    predictors = [make_predictor("paper", SPACE, embedding="adjacency") for _ in range(2)]
    first = predictors[0].fit(cells, learnable(cells), fine_tune=True).predict(cells)[0]
    second = predictors[1].fit(cells, learnable(cells)).predict(cells)[0]
    np.testing.assert_array_equal(first, second)


def test_nothing_of_torch_is_left_changed() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        before = torch.get_rng_state()
        with torch.no_grad():
            mean, _ = fitted().predict(SPACE.sample(10))
        assert np.isfinite(mean).all()
        assert torch.equal(torch.get_rng_state(), before)
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_array_equal(mean, fitted().predict(SPACE.sample(10))[0])


def test_no_cells_give_no_predictions() -> None:
    for name in NAMES:
        mean, std = fitted(name).predict(SPACE.sample(0))
        assert mean.shape == std.shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_predictor_predicts_the_same(name: str, tmp_path: Path) -> None:
    cells = SPACE.sample(50, seed=9)
    predictor = fitted(name)
    predictor.save(tmp_path / "p")
    mean, std = load_predictor(tmp_path / "p").predict(cells)
    np.testing.assert_array_equal(mean, predictor.predict(cells)[0])
    np.testing.assert_array_equal(std, predictor.predict(cells)[1])


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    fitted("paper").save(tmp_path)
    document = json.loads((tmp_path / "predictor.json").read_text())
    (tmp_path / "predictor.safetensors").write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"predictor\.safetensors must be a safetensors file"):
        load_predictor(tmp_path)
    del document["config"]
    (tmp_path / "predictor.json").write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"predictor\.json must describe.*lacks 'config'"):
        load_predictor(tmp_path)
    (tmp_path / "predictor.json").write_text('{"format": "gemcore.encoder", "version": 1}')
    with pytest.raises(ValueError, match=r"predictor\.json must be a document of format"):
        load_predictor(tmp_path)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([0.1, float("nan"), 0.3], "scores must be finite, got nan at index 1"),
        ([0.1, 0.2, float("inf")], "scores must be finite, got inf at index 2"),
        ([0.1], r"scores must have shape \[3\], got \[1\]"),
        ([[0.1] * 3], r"scores must have shape \[3\], got \[1, 3\]"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_rejects_bad_scores(name: str, scores: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_predictor(name, SPACE, embedding="adjacency").fit(SPACE.sample(3), scores)


def test_rejects_what_it_cannot_use() -> None:
    with pytest.raises(ValueError, match=r"name must be one of 'default', 'fast', .*, got 'best'"):
        make_predictor("best", SPACE)
    with pytest.raises(ValueError, match="embedding must be one of 'kernel_guided'"):
        make_predictor("default", SPACE, embedding="gnn")
    with pytest.raises(TypeError, match="space must be of type SearchSpace or CellBatch, got str"):
        make_predictor("default", "small")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="seed must be in 0"):
        make_predictor("default", SPACE, seed=-1)
    predictor = make_predictor("default", SPACE, embedding="adjacency")
    with pytest.raises(ValueError, match="cells must hold at least one cell, got none"):
        predictor.fit(SPACE.sample(0), [])
    with pytest.raises(TypeError, match="cells must be of type CellBatch, got list"):
        predictor.fit([], [])  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match=r"\[predictor\] call fit\(\) first"):
        predictor.predict(SPACE.sample(1))
    with pytest.raises(RuntimeError, match=r"\[predictor\] call fit\(\) first"):
        make_predictor("constant", SPACE).predict(SPACE.sample(1))


def test_adjacency_embedding_is_the_upper_triangle_and_the_operations() -> None:
    cells = CellBatch.from_cells([Cell(("input", "conv1x1", "sepconv3x3"), ((0, 2),))])
    vector = AdjacencyEmbedding(3, SPACE.op_names).embed(cells)
    # The dead node 1 is gone: one edge 0 -> 1, then input, sepconv3x3 and an absent node.
    assert vector.tolist() == [[1, 0, 0, *[1, 0, 0], *[0, 0, 1], *[0, 0, 0]]]
    assert vector.dtype == torch.float32
