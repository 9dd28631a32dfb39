"""The map between scores and ranks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, rankdata

from gemcore.predictor.ranks import RankScale

SCORES = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=30)


@given(SCORES)
def test_ranks_are_those_of_the_textbook(scores: list[float]) -> None:
    ranks = RankScale.of(scores).to_ranks(scores)
    expected = norm.ppf((rankdata(scores) - 0.5) / len(scores))
    np.testing.assert_allclose(ranks, expected, atol=1e-9)


@given(SCORES)
def test_scores_come_back(scores: list[float]) -> None:
    scale = RankScale.of(scores)
    mean, std = scale.to_scores(scale.to_ranks(scores), np.zeros(len(scores)))
    np.testing.assert_allclose(mean, scores, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(std, 0)


@given(SCORES)
def test_the_map_rises_and_goes_on_beyond_its_ends(scores: list[float]) -> None:
    scale = RankScale.of(scores)
    mean, std = scale.to_scores(np.linspace(-5, 5, 101), np.full(101, 0.3))
    assert (np.diff(mean) >= -1e-9).all()
    assert (std >= 0).all()
    if len(set(scores)) > 1:
        assert mean[-1] >= max(scores)
        assert mean[0] <= min(scores)


@pytest.mark.parametrize("num_scores", [1, 2, 7])
def test_equal_scores_are_predicted_as_they_are(num_scores: int) -> None:
    scale = RankScale.of([0.25] * num_scores)
    mean, std = scale.to_scores(np.array([-1.0, 0.0, 2.0]), np.ones(3))
    assert mean.tolist() == [0.25] * 3
    assert std.tolist() == [0.0] * 3
