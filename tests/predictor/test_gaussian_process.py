"""The Gaussian process, against its textbook."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import gamma, kv

from gemcore import CellBatch, SearchSpace, canonicalize, perturb, prune, wl_pairs
from gemcore.feature_scale import FeatureScale
from gemcore.predictor import load_predictor, make_predictor
from gemcore.predictor.cell_kernel import CellKernel, Described, matern
from gemcore.predictor.gaussian_process import GaussianProcessPredictor

SPACE = SearchSpace.preset("small")
SCALE = FeatureScale.of(SPACE)


def score(cells: CellBatch) -> np.ndarray:
    """Something a graph's features know: edges among the nodes that the input reaches."""
    return np.tanh(prune(cells).num_edges / 20)


def fitted(num_cells: int) -> tuple[GaussianProcessPredictor, CellBatch, np.ndarray]:
    cells = SPACE.sample(num_cells, seed=3)
    scores = score(cells)
    return GaussianProcessPredictor(SCALE, seed=1).fit(cells, scores), cells, scores


def test_matern_is_the_general_one_of_smoothness_five_halves() -> None:
    distance = np.array([0.1, 0.5, 1.0, 3.0])
    scaled = np.sqrt(5) * distance
    expected = 2 ** (1 - 2.5) / gamma(2.5) * scaled**2.5 * kv(2.5, scaled)
    found = matern(torch.zeros(1, 1, dtype=torch.float64), torch.from_numpy(distance)[:, None])
    np.testing.assert_allclose(found[0], expected, rtol=1e-9)


def test_kernel_is_the_sum_that_its_docstring_states() -> None:
    a, b = (
        Described.of(SPACE.sample(3, seed=1), SCALE),
        Described.of(SPACE.sample(3, seed=2), SCALE),
    )
    kernel = CellKernel.initial(a.features.shape[1])
    found = kernel.between(a, b)
    sizes, wl = kernel.logs["sizes"].exp(), kernel.logs["wl"].exp()
    lengths = kernel.logs["lengths"].exp()
    for i in range(3):
        x, y = a.features[i], b.features[i]
        r = float(((x - y) / lengths).square().sum().sqrt())
        near = (1 + 5**0.5 * r + 5 * r * r / 3) * np.exp(-(5**0.5) * r)
        graphs = [wl_pairs(a.cells[i : i + 1], b.cells[i : i + 1], n_iter=h)[0] for h in (1, 2, 4)]
        expected = (
            sizes[0] * near + sizes[1] * (x @ y) / len(x) + sizes[2] + wl @ torch.tensor(graphs)
        )
        assert float(found[i, i]) == pytest.approx(float(expected), rel=1e-9)
    both = kernel.between(a, a)
    np.testing.assert_allclose(both.diagonal(), kernel.diagonal(a), rtol=1e-6)
    assert float(torch.linalg.eigvalsh(both).min()) > -1e-9


def test_prediction_is_that_of_the_textbook() -> None:
    process, cells, scores = fitted(40)
    asked = SPACE.sample(10, seed=9)
    known, new = Described.of(cells, SCALE), Described.of(asked, SCALE)
    kernel = process._kernel
    assert kernel is not None
    covariance = kernel.between(known, known).numpy() + float(kernel.noise) * np.eye(40)
    across = kernel.between(new, known).numpy()
    targets = process._ranks.to_ranks(scores)
    mean, std = process.predict_ranks(asked)
    np.testing.assert_allclose(mean, across @ np.linalg.solve(covariance, targets), atol=1e-6)
    inverse = np.linalg.inv(covariance)
    variance = kernel.diagonal(new).numpy() - np.einsum("an,nm,am->a", across, inverse, across)
    np.testing.assert_allclose(std**2, variance, atol=1e-6)


def test_leave_one_out_is_what_leaving_one_out_gives() -> None:
    process, cells, scores = fitted(25)
    targets = process._ranks.to_ranks(scores)
    known, kernel = Described.of(cells, SCALE), process._kernel
    assert kernel is not None
    covariance = kernel.between(known, known).numpy() + float(kernel.noise) * np.eye(25)
    mean, std = process.leave_one_out()
    for i in range(25):
        rest = np.arange(25) != i
        weights = np.linalg.solve(covariance[np.ix_(rest, rest)], covariance[rest, i])
        assert mean[i] == pytest.approx(weights @ targets[rest], abs=1e-5)
        assert std[i] ** 2 == pytest.approx(
            covariance[i, i] - weights @ covariance[rest, i], abs=1e-5
        )


def test_it_learns() -> None:
    process, _, _ = fitted(80)
    asked = SPACE.sample(200, seed=5)
    mean, std = process.predict(asked)
    errors = np.abs(mean - score(asked))
    assert errors.mean() < 0.25 * np.abs(score(asked) - score(asked).mean()).mean()
    assert (errors < 3 * std + 0.02).mean() > 0.9


def test_numbering_of_nodes_changes_little() -> None:
    process, _, _ = fitted(30)
    cells = SPACE.sample(20, seed=7)
    twins = perturb(cells, 0, seed=1, renumber=True)
    np.testing.assert_allclose(process.predict(cells)[0], process.predict(twins)[0], atol=1e-5)
    assert canonicalize(cells) == canonicalize(twins)


@pytest.mark.parametrize("num_cells", [1, 2, 3])
def test_few_cells(num_cells: int) -> None:
    process, cells, scores = fitted(num_cells)
    mean, std = process.predict(cells)
    assert np.isfinite(mean).all()
    assert (std >= 0).all()
    assert abs(mean.mean() - scores.mean()) <= np.ptp(scores) + 1e-9


def test_many_cells_share_a_kernel_learned_from_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gemcore.predictor.gaussian_process.MOST_LEARNED_FROM", 20)
    process, cells, scores = fitted(60)
    mean, _ = process.predict(cells)
    assert np.corrcoef(mean, scores)[0, 1] > 0.95


def test_parts_and_saving_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process, _, _ = fitted(30)
    asked = SPACE.sample(50, seed=8)
    process.save(tmp_path)
    restored = load_predictor(tmp_path)
    for ours, theirs in zip(process.predict(asked), restored.predict(asked), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    monkeypatch.setattr("gemcore.predictor.gaussian_process.FEWEST_AT_ONCE", 7)
    monkeypatch.setattr("gemcore.predictor.gaussian_process.ENTRIES_AT_ONCE", 30 * 7)
    np.testing.assert_allclose(process.predict(asked)[0], restored.predict(asked)[0], atol=1e-9)


def test_fine_tuning_keeps_the_kernel() -> None:
    process, _, _ = fitted(30)
    before = process._kernel
    cells = SPACE.sample(40, seed=4)
    process.fit(cells, score(cells), fine_tune=True)
    assert process._kernel is before
    process.fit(cells, score(cells))
    assert process._kernel is not before


def test_needs_a_fit() -> None:
    process = make_predictor("gaussian_process", SPACE)
    with pytest.raises(RuntimeError, match="call fit"):
        process.predict(SPACE.sample(1))
    with pytest.raises(RuntimeError, match="call fit"):
        process.save("nowhere")
