"""gemcore.encoder.report: losses beside the baselines, by kind of pair."""

import json

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from gemcore import SearchSpace
from gemcore.encoder import Encoder, EncoderReport, KindLosses
from gemcore.encoder.baselines import Baselines
from gemcore.pair_mixture import PairMixture
from gemcore.pairs import PairBatch, PairStream

SPACE = SearchSpace.preset("small")


def counts(pairs: PairBatch) -> list[np.ndarray]:
    return [
        np.stack([(cells.ops == op).sum(axis=1) for op in range(3)], axis=1)
        for cells in (pairs.cells_a, pairs.cells_b)
    ]


def test_baselines_are_fitted_on_pairs_of_training() -> None:
    seen = PairStream(SPACE, seed=1).pairs(start=0, num_pairs=500)
    fresh = PairStream(SPACE, seed=2).pairs(start=0, num_pairs=300)
    baselines = Baselines(seen)
    assert baselines.mean == pytest.approx(seen.similarity.mean().item(), abs=1e-6)
    cosine = []
    for pairs in (seen, fresh):
        a, b = counts(pairs)
        cosine.append((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))
    textbook = IsotonicRegression(out_of_bounds="clip").fit(cosine[0], seen.similarity.numpy())
    np.testing.assert_allclose(
        baselines.isotonic(fresh), textbook.predict(cosine[1]), rtol=0, atol=1e-3
    )


def test_losses_by_kind() -> None:
    losses = KindLosses.of(np.array([1.0, 2.0, 4.0]), np.array([0, 0, 2], dtype=np.uint8))
    assert losses == KindLosses(7 / 3, independent=1.5, perturbed=None, isomorphic=4.0)


def test_report_adds_up(encoder: Encoder) -> None:
    report = encoder.report
    data = PairMixture()
    shares = data.independent, (1 - data.independent) * (1 - data.unedited)
    for row in (report.encoder, report.constant, report.isotonic):
        assert row.independent is not None
        assert row.perturbed is not None
        assert row.isomorphic is not None
        mean = shares[0] * row.independent + shares[1] * row.perturbed
        mean += (1 - sum(shares)) * row.isomorphic
        assert row.overall == pytest.approx(mean, rel=0.3)
    assert (report.num_pairs, report.num_steps, report.ended) == (400, 30, "complete")
    assert report.seconds > 0
    assert -1 <= report.correlation <= 1


def test_survives_json(encoder: Encoder) -> None:
    report = encoder.report
    assert EncoderReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_prints_a_table() -> None:
    report = EncoderReport(
        num_pairs=100,
        encoder=KindLosses(0.001, 0.002, None, 0.0),
        constant=KindLosses(0.01, 0.02, None, 0.03),
        isotonic=KindLosses(0.005, 0.006, None, 0.007),
        correlation=0.95,
        present_edges=0.99,
        absent_edges=None,
        ops=1.0,
        num_steps=50,
        seconds=1.4,
        ended="early stop",
    )
    assert str(report).splitlines() == [
        "similarity loss (eq. 3) on 100 fresh pairs",
        "                   encoder    constant    isotonic",
        "overall              0.001        0.01       0.005",
        "independent          0.002        0.02       0.006",
        "isomorphic               0        0.03       0.007",
        "correlation 0.9500; decoded: present edges 99.0%, operations 100.0%",
        "training early stop after 50 steps in 1 s",
    ]
