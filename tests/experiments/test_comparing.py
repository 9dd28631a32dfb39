import math

import numpy as np
import pytest
from scipy import stats

from harness.comparing import Paired, Summary


def test_summary_is_that_of_a_sample() -> None:
    summary = Summary.of([1.0, 2.0, 4.0])
    assert summary.mean == pytest.approx(7 / 3)
    assert summary.std == pytest.approx(math.sqrt(((4 / 3) ** 2 + (1 / 3) ** 2 + (5 / 3) ** 2) / 2))
    assert summary.error == pytest.approx(summary.std / math.sqrt(3))
    assert Summary.of([5.0]) == Summary(5.0, 0.0, 1)


def test_pairs_are_compared_as_scipy_does() -> None:
    numbers = np.random.default_rng(0)
    theirs = numbers.normal(size=20)
    ours = theirs + numbers.normal(0.3, 1, size=20)
    paired = Paired.of(ours, theirs)
    assert paired.t_test == pytest.approx(stats.ttest_1samp(ours - theirs, 0).pvalue)
    assert paired.wilcoxon == stats.wilcoxon(ours, theirs).pvalue
    assert paired.difference.mean == pytest.approx((ours - theirs).mean())
    assert sum(map(int, paired.won.split("/"))) == 20


def test_ties_alone_are_no_evidence() -> None:
    paired = Paired.of([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])
    assert (paired.won, paired.t_test, paired.wilcoxon) == ("0/3/0", 1.0, 1.0)


def test_equal_differences_are_judged_by_wilcoxon() -> None:
    paired = Paired.of([2.0, 3.0, 4.0], [1.0, 2.0, 3.0])
    assert paired.t_test == 0.0
    assert paired.wilcoxon == 0.25  # 2 of the 8 ways to sign three ranks.


def test_one_pair_is_no_test() -> None:
    paired = Paired.of([2.0], [1.0])
    assert paired.won == "1/0/0"
    assert math.isnan(paired.t_test)
    assert math.isnan(paired.wilcoxon)
