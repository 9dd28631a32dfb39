"""Trees, and the predictor that stacks members of different kinds."""

from pathlib import Path

import numpy as np
import pytest

from gemcore import CellBatch, SearchSpace, make_predictor, prune
from gemcore.encoder import InvariantConfig
from gemcore.feature_scale import FeatureScale
from gemcore.predictor import load_predictor
from gemcore.predictor.gaussian_process import GaussianProcessPredictor
from gemcore.predictor.graph_network import GraphNetworkPredictor
from gemcore.predictor.graph_network_config import GraphNetworkConfig
from gemcore.predictor.stacked import StackedPredictor, _fit_weights
from gemcore.predictor.trees import NUM_FOLDS, TreesPredictor
from gemcore.tables import synthetic

SPACE = SearchSpace.preset("small")
KINDS = ("default", "fast", "extra_trees", "gradient_boosting")


def score(cells: CellBatch) -> np.ndarray:
    return np.tanh(prune(cells).num_edges / 20)


@pytest.mark.parametrize("name", KINDS)
def test_it_learns_and_says_how_sure_it_is(name: str) -> None:
    cells, asked = SPACE.sample(100, seed=1), SPACE.sample(300, seed=2)
    mean, std = make_predictor(name, SPACE, seed=0).fit(cells, score(cells)).predict(asked)
    assert np.corrcoef(mean, score(asked))[0, 1] > 0.9
    assert (std >= 0).all()
    assert std.max() > 0


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("num_cells", [1, 2, 30])
def test_a_saved_one_predicts_the_same(name: str, num_cells: int, tmp_path: Path) -> None:
    cells, asked = SPACE.sample(num_cells, seed=1), SPACE.sample(20, seed=2)
    predictor = make_predictor(name, SPACE, seed=5).fit(cells, score(cells))
    predictor.save(tmp_path)
    restored = load_predictor(tmp_path)
    for ours, theirs in zip(predictor.predict(asked), restored.predict(asked), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", KINDS)
def test_equal_scores_and_no_cells(name: str) -> None:
    predictor = make_predictor(name, SPACE).fit(SPACE.sample(25, seed=1), [0.5] * 25)
    mean, std = predictor.predict(SPACE.sample(9, seed=2))
    assert set(mean.tolist()) == {0.5}
    assert set(std.tolist()) == {0.0}
    assert [len(part) for part in predictor.predict(SPACE.sample(0))] == [0, 0]


@pytest.mark.parametrize("name", KINDS)
def test_needs_a_fit(name: str) -> None:
    with pytest.raises(RuntimeError, match="call fit"):
        make_predictor(name, SPACE).predict(SPACE.sample(1))


def test_trees_leave_out_whom_they_are_asked_about() -> None:
    cells = SPACE.sample(60, seed=1)
    trees = make_predictor("extra_trees", SPACE)
    assert isinstance(trees, TreesPredictor)
    noise = np.random.default_rng(0).random(60)  # Nothing to learn: known cells are told apart.
    trees.fit(cells, noise)
    left_out, known = trees.left_out_ranks(), trees.predict_ranks(cells)[0]
    assert left_out is not None
    assert abs(np.corrcoef(left_out, noise)[0, 1]) < 0.5 < np.corrcoef(known, noise)[0, 1]
    assert trees.fit(cells[: NUM_FOLDS - 1], noise[: NUM_FOLDS - 1]).left_out_ranks() is None


def test_weights_follow_what_members_have_shown() -> None:
    targets = np.random.default_rng(1).normal(size=5000)
    noise = np.random.default_rng(2).normal(size=(2, 5000))
    expected = np.array([0.7, 0.3])
    predicted = np.stack([targets + noise[0], targets + 0.1 * noise[1]])
    weights = _fit_weights(predicted, targets, expected)
    assert weights.sum() == pytest.approx(1)
    assert weights[1] > 0.9
    few = _fit_weights(np.stack([targets[:3], targets[:3]]), targets[:3], expected)
    np.testing.assert_allclose(few, expected, atol=1e-3)


def joined_by_a_network() -> StackedPredictor:
    scale = FeatureScale.of(SPACE)
    network = GraphNetworkPredictor(
        SPACE,
        GraphNetworkConfig(num_members=1, fewest_steps=20, epochs=1),
        encoder=InvariantConfig(width=8, message_width=4, num_layers=1, num_steps=3, batch_size=8),
    )
    trees = TreesPredictor("gradient_boosting", scale, seed=0)
    return StackedPredictor(GaussianProcessPredictor(scale, seed=0), [trees], joining=network)


def test_a_graph_network_joins_if_it_was_prepared(tmp_path: Path) -> None:
    cells, asked = SPACE.sample(30, seed=1), SPACE.sample(20, seed=2)
    alone = joined_by_a_network().fit(cells, score(cells))
    assert alone.weights is not None
    assert len(alone.weights) == 2
    fast = make_predictor("fast", SPACE).fit(cells, score(cells))
    np.testing.assert_array_equal(fast.predict(asked)[0], alone.predict(asked)[0])
    assert len(alone.prepare().fit(cells, score(cells)).others) == 1  # Too late.
    joined = joined_by_a_network().prepare().fit(cells, score(cells))
    assert joined.weights is not None
    assert joined.weights[-1] == pytest.approx(0.4)
    assert joined.weights.sum() == pytest.approx(1)
    assert len(joined.fit(cells, score(cells)).others) == 2
    joined.save(tmp_path)
    restored = load_predictor(tmp_path)
    for ours, theirs in zip(joined.predict(asked), restored.predict(asked), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    later = joined_by_a_network().fit(cells, score(cells))  # The encoder lies in the cache.
    np.testing.assert_array_equal(later.predict(asked)[0], joined.predict(asked)[0])


def test_coverage_holds_on_cells_that_were_not_seen() -> None:
    table = synthetic(1500, seed=3)
    predictor = make_predictor("default", table.cells[:500], seed=0)
    predictor.fit(table.cells[:150], table.accuracy[:150])
    assert isinstance(predictor, StackedPredictor)
    assert predictor.coverage is not None
    assert 0.85 <= predictor.coverage <= 1
    mean, std = predictor.predict(table.cells[500:])
    expected = table.metrics["expected_accuracy"][500:]
    inside = np.abs(mean - expected) <= 1.645 * std
    assert inside.mean() > 0.7
