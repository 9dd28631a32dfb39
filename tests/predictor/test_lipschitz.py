"""Equations 6-13 of the paper: what a Lipschitz constant says about a predictor, in numbers."""

from pathlib import Path
from typing import Self

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from gemcore.cell_batch import CellBatch
from gemcore.listed_space import CellSource
from gemcore.predictor.config import PredictorConfig
from gemcore.predictor.members import Members
from gemcore.predictor.mlp import MLPPredictor
from gemcore.space import SearchSpace

DIM = 3
SPACE = SearchSpace.preset("small")
ROUNDING = 1e-5  # Of float32 networks.

Vectors = NDArray[np.float64]
CONFIGS = {
    f"{targets}, {loss}": PredictorConfig(
        num_members=2, hidden=(8, 8), epochs=40, targets=targets, loss=loss
    )
    for targets in ("scores", "ranks")
    for loss in ("mse", "ranking")
}


class GivenVectors:
    """Stands for an encoder: cell number i has the vector number i."""

    name = "given"

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors

    def embed(self, cells: CellBatch) -> torch.Tensor:
        return torch.from_numpy(self.vectors[: len(cells)]).float()

    def fit(self, cells: CellSource) -> Self:
        return self

    def save(self, directory: str | Path) -> None: ...


def fitted(config: PredictorConfig) -> MLPPredictor:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(30, DIM)) * [5.0, 1.0, 0.2]
    predictor = MLPPredictor(GivenVectors(vectors), config, name="paper", seed=0)
    scores = 0.9 + 0.01 * np.sin(vectors[:, 0]) - 0.2 * (vectors[:, 1] > 1.5)
    return predictor.fit(SPACE.sample(30), scores)


PREDICTORS = {name: fitted(config) for name, config in CONFIGS.items()}


def scores_of(predictor: MLPPredictor, vectors: Vectors) -> Vectors:
    predictor.embedding = GivenVectors(vectors)
    return predictor.predict(SPACE.sample(len(vectors)))[0]


def some_vectors(most: int) -> st.SearchStrategy[Vectors]:
    numbers = st.floats(-20, 20, width=32)
    return st.integers(2, most).flatmap(lambda n: arrays(np.float64, (n, DIM), elements=numbers))


@pytest.mark.parametrize("name", sorted(PREDICTORS))
@given(vectors=some_vectors(8))
@settings(max_examples=60, deadline=None)
def test_scores_differ_by_no_more_than_k_times_the_distance(name: str, vectors: Vectors) -> None:
    predictor = PREDICTORS[name]
    scores, bound = scores_of(predictor, vectors), predictor.lipschitz_bound()
    distances = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    assert (np.abs(scores[:, None] - scores) <= bound * (distances + ROUNDING)).all()


@pytest.mark.parametrize("name", sorted(PREDICTORS))
@given(vectors=some_vectors(8), weights=arrays(np.float64, 8, elements=st.floats(0.01, 1)))
@settings(max_examples=60, deadline=None)
def test_the_variance_of_scores_is_bounded_by_that_of_the_embedding(
    name: str, vectors: Vectors, weights: NDArray[np.float64]
) -> None:
    """The chain: Var P(X) <= E (P(X) - P(E X))^2 <= K^2 E |X - E X|^2."""
    predictor = PREDICTORS[name]
    probability = weights[: len(vectors)] / weights[: len(vectors)].sum()
    center = probability @ vectors
    *scores, at_center = scores_of(predictor, np.vstack([vectors, center]))
    scores_squared = (np.array(scores) - at_center) ** 2
    variance = probability @ (np.array(scores) - probability @ scores) ** 2
    spread = probability @ ((vectors - center) ** 2).sum(axis=1)
    bound = predictor.lipschitz_bound() ** 2
    assert variance <= probability @ scores_squared + 1e-12
    assert probability @ scores_squared <= bound * (spread + ROUNDING)


@pytest.mark.parametrize("loss", ["mse", "ranking"])
def test_the_bound_is_of_the_size_of_what_happens(loss: str) -> None:
    """A bound that is merely huge would hold as well."""
    predictor = PREDICTORS[f"scores, {loss}"]
    vectors = np.random.default_rng(1).normal(size=(2000, DIM)) * [5.0, 1.0, 0.2]
    steps = np.random.default_rng(2).normal(size=(2000, DIM)) * 1e-2
    change = np.abs(scores_of(predictor, vectors) - scores_of(predictor, vectors + steps))
    steepest = (change / np.linalg.norm(steps, axis=1)).max()
    assert steepest <= predictor.lipschitz_bound() <= 100 * steepest


def test_the_bound_of_a_linear_chain_is_exact() -> None:
    """Two layers of one path: 3 * 4 in the first member, 0.5 * 2 in the second."""
    weights = [torch.tensor([[[3.0], [0.0]], [[0.0], [0.5]]]), torch.tensor([[[4.0]], [[2.0]]])]
    members = Members(weights, [torch.zeros(2, 1, 1), torch.zeros(2, 1, 1)])
    assert members.lipschitz_bounds().tolist() == [12, 1]


def test_the_norm_of_a_layer_is_its_largest_singular_value() -> None:
    members = Members.initial(5, PredictorConfig(num_members=3, hidden=(4,)), seed=0)
    singular = [
        np.linalg.svd(layer.double().numpy(), compute_uv=False)[:, 0] for layer in members.weights
    ]
    np.testing.assert_allclose(members.lipschitz_bounds().numpy(), singular[0] * singular[1])


@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_the_bound_is_in_units_of_score_and_embedding(unit: float) -> None:
    cells, config = SPACE.sample(30), CONFIGS["scores, mse"]
    vectors = np.random.default_rng(0).normal(size=(30, DIM))
    plain = MLPPredictor(GivenVectors(vectors), config, name="paper", seed=0)
    scaled = MLPPredictor(GivenVectors(vectors / 8), config, name="paper", seed=0)
    bound = plain.fit(cells, vectors[:, 0]).lipschitz_bound()
    # Eighths are exact: the scaled networks are the same.
    other = scaled.fit(cells, unit * vectors[:, 0]).lipschitz_bound()
    assert other == pytest.approx(8 * unit * bound, rel=1e-3)


def test_equal_scores_have_a_bound_of_zero() -> None:
    for config in CONFIGS.values():
        predictor = MLPPredictor(GivenVectors(np.eye(3)), config, name="paper", seed=0)
        assert predictor.fit(SPACE.sample(3), [0.5] * 3).lipschitz_bound() == 0


def test_an_unfitted_predictor_has_no_bound() -> None:
    predictor = MLPPredictor(GivenVectors(np.eye(3)), PredictorConfig(), name="paper", seed=0)
    with pytest.raises(RuntimeError, match=r"\[predictor\] call fit\(\) first"):
        predictor.lipschitz_bound()
