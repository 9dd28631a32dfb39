"""A task of image classification that a search trains its candidates on."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from torch import Tensor

from gemcore.arguments import check_seed, check_type
from gemcore.networks.skeleton import Skeleton
from gemcore.space import SearchSpace
from gemcore.tasks.images import read_images
from gemcore.tasks.labels import read_labels
from gemcore.tasks.preprocessing import Preprocessing
from gemcore.tasks.split import Split, stratified_split


@dataclass(frozen=True, eq=False, repr=False)
class ProxyTask:
    """Labelled images, split once and for all into training, validation and test.

    Candidates train on ``split.train`` and are scored on ``split.valid``; ``split.test`` is for
    the final choice alone. The split follows from labels, fractions and seed, the same in every
    process. Arrays are copied.

    Args:
        images: Real numbers, an array or tensor ``[N, H, W]`` (grey), ``[N, C, H, W]`` or
            ``[N, H, W, C]``. Bytes stay uint8, all else becomes float32. Afterwards the attribute
            holds a read-only array ``[N, C, H, W]``.
        labels: Integers or strings, ``[N]``. Afterwards class numbers, int64 ``[N]``.
        class_names: Name of class 0, 1, ...; of string labels, their order. Default: the sorted
            different labels, which may be any integers or strings.
        test_fraction: Share of the test images, above 0 and below 1.
        valid_fraction: Share of the validation images in the rest, above 0 and below 1.
        channels: ``"first"`` or ``"last"``, where the shape does not show it: an axis of 1, 3 or 4.
        name: What reports call the task.
        space: Search space that suits the task; a caller's own wins.
        skeleton: Skeleton that suits the task; a caller's own wins.
        config: Fields of a SearchConfig that suit the task, by name; a caller's own config wins.
        seed: Of the split.

    Raises:
        TypeError: If images are no real numbers or labels neither integers nor strings.
        ValueError: If images are empty, of another shape or not finite, their channels are not to
            be found, labels are not whole, too many or too few, there is one class only, or
            there are too few images to split.

    Example:
        >>> task = ProxyTask(np.zeros((20, 8, 8)), ["cat", "dog"] * 10)
        >>> task
        ProxyTask('images': 20 images of 1 x 8 x 8, 2 classes)
        >>> len(task.split.train), len(task.split.valid), len(task.split.test)
        (13, 3, 4)
    """

    images: Any
    labels: Any
    _: KW_ONLY
    class_names: Sequence[str] = ()
    test_fraction: float = 0.2
    valid_fraction: float = 0.2
    channels: str | None = None
    name: str = "images"
    space: SearchSpace | None = None
    skeleton: Skeleton | None = None
    config: Mapping[str, Any] | None = None
    seed: int = 0
    split: Split = field(init=False)
    preprocessing: Preprocessing = field(init=False)

    def __post_init__(self) -> None:
        images, layout = read_images(self.images, self.channels)
        labels, names = read_labels(self.labels, len(images), self.class_names or None)
        seed = check_seed(self.seed)
        split = stratified_split(
            labels,
            test_fraction=self.test_fraction,
            valid_fraction=self.valid_fraction,
            seed=seed,
        )
        check_type("name", self.name, str)
        hints = {"space": SearchSpace, "skeleton": Skeleton, "config": Mapping}
        for name, kind in hints.items():
            if getattr(self, name) is not None:
                check_type(name, getattr(self, name), kind)
        for array in (images, labels):
            array.flags.writeable = False
        preprocessing = Preprocessing.of(images[split.train], layout)
        known = {"images": images, "labels": labels, "class_names": names, "seed": seed}
        for name, value in (known | {"split": split, "preprocessing": preprocessing}).items():
            object.__setattr__(self, name, value)

    @property
    def input_size(self) -> tuple[int, int, int]:
        """(channels, height, width) of an image."""
        return self.preprocessing.input_size

    @property
    def num_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    def preprocess(self, images: Any) -> Tensor:
        """What a network reads of images like the task's, float32 ``[N, C, H, W]``."""
        return self.preprocessing.apply(images)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over images, class numbers and split: equal means the same training and test."""
        digest = hashlib.sha256()
        for array in (self.images, self.labels, self.split.train, self.split.valid):
            digest.update(f"{array.dtype.str} {array.shape};".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def __repr__(self) -> str:
        size = " x ".join(map(str, self.input_size))
        return (
            f"ProxyTask({self.name!r}: {len(self.labels)} images of {size}, "
            f"{self.num_classes} classes)"
        )
