"""gemcore.tasks.labels: classes from integers, strings and whole floats."""

from typing import Any

import numpy as np
import pytest
import torch

from gemcore.tasks.labels import read_labels


@pytest.mark.parametrize(
    ("labels", "classes", "names"),
    [
        ([0, 1, 1], [0, 1, 1], ("0", "1")),
        ([7, -2, 7], [1, 0, 1], ("-2", "7")),
        ([2.0, 1.0, 2.0], [1, 0, 1], ("1", "2")),
        ([True, False, True], [1, 0, 1], ("0", "1")),
        (["dog", "cat", "dog"], [1, 0, 1], ("cat", "dog")),
        (np.array(["b", "a", "b"], dtype=object), [1, 0, 1], ("a", "b")),
        (np.array([3, 4, 3], dtype=np.uint8), [0, 1, 0], ("3", "4")),
        (torch.tensor([3, 4, 3]), [0, 1, 0], ("3", "4")),
        (np.array([2**63 - 1, 0, 0], dtype=np.uint64), [1, 0, 0], ("0", str(2**63 - 1))),
    ],
)
def test_classes_are_the_sorted_labels(
    labels: Any, classes: list[int], names: tuple[str, ...]
) -> None:
    read, found = read_labels(labels, 3)
    assert read.tolist() == classes
    assert read.dtype == np.int64
    assert found == names


def test_class_names_name_integers() -> None:
    read, names = read_labels([1, 0, 1], 3, ["cat", "dog"])
    assert read.tolist() == [1, 0, 1]
    assert names == ("cat", "dog")


def test_class_names_order_strings() -> None:
    read, names = read_labels(["a", "b", "a"], 3, ("b", "a"))
    assert read.tolist() == [1, 0, 1]
    assert names == ("b", "a")


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 1], ValueError, r"labels must have shape \[3\], one for each image, got \[2\]"),
        ([[0], [1], [0]], ValueError, r"labels must have shape \[3\].*got \[3, 1\]"),
        ([0.0, np.nan, 1.0], ValueError, "labels must be whole numbers, got nan at image 1"),
        ([0.0, 1.0, np.inf], ValueError, "labels must be whole numbers, got inf at image 2"),
        ([0.5, 1.0, 2.0], ValueError, r"labels must be whole numbers, got 0\.5 at image 0"),
        ([0.0, 1.0, 1e17], ValueError, r"labels must be whole numbers, got 1e\+17 at image 2"),
        ([1, 1, 1], ValueError, "labels must name at least 2 classes, got 1"),
        ([None, 1, 2], TypeError, "labels must be integers or strings, got dtype object"),
        ([1j, 2j, 3j], TypeError, "labels must be integers or strings, got dtype complex128"),
        (np.array([2**63, 0, 0], np.uint64), ValueError, r"labels must be below 2\^63, got 92"),
    ],
)
def test_what_is_no_label_is_refused(labels: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_labels(labels, 3)


@pytest.mark.parametrize(
    ("labels", "names", "error", "message"),
    [
        ([0, 2, 1], ["a", "b"], ValueError, r"labels must be in 0 \.\. 1, .*got 2 at image 1"),
        ([0, -1, 1], ["a", "b"], ValueError, r"labels must be in 0 \.\. 1, .*got -1 at image 1"),
        ([0, 2, 2], ["a", "b", "c"], ValueError, "an image of every class, got none of 'b'"),
        ([0, 1, 1], ["a", "a"], ValueError, "class_names must be different, got a, a"),
        ([0, 1, 1], [0, 1], TypeError, "class_names must be strings, got int 0"),
        ([0, 1, 1], "ab", TypeError, "class_names must be a sequence of strings, got 'ab'"),
        ([0, 0, 0], ["a"], ValueError, "labels must name at least 2 classes, got a"),
        (["a", "x", "b"], ["a", "b"], ValueError, "got 'x' in labels but not in class_names"),
        (["a", "a", "b"], ["a", "b", "c"], ValueError, "got 'c' in class_names but not in labels"),
    ],
)
def test_class_names_must_fit(
    labels: Any, names: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_labels(labels, 3, names)
