"""Which images are for training, validation and test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_float
from gemcore.philox import Stream, numpy_generator

TEST, VALIDATION = 0, 1  # Items of the random stream.


@dataclass(frozen=True)
class Split:
    """Three disjoint sets of image numbers, int64, each in ascending order."""

    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]


def stratified_split(
    labels: NDArray[np.int64], *, test_fraction: float, valid_fraction: float, seed: int
) -> Split:
    """Splits images so that each part has the classes in the same proportions.

    The test part is drawn first and depends on ``test_fraction`` and ``seed`` alone; the
    validation part is ``valid_fraction`` of the rest. Each class keeps at least one image for
    training, so a class of one image is never tested; else its share is exact to one image.

    Args:
        labels: int64 ``[N]``, values 0 .. C - 1, each present.
        test_fraction: Within 0 .. 1, ends excluded.
        valid_fraction: Within 0 .. 1, ends excluded.
        seed: 0 .. 2^64 - 1.

    Raises:
        ValueError: If a fraction is out of range or there are fewer than C + 2 images.

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
    everything = np.arange(len(labels), dtype=np.int64)
    # One spare image is left for validation.
    test = _draw(labels, everything, test_fraction, seed, TEST, spare=1)
    rest = np.setdiff1d(everything, test)
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
    # Raw Philox words, sorted: numpy may change how it shuffles from version to version.
    generator = numpy_generator(seed, Stream.TASK_SPLIT, part)
    shuffled = images[np.argsort(generator.bit_generator.random_raw(len(images)), kind="stable")]
    drawn = [
        shuffled[labels[shuffled] == label][:number] for label, number in enumerate(quota.tolist())
    ]
    return np.sort(np.concatenate(drawn))


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
