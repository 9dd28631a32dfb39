"""Losses of the networks, and what is predicted where ranks are learned."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from gemcore.embedding.adjacency import AdjacencyEmbedding
from gemcore.graph import prune
from gemcore.predictor import load_predictor
from gemcore.predictor.config import PredictorConfig
from gemcore.predictor.fitting import fit_members, ranking_losses
from gemcore.predictor.members import Members
from gemcore.predictor.mlp import MLPPredictor
from gemcore.space import SearchSpace

SPACE = SearchSpace.preset("small")
CHOICES = [(t, loss) for t in ("scores", "ranks") for loss in ("mse", "ranking")]


def predictor_of(**options: Any) -> MLPPredictor:
    config = PredictorConfig(num_members=2, hidden=(32,), epochs=60, **options)
    embedding = AdjacencyEmbedding(SPACE.num_nodes, SPACE.op_names)
    return MLPPredictor(embedding, config, name="paper", seed=0)


def test_ranking_loss_equals_its_sum_over_pairs() -> None:
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(3, 7, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, 4, (3, 7), generator=generator).double()
    for member in range(3):
        terms = [
            math.log1p(math.exp(outputs[member, j] - outputs[member, i]))
            for i in range(7)
            for j in range(7)
            if targets[member, i] > targets[member, j]
        ]
        expected = sum(terms) / len(terms)
        assert ranking_losses(outputs, targets)[member].item() == pytest.approx(expected)


@pytest.mark.parametrize("num_rows", [1, 2, 3])
def test_equal_targets_have_no_order_to_miss(num_rows: int) -> None:
    outputs = torch.arange(float(num_rows))[None].requires_grad_()
    loss = ranking_losses(outputs, torch.ones(1, num_rows))
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0
    assert outputs.grad is not None
    assert not outputs.grad.any()


def test_ranked_outputs_have_mean_and_spread_of_their_targets() -> None:
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(20, 4, generator=generator)
    targets = inputs[:, 0] + 0.5 * inputs[:, 1]
    config = PredictorConfig(num_members=3, hidden=(16,), loss="ranking")
    members = Members.initial(4, config, seed=0)
    fit_members(members, inputs, targets, config, epochs=200, seed=0)
    outputs = members.predict(inputs)
    torch.testing.assert_close(outputs.mean(dim=1), targets.mean().expand(3), atol=1e-5, rtol=0)
    spread = targets.std(correction=0)
    torch.testing.assert_close(outputs.std(dim=1, correction=0), spread.expand(3))
    assert all(kendalltau(row, targets)[0] > 0.8 for row in outputs)


def test_networks_without_an_answer_keep_their_scale() -> None:
    """All inputs equal: no output can differ, and none may become infinite."""
    config = PredictorConfig(num_members=1, hidden=(4,), loss="ranking")
    members = Members.initial(2, config, seed=0)
    inputs, targets = torch.zeros(5, 2), torch.arange(5.0) - 2
    fit_members(members, inputs, targets, config, epochs=3, seed=0)
    torch.testing.assert_close(members.predict(inputs), torch.zeros(1, 5), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("targets", "loss"), CHOICES)
def test_predictions_are_in_the_unit_of_the_scores(targets: str, loss: str) -> None:
    cells = SPACE.sample(200, seed=1)
    scores = 0.9 + 0.001 * prune(cells).num_edges
    predictor = predictor_of(targets=targets, loss=loss).fit(cells[:150], scores[:150])
    mean, std = predictor.predict(cells[150:])
    assert np.abs(mean - scores[150:]).mean() < 0.5 * scores.std()
    assert (std > 0).all()
    assert std.mean() < scores.std()


def test_ranks_are_not_moved_by_how_bad_the_worst_cell_is() -> None:
    cells = SPACE.sample(60, seed=1)
    scores = 0.9 + 0.001 * prune(cells).num_edges + 1e-6 * np.arange(60)
    worst = int(scores.argmin())
    unseen = SPACE.sample(100, seed=2)
    orders = []
    for value in (scores[worst], 0.1):
        scores[worst] = value
        orders.append(predictor_of(targets="ranks").fit(cells, scores).predict(unseen)[0])
    assert np.array_equal(np.argsort(orders[0]), np.argsort(orders[1]))


@pytest.mark.parametrize(("targets", "loss"), CHOICES)
@pytest.mark.parametrize("num_cells", [1, 2])
def test_one_or_two_cells_are_enough(targets: str, loss: str, num_cells: int) -> None:
    scores = [0.25, 0.75][:num_cells]
    cells = SPACE.sample(num_cells, seed=4)
    mean, std = predictor_of(targets=targets, loss=loss).fit(cells, scores).predict(cells)
    np.testing.assert_allclose(mean, scores, atol=0.05)
    assert np.isfinite(std).all()


@pytest.mark.parametrize(("targets", "loss"), CHOICES)
def test_is_saved_whole(targets: str, loss: str, tmp_path: Any) -> None:
    cells = SPACE.sample(30, seed=1)
    predictor = predictor_of(targets=targets, loss=loss).fit(cells, cells.num_edges * 0.1)
    predictor.save(tmp_path)
    again = load_predictor(tmp_path)
    assert isinstance(again, MLPPredictor)
    assert again.config == predictor.config
    assert again.lipschitz_bound() == predictor.lipschitz_bound()
    for one, other in zip(again.predict(cells), predictor.predict(cells), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("targets", "logits", "targets must be one of 'scores', 'ranks', got 'logits'"),
        ("loss", "hinge", "loss must be one of 'mse', 'ranking', got 'hinge'"),
    ],
)
def test_rejects_unknown_choices(field: str, value: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PredictorConfig(**{field: value})  # type: ignore[arg-type]
