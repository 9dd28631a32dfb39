"""Which images are for training, validation and test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_float
from gemcore.philox import Stream, numpy_generator

TEST, VALIDATION, PROXY = 0, 1, 2  # Items of the random stream.


@dataclass(frozen=True)
class Split:
    """Disjoint sets of image numbers, int64, each in ascending order.

    Candidates train on ``train`` and are scored on ``valid``; ``test`` is for the final network.
    What is in none of them is kept for its training.
    """

    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]

    def known(self, num_images: int) -> NDArray[np.int64]:
        """All but the test images, which the final network is trained on."""
        return np.setdiff1d(np.arange(num_images, dtype=np.int64), self.test)


def stratified_split(
    labels: NDArray[np.int64],
    *,
    test_fraction: float,
    valid_fraction: float,
    seed: int,
    test: NDArray[np.int64] | None = None,
    proxy_fraction: float = 1.0,
) -> Split:
    """Splits images so that each part has the classes in the same proportions.

    The test part is drawn first and depends on ``test_fraction`` and ``seed`` alone; of the rest
    candidates see ``proxy_fraction``, and the validation part is ``valid_fraction`` of that. Each
    class keeps at least one image for training, so a class of one image is never tested; else its
    share is exact to one image.

    Args:
        labels: int64 ``[N]``, values 0 .. C - 1, each present.
        test_fraction: Within 0 .. 1, ends excluded.
        valid_fraction: Within 0 .. 1, ends excluded.
        seed: 0 .. 2^64 - 1.
        test: Numbers of the test images, where they are given, instead of ``test_fraction``.
        proxy_fraction: Above 0, at most 1.

    Raises:
        ValueError: If a fraction is out of range, there are fewer than C + 2 images, or the given
            test images are not some of them or leave a class without any.

    Example:
        >>> labels = np.arange(20) % 2
        >>> split = stratified_split(labels, test_fraction=0.2, valid_fraction=0.25, seed=0)
        >>> len(split.train), len(split.valid), len(split.test)
        (12, 4, 4)
    """
    for name, fraction in (("test_fraction", test_fraction), ("valid_fraction", valid_fraction)):
        if not 0 < check_float(name, fraction, 0, 1) < 1:
            raise ValueError(f"{name} must be above 0 and below 1, got {fraction:g}")
    num_classes = int(labels.max()) + 1
    if len(labels) < num_classes + 2:
        raise ValueError(
            f"images must number at least {num_classes + 2}, so that each of {num_classes} "
            f"classes is trained on and one image each is left for validation and test, "
            f"got {len(labels)}"
        )
    if check_float("proxy_fraction", proxy_fraction, 0, 1) == 0:
        raise ValueError("proxy_fraction must be above 0, got 0")
    everything = np.arange(len(labels), dtype=np.int64)
    if test is None:
        # One spare image is left for validation.
        test = _draw(labels, everything, test_fraction, seed, TEST, spare=1)
    else:
        test = check_test(test, labels)
    rest = np.setdiff1d(everything, test)
    if proxy_fraction < 1:
        rest = _keep(labels, rest, proxy_fraction, seed)
    valid = _draw(labels, rest, valid_fraction, seed, VALIDATION, spare=0)
    return Split(np.setdiff1d(rest, valid), valid, test)


def _draw(
    labels: NDArray[np.int64],
    images: NDArray[np.int64],
    fraction: float,
    seed: int,
    part: int,
    *,
    spare: int,
) -> NDArray[np.int64]:
    """Draws a fraction of the images, at least one, leaving ``spare`` more than one a class."""
    counts = np.bincount(labels[images])
    most = len(images) - len(counts) - spare
    total = min(max(1, round(fraction * len(images))), most)
    quota = apportion(fraction * counts, np.maximum(counts - 1, 0), total)
    return _draw_quota(labels, images, quota, seed, part)


def _keep(
    labels: NDArray[np.int64], images: NDArray[np.int64], fraction: float, seed: int
) -> NDArray[np.int64]:
    """Draws a fraction of the images, at least one of a class and one more for validation."""
    counts = np.bincount(labels[images])
    least = min(len(images), len(counts) + 1)
    total = max(round(fraction * len(images)), least)
    quota = np.maximum(apportion(fraction * counts, counts, total), 1)
    if quota.sum() < least:  # A class that has more images gives the one to validate with.
        quota[int((counts - quota).argmax())] += 1
    return _draw_quota(labels, images, quota, seed, PROXY)


def _draw_quota(
    labels: NDArray[np.int64],
    images: NDArray[np.int64],
    quota: NDArray[np.int64],
    seed: int,
    part: int,
) -> NDArray[np.int64]:
    """Draws so many images of each class."""
    # Raw Philox words, sorted: numpy may change how it shuffles from version to version.
    generator = numpy_generator(seed, Stream.TASK_SPLIT, part)
    shuffled = images[np.argsort(generator.bit_generator.random_raw(len(images)), kind="stable")]
    drawn = [
        shuffled[labels[shuffled] == label][:number] for label, number in enumerate(quota.tolist())
    ]
    return np.sort(np.concatenate(drawn))


def check_test(test: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of given test images, sorted.

    Raises:
        TypeError: If they are no integers.
        ValueError: If they are none, not different, or not of images, or leave too few.
    """
    array = np.asarray(test)
    if array.dtype.kind not in "iu":
        raise TypeError(f"test_index must be integers, got dtype {array.dtype}")
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(f"test_index must be a list of numbers, got shape {list(array.shape)}")
    found: NDArray[np.int64] = np.unique(array.astype(np.int64))
    if len(found) < len(array) or found[0] < 0 or found[-1] >= len(labels):
        raise ValueError(
            f"test_index must hold different numbers in 0 .. {len(labels) - 1}, got "
            f"{len(array)} of {len(found)} kinds from {found[0]} to {found[-1]}"
        )
    counts = np.bincount(np.delete(labels, found), minlength=int(labels.max()) + 1)
    if not counts.all() or counts.sum() == len(counts):
        raise ValueError(
            "test_index must leave an image of each class to train on and one to validate with, "
            f"got {counts.sum()} left of {len(counts)} classes"
        )
    return found


def apportion(
    shares: NDArray[np.floating], limits: NDArray[np.int64], total: int
) -> NDArray[np.int64]:
    """Whole numbers close to ``shares`` that sum to ``total``, by largest remainder.

    Args:
        shares: Wanted numbers, ``[C]``.
        limits: Upper bound of each, ``[C]``; they sum to at least ``total``.
        total: The sum.

    Example:
        >>> apportion(np.array([1.4, 1.6, 0.2]), np.array([9, 9, 0]), 3).tolist()
        [1, 2, 0]
    """
    quota: NDArray[np.int64] = np.minimum(np.floor(shares).astype(np.int64), limits)
    while quota.sum() < total:
        gap = np.where(quota < limits, shares - quota, -np.inf)
        quota[int(gap.argmax())] += 1
    while quota.sum() > total:
        gap = np.where(quota > 0, shares - quota, np.inf)
        quota[int(gap.argmin())] -= 1
    return quota
