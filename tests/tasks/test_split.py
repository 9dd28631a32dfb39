"""gemcore.tasks.split: disjoint, stratified, the same in every process."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gemcore.tasks.split import Split, apportion, stratified_split


def split_of(labels: NDArray[np.int64], test: float = 0.2, valid: float = 0.2) -> Split:
    return stratified_split(labels, test_fraction=test, valid_fraction=valid, seed=3)


@given(
    counts=st.lists(st.integers(1, 30), min_size=2, max_size=6).filter(
        lambda counts: sum(counts) >= len(counts) + 2
    ),
    test=st.floats(0.01, 0.99),
    valid=st.floats(0.01, 0.99),
)
def test_every_image_is_in_one_part_and_every_class_is_trained(
    counts: list[int], test: float, valid: float
) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    split = split_of(labels, test, valid)
    everything = np.concatenate([split.train, split.valid, split.test])
    assert sorted(everything) == list(range(len(labels)))
    assert set(labels[split.train]) == set(range(len(counts)))
    assert min(len(split.valid), len(split.test)) >= 1
    for part in (split.train, split.valid, split.test):
        assert (np.diff(part) > 0).all()


@given(
    per_class=st.integers(10, 40),
    num_classes=st.integers(2, 5),
    fraction=st.sampled_from([0.1, 0.2, 0.5]),
)
def test_shares_of_classes_are_exact_to_one_image(
    per_class: int, num_classes: int, fraction: float
) -> None:
    labels = np.arange(per_class * num_classes) % num_classes
    split = split_of(labels, test=fraction)
    counts = np.bincount(labels[split.test], minlength=num_classes)
    assert abs(counts - fraction * per_class).max() < 1
    assert len(split.test) == round(fraction * len(labels))


@pytest.mark.parametrize("num_images", [4, 5, 6, 7, 33, 34])
def test_few_images_of_two_classes(num_images: int) -> None:
    labels = np.arange(num_images) % 2
    split = split_of(labels)
    assert set(labels[split.train]) == {0, 1}
    assert len(split.test) == max(1, round(0.2 * num_images))


def test_class_of_one_image_is_trained_on() -> None:
    labels = np.array([0] * 20 + [1])
    split = split_of(labels)
    assert 20 in split.train


def test_test_part_does_not_depend_on_the_validation_fraction() -> None:
    labels = np.arange(100) % 3
    np.testing.assert_array_equal(split_of(labels).test, split_of(labels, valid=0.5).test)


def test_seed_decides() -> None:
    labels = np.arange(100) % 3
    other = stratified_split(labels, test_fraction=0.2, valid_fraction=0.2, seed=4)
    assert split_of(labels).test.tolist() != other.test.tolist()
    np.testing.assert_array_equal(split_of(labels).test, split_of(labels).test)


def test_split_is_frozen() -> None:
    # Stored accuracies are worth nothing once these numbers change.
    split = stratified_split(np.arange(12) % 2, test_fraction=0.25, valid_fraction=0.25, seed=0)
    assert (split.test.tolist(), split.valid.tolist()) == ([2, 6, 7], [9, 10])


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("name", ["test_fraction", "valid_fraction"])
def test_fraction_out_of_range_is_refused(name: str, value: float) -> None:
    fractions: dict[str, Any] = {"test_fraction": 0.2, "valid_fraction": 0.2, name: value}
    with pytest.raises(ValueError, match=f"{name} must be above 0 and below 1, got {value:g}"):
        stratified_split(np.arange(20) % 2, seed=0, **fractions)


def test_too_few_images_are_refused() -> None:
    with pytest.raises(ValueError, match=r"images must number at least 4, .* got 3"):
        split_of(np.array([0, 1, 1]))


@given(
    shares=st.lists(st.floats(0, 20), min_size=1, max_size=6),
    data=st.data(),
)
def test_apportion_sums_up_within_the_limits(shares: list[float], data: st.DataObject) -> None:
    limits = [data.draw(st.integers(0, 25)) for _ in shares]
    total = data.draw(st.integers(0, sum(limits)))
    quota = apportion(np.array(shares), np.array(limits), total)
    assert quota.sum() == total
    assert (quota >= 0).all()
    assert (quota <= limits).all()


def test_a_proxy_of_a_tenth_has_as_many_of_each_class() -> None:
    labels = np.repeat(np.arange(10), 600)
    test = np.arange(0, 6000, 6)
    split = stratified_split(
        labels, test_fraction=0.2, valid_fraction=0.2, seed=0, test=test, proxy_fraction=0.1
    )
    assert np.array_equal(split.test, test)
    seen = np.sort(np.concatenate([split.train, split.valid]))
    assert np.bincount(labels[seen]).tolist() == [50] * 10
    assert np.bincount(labels[split.valid]).tolist() == [10] * 10
    assert not np.isin(seen, test).any()
    assert np.array_equal(split.known(6000), np.setdiff1d(np.arange(6000), test))


def test_a_whole_proxy_changes_nothing() -> None:
    labels = np.arange(100) % 3
    options: dict[str, Any] = {"test_fraction": 0.2, "valid_fraction": 0.2, "seed": 1}
    one, other = (
        stratified_split(labels, **options),
        stratified_split(labels, proxy_fraction=1.0, **options),
    )
    for part in ("train", "valid", "test"):
        assert np.array_equal(getattr(one, part), getattr(other, part))
    assert np.array_equal(one.known(100), np.sort(np.concatenate([one.train, one.valid])))


@given(
    st.lists(st.integers(1, 12), min_size=2, max_size=6),
    st.floats(0.01, 1),
    st.integers(0, 2**64 - 1),
)
def test_every_class_is_trained_on_however_small_the_proxy(
    counts: list[int], fraction: float, seed: int
) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    assume(len(labels) >= len(counts) + 2)
    split = stratified_split(
        labels, test_fraction=0.2, valid_fraction=0.2, seed=seed, proxy_fraction=fraction
    )
    parts = (split.train, split.valid, split.test)
    assert set(labels[split.train]) == set(range(len(counts)))
    assert min(map(len, parts)) >= 1
    assert len(np.unique(np.concatenate(parts))) == sum(map(len, parts))


@pytest.mark.parametrize(
    ("test", "error", "message"),
    [
        ([0.5], TypeError, "test_index must be integers, got dtype float64"),
        ([], TypeError, "test_index must be integers, got dtype float64"),
        (np.zeros(0, int), ValueError, r"test_index must be a list of numbers, got shape \[0\]"),
        ([[1]], ValueError, r"test_index must be a list of numbers, got shape \[1, 1\]"),
        ([1, 1], ValueError, r"different numbers in 0 \.\. 9, got 2 of 1 kinds from 1 to 1"),
        ([1, 10], ValueError, r"different numbers in 0 \.\. 9, got 2 of 2 kinds from 1 to 10"),
        ([-1, 3], ValueError, r"different numbers in 0 \.\. 9, got 2 of 2 kinds from -1 to 3"),
        ([0, 2, 4, 6, 8], ValueError, "leave an image of each class.*got 5 left of 2 classes"),
        ([0, 2, 4, 6, 1, 3, 5, 7], ValueError, "leave an image of each class.*got 2 left of 2"),
    ],
)
def test_given_test_images_are_checked(test: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        stratified_split(
            np.arange(10) % 2, test_fraction=0.2, valid_fraction=0.2, seed=0, test=test
        )


@pytest.mark.parametrize("fraction", [0, -0.5, 1.5])
def test_proxies_are_checked(fraction: float) -> None:
    with pytest.raises(ValueError, match=r"proxy_fraction must be (above 0|in 0 \.\. 1), got"):
        stratified_split(
            np.arange(10) % 2,
            test_fraction=0.2,
            valid_fraction=0.2,
            seed=0,
            proxy_fraction=fraction,
        )
