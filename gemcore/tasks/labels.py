"""Labels as they come from a user, read into class numbers and class names."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gemcore.arguments import describe
from gemcore.tasks.images import to_array

CLASS_DTYPE = np.int64  # What torch's cross entropy takes.


def read_labels(
    labels: Any, num_images: int, class_names: Sequence[str] | None = None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Class number of each image, and the name of each class.

    Args:
        labels: ``[N]``: integers, whole floats, booleans, or strings.
        num_images: N.
        class_names: Of integer labels, name of class 0, 1, ...; of strings, the order of the
            classes. None: the sorted different labels, which may be any integers.

    Returns:
        int64 ``[N]`` with values 0 .. C - 1, each of them present, and C names.

    Raises:
        TypeError: If labels are neither numbers nor strings.
        ValueError: For another shape or length, a value that is NaN or not whole, fewer than two
            classes, or labels and ``class_names`` that don't match.

    Example:
        >>> read_labels(["dog", "cat", "dog"], 3)
        (array([1, 0, 1]), ('cat', 'dog'))
    """
    array = to_array("labels", labels)
    if array.shape != (num_images,):
        raise ValueError(
            f"labels must have shape [{num_images}], one for each image, got {list(array.shape)}"
        )
    values = _read_values(array)
    names = None if class_names is None else _read_names(class_names)
    if names is None:
        found, classes = np.unique(values, return_inverse=True)
        names = tuple(str(value) for value in found.tolist())
    elif values.dtype.kind == "U":
        classes = _numbers_of_names(values, names)
    else:
        classes = _check_numbers(values, names)
    if len(names) < 2:
        raise ValueError(f"labels must name at least 2 classes, got {', '.join(names) or 'none'}")
    return classes.astype(CLASS_DTYPE), names


def check_stored_labels(path: Path, labels: ArrayLike, num_classes: int) -> None:
    """Raises ValueError unless the class numbers that a file holds are within 0 .. C - 1."""
    numbers = np.asarray(labels)
    outside = np.flatnonzero((numbers < 0) | (numbers >= num_classes))
    if outside.size:
        first = int(outside[0])
        raise ValueError(
            f"{path} must hold labels in 0 .. {num_classes - 1}, got {numbers[first]} at image "
            f"{first}"
        )


def _read_values(array: NDArray[Any]) -> NDArray[Any]:
    """The labels as int64 or as strings."""
    if array.dtype.kind == "O" and all(isinstance(value, str) for value in array):
        return array.astype(np.str_)
    if array.dtype.kind == "f":
        # Written so that NaN fails too.
        odd = ~(np.abs(array) < 2.0**53) | (np.floor(array) != array)
        if odd.any():
            first = int(np.flatnonzero(odd)[0])
            raise ValueError(f"labels must be whole numbers, got {array[first]} at image {first}")
    elif array.dtype.kind not in "biuUT":
        raise TypeError(f"labels must be integers or strings, got dtype {array.dtype}")
    if array.dtype.kind in "UT":
        return array.astype(np.str_)
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"labels must be below 2^63, got {array.max()}")
    return array.astype(np.int64)


def _read_names(class_names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(class_names, str):
        raise TypeError(f"class_names must be a sequence of strings, got {class_names!r}")
    names = tuple(class_names)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"class_names must be strings, got {describe(name)}")
    if len(set(names)) < len(names):
        raise ValueError(f"class_names must be different, got {', '.join(names)}")
    return names


def _numbers_of_names(values: NDArray[np.str_], names: tuple[str, ...]) -> NDArray[np.int64]:
    found = set(values.tolist())
    for wrong in sorted(found ^ set(names)):
        where = ("labels", "class_names") if wrong in found else ("class_names", "labels")
        raise ValueError(
            f"class_names must be the different labels, got {wrong!r} in {where[0]} "
            f"but not in {where[1]}"
        )
    number = {name: i for i, name in enumerate(names)}
    return np.array([number[value] for value in values.tolist()], dtype=np.int64)


def _check_numbers(values: NDArray[np.int64], names: tuple[str, ...]) -> NDArray[np.int64]:
    outside = np.flatnonzero((values < 0) | (values >= len(names)))
    if outside.size:
        raise ValueError(
            f"labels must be in 0 .. {len(names) - 1}, as class_names has {len(names)} names, "
            f"got {values[outside[0]]} at image {outside[0]}"
        )
    counts = np.bincount(values, minlength=len(names))
    if not counts.all():
        missing = names[int(np.flatnonzero(counts == 0)[0])]
        raise ValueError(f"labels must have an image of every class, got none of {missing!r}")
    return values
