"""gemcore.score: eq. 5 against numbers worked out by hand, and its bounds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemcore import efficiency_score


def test_is_the_papers_formula() -> None:
    assert efficiency_score(0.9, 100_000_000) == 0.9 - 0.1 * 2
    assert efficiency_score(0.5, 1_000_000) == 0.5
    assert efficiency_score(0.5, 1_000) == 0.5 + 0.1 * 3  # Below a million, the price is a gain.


def test_penalty_and_base_can_be_chosen() -> None:
    assert efficiency_score(0.9, 8_000_000, mac_penalty=0.2, log_base=2) == pytest.approx(0.3)
    assert efficiency_score(0.9, 463_000_000, mac_penalty=0) == 0.9
    natural = efficiency_score(0.9, 463_000_000, mac_penalty=0.1 / math.log(10), log_base=math.e)
    assert natural == pytest.approx(efficiency_score(0.9, 463_000_000))


def test_numbers_give_a_float_and_arrays_an_array() -> None:
    assert type(efficiency_score(np.float32(0.5), np.int64(10**6))) is float
    score = efficiency_score(np.array([0.5, 1.0]), np.array([10**6, 10**7]))
    assert isinstance(score, np.ndarray)
    assert score.dtype == np.float64
    assert score.tolist() == [0.5, 0.9]


def test_shapes_broadcast() -> None:
    score = efficiency_score([[0.5], [0.6], [0.7]], np.full(2, 10**6))
    assert np.shape(score) == (3, 2)
    assert np.shape(efficiency_score([], np.empty(0, dtype=np.int64))) == (0,)


@given(st.floats(0, 1), st.integers(1, 2**62), st.floats(0, 10), st.floats(1.5, 100))
def test_price_grows_with_the_macs(accuracy: float, macs: int, penalty: float, base: float) -> None:
    score = efficiency_score(accuracy, macs, mac_penalty=penalty, log_base=base)
    dearer = efficiency_score(accuracy, macs * base, mac_penalty=penalty, log_base=base)
    assert score - dearer == pytest.approx(penalty, abs=1e-9)


@pytest.mark.parametrize(
    ("accuracy", "macs", "message"),
    [
        (90, 10**6, r"accuracy must be in 0 \.\. 1, got 90"),
        (-0.1, 10**6, r"accuracy must be in 0 \.\. 1, got -0\.1"),
        (float("nan"), 10**6, r"accuracy must be in 0 \.\. 1, got nan"),
        ([0.5, 1.5], 10**6, r"accuracy must be in 0 \.\. 1, got 1\.5"),
        (0.5, 0, "macs must be > 0 and finite, got 0"),
        (0.5, -3, "macs must be > 0 and finite, got -3"),
        (0.5, float("inf"), "macs must be > 0 and finite, got inf"),
        (
            [0.5, 0.5],
            [1, 2, 3],
            r"macs must broadcast against accuracy of shape \[2\], got .*\[3\]",
        ),
    ],
)
def test_rejects_bad_values(accuracy: float, macs: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        efficiency_score(accuracy, macs)


def test_rejects_bad_settings_and_kinds() -> None:
    with pytest.raises(ValueError, match=r"mac_penalty must be >= 0, got -1"):
        efficiency_score(0.5, 10**6, mac_penalty=-1)
    with pytest.raises(ValueError, match=r"log_base must be > 1, got 1"):
        efficiency_score(0.5, 10**6, log_base=1)
    with pytest.raises(
        TypeError, match=r"accuracy must be a number or an array of numbers, got <U"
    ):
        efficiency_score("0.5", 10**6)
    with pytest.raises(
        TypeError, match=r"macs must be a number or an array of numbers, got object"
    ):
        efficiency_score(0.5, None)  # type: ignore[call-overload]
