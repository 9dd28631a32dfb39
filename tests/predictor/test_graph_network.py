"""Graph networks as predictors."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gemcore import CellBatch, SearchSpace, get_num_threads, perturb, prune, set_num_threads
from gemcore.encoder import InvariantConfig, InvariantEncoder, train_invariant_encoder
from gemcore.predictor import load_predictor
from gemcore.predictor.graph_network import GraphNetworkPredictor
from gemcore.predictor.graph_network_config import GraphNetworkConfig
from gemcore.predictor.graph_network_members import rank_loss

SPACE = SearchSpace.preset("small")
TINY = InvariantConfig(
    width=16, num_layers=2, num_steps=60, batch_size=64, num_references=50, report_pairs=40
)
QUICK = GraphNetworkConfig(num_members=2, fewest_steps=40, batch_size=32)


@pytest.fixture(scope="module")
def encoder() -> InvariantEncoder:
    return train_invariant_encoder(SPACE, TINY, seed=1)


def learnable(cells: CellBatch) -> NDArray[np.float64]:
    """A score that depends on the pruned cell alone: its share of 3x3 convolutions."""
    pruned = prune(cells)
    share = (pruned.ops == 2).sum(axis=1) / pruned.sizes
    return np.asarray(share + 0.02 * pruned.num_edges)


def fitted(
    encoder: InvariantEncoder, num_cells: int = 60, seed: int = 0, **options: Any
) -> GraphNetworkPredictor:
    cells = SPACE.sample(num_cells, seed=1)
    predictor = GraphNetworkPredictor(SPACE, QUICK, encoder=encoder, seed=seed)
    return predictor.fit(cells, learnable(cells), **options)


def test_predicts_what_can_be_learned(encoder: InvariantEncoder) -> None:
    unseen = SPACE.sample(400, seed=2)
    mean, std = fitted(encoder, 300).predict(unseen)
    assert mean.dtype == std.dtype == np.float64
    assert mean.shape == std.shape == (400,)
    assert (std >= 0).all()
    assert np.corrcoef(mean, learnable(unseen))[0, 1] > 0.85


def test_same_bits_however_many_threads(encoder: InvariantEncoder) -> None:
    cells = SPACE.sample(5000, seed=5)
    found = []
    before = get_num_threads()
    try:
        for num_threads in (1, 2):
            set_num_threads(num_threads)
            found.append(fitted(encoder).predict(cells)[0])
    finally:
        set_num_threads(before)
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], fitted(encoder, seed=1).predict(cells)[0])


def test_isomorphic_cells_are_predicted_alike(encoder: InvariantEncoder) -> None:
    cells = SPACE.sample(50, seed=3)
    renumbered = perturb(prune(cells), 0, seed=0, renumber=True)
    predictor = fitted(encoder)
    np.testing.assert_allclose(
        predictor.predict_ranks(cells)[0], predictor.predict_ranks(renumbered)[0], atol=1e-4
    )


@pytest.mark.parametrize("num_cells", [1, 2, 40])
def test_equal_scores_give_that_score_and_no_spread(
    encoder: InvariantEncoder, num_cells: int
) -> None:
    predictor = GraphNetworkPredictor(SPACE, QUICK, encoder=encoder)
    predictor.fit(SPACE.sample(num_cells, seed=0), np.full(num_cells, 0.3))
    mean, std = predictor.predict(SPACE.sample(100, seed=1))
    np.testing.assert_allclose(mean, 0.3, rtol=1e-12)
    np.testing.assert_allclose(std, 0, atol=1e-12)


@pytest.mark.parametrize("num_cells", [2, 3])
def test_a_few_cells_are_enough(encoder: InvariantEncoder, num_cells: int) -> None:
    mean, std = fitted(encoder, num_cells).predict(SPACE.sample(20, seed=1))
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()
    assert len(set(mean)) > 1


def test_no_cells_give_no_predictions(encoder: InvariantEncoder) -> None:
    mean, std = fitted(encoder).predict(SPACE.sample(0))
    assert mean.shape == std.shape == (0,)


def test_a_fit_from_scratch_forgets_and_a_fine_tuned_one_does_not(
    encoder: InvariantEncoder,
) -> None:
    cells = SPACE.sample(60, seed=1)
    unseen = SPACE.sample(50, seed=2)
    fresh = fitted(encoder).predict(unseen)[0]
    predictor = fitted(encoder, 100)
    predictor.fit(cells, learnable(cells))
    np.testing.assert_array_equal(predictor.predict(unseen)[0], fresh)
    predictor = fitted(encoder, 100)
    predictor.fit(cells, learnable(cells), fine_tune=True)
    assert not np.array_equal(predictor.predict(unseen)[0], fresh)
    first = GraphNetworkPredictor(SPACE, QUICK, encoder=encoder)
    first.fit(cells, learnable(cells), fine_tune=True)
    np.testing.assert_array_equal(first.predict(unseen)[0], fresh)


def test_the_encoder_is_left_as_it_was(encoder: InvariantEncoder) -> None:
    before = {name: tensor.clone() for name, tensor in encoder.network.state_dict().items()}
    state = torch.get_rng_state(), torch.get_num_threads()
    with torch.no_grad():
        fitted(encoder)
    for name, tensor in encoder.network.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert torch.equal(state[0], torch.get_rng_state())
    assert state[1] == torch.get_num_threads()


def test_what_is_saved_predicts_and_learns_alike(encoder: InvariantEncoder, tmp_path: Path) -> None:
    predictor = fitted(encoder)
    predictor.save(tmp_path)
    loaded = GraphNetworkPredictor.restore(tmp_path, content_of(tmp_path))
    cells = SPACE.sample(50, seed=4)
    for found, expected in zip(loaded.predict(cells), predictor.predict(cells), strict=True):
        np.testing.assert_array_equal(found, expected)
    scores = learnable(cells)
    np.testing.assert_array_equal(
        loaded.fit(cells, scores).predict(cells)[0], predictor.fit(cells, scores).predict(cells)[0]
    )


def content_of(directory: Path) -> dict[str, Any]:
    from gemcore.atomic_files import read_document
    from gemcore.predictor.constant import DOCUMENT, VERSION

    return read_document(directory / "predictor.json", kind=DOCUMENT, version=VERSION)


def test_the_encoder_comes_from_the_cache_the_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMCORE_CACHE", str(tmp_path))
    first, second = (GraphNetworkPredictor(SPACE, QUICK, encoder=TINY) for _ in range(2))
    assert not first.is_prepared
    cells = SPACE.sample(10)
    expected = first.encoder.encode(cells)
    assert second.is_prepared
    monkeypatch.setattr(
        "gemcore.encoder.cache.train_invariant_encoder",
        lambda *args, **options: pytest.fail("trained again"),
    )
    assert torch.equal(second.encoder.encode(cells), expected)
    assert not GraphNetworkPredictor(SPACE, QUICK, encoder=TINY, seed=1).is_prepared
    assert not GraphNetworkPredictor(cells, QUICK, encoder=TINY).is_prepared


def test_not_fitted() -> None:
    predictor = GraphNetworkPredictor(SPACE, QUICK)
    with pytest.raises(RuntimeError, match=r"call fit\(\) first"):
        predictor.predict(SPACE.sample(1))
    with pytest.raises(RuntimeError, match=r"call fit\(\) first"):
        predictor.save("nowhere")


def test_an_error_of_one_member_stops_the_others(
    encoder: InvariantEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gemcore.predictor.graph_network_members import MemberFit

    stopped = []

    def run(self: MemberFit, num_steps: int, stop: threading.Event) -> None:
        if self is not first[0]:
            raise KeyboardInterrupt
        stopped.append(stop.wait(timeout=30))

    first: list[MemberFit] = []
    original = MemberFit.__init__

    def remember(self: MemberFit, *args: Any, **options: Any) -> None:
        original(self, *args, **options)
        first.append(self)

    monkeypatch.setattr(MemberFit, "__init__", remember)
    monkeypatch.setattr(MemberFit, "run", run)
    before = get_num_threads()
    set_num_threads(2)
    try:
        with pytest.raises(KeyboardInterrupt):
            fitted(encoder)
    finally:
        set_num_threads(before)
    assert stopped == [True]


def test_settings_follow_the_number_of_cells() -> None:
    config = GraphNetworkConfig()
    assert config.steps(100, goes_on=False) == 300
    assert config.steps(4240, goes_on=False) == 1988  # 60 passes in batches of 128.
    assert config.steps(100, goes_on=True) == 90
    assert config.dropout_for(100) == config.dropout
    assert config.dropout_for(10**6) == config.least_dropout
    assert config.dropout_for(4 * 424) == pytest.approx(config.dropout / 2)
    assert config.body_share_for(10) == config.body_share
    assert config.body_share_for(4 * 424) == pytest.approx(2 * config.body_share)
    assert config.body_share_for(10**6) == 1


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("num_members", 0, "num_members must be >= 1, got 0"),
        ("dropout", 1.0, "dropout must be < 1, got 1"),
        ("fine_tune_share", 2.0, "fine_tune_share must be in 0 .. 1, got 2"),
        ("rank_weight", -1.0, "rank_weight must be >= 0, got -1"),
        ("device", 1, "device must be of type str"),
    ],
)
def test_settings_are_checked(field: str, value: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        GraphNetworkConfig(**{field: value})


def test_rank_loss_by_hand() -> None:
    predicted, targets = torch.tensor([1.0, 0.0, 3.0]), torch.tensor([0.0, 1.0, 1.0])
    # Pairs in wrong order by 1, and in right order by 2; the equal ones don't count.
    expected = (np.log1p(np.exp(1)) + np.log1p(np.exp(-2))) / 2
    assert rank_loss(predicted, targets).item() == pytest.approx(expected, rel=1e-6)
    assert rank_loss(predicted, torch.zeros(3)).item() == 0


def test_load_predictor_knows_it(encoder: InvariantEncoder, tmp_path: Path) -> None:
    predictor = fitted(encoder)
    predictor.save(tmp_path)
    cells = SPACE.sample(20, seed=4)
    np.testing.assert_array_equal(
        load_predictor(tmp_path).predict(cells)[0], predictor.predict(cells)[0]
    )
