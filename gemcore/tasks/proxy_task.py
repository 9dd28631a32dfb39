"""A task of image classification that a search trains its candidates on."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from gemcore.arguments import check_seed, check_type
from gemcore.networks.skeleton import Skeleton
from gemcore.space import SearchSpace
from gemcore.tasks.dataset_reading import read_dataset
from gemcore.tasks.folder import read_folders
from gemcore.tasks.image_config import ImageConfig
from gemcore.tasks.images import read_images
from gemcore.tasks.labels import read_labels
from gemcore.tasks.metrics import BUILT_IN, Metric, check_own_metrics
from gemcore.tasks.preprocessing import Preprocessing
from gemcore.tasks.split import Split, stratified_split


@dataclass(frozen=True, eq=False, repr=False)
class ProxyTask:
    """Labelled images, split once and for all into training, validation and test.

    Candidates train on ``split.train`` and are scored on ``split.valid``; the final network is
    trained on all but ``split.test``, which is for it alone. The split follows from labels,
    fractions and seed, the same in every process. Arrays are copied, unless they are read-only.

    Args:
        images: Real numbers, an array or tensor ``[N, H, W]`` (grey), ``[N, C, H, W]`` or
            ``[N, H, W, C]``. Bytes stay uint8, all else becomes float32. Afterwards the attribute
            holds a read-only array ``[N, C, H, W]``.
        labels: Integers or strings, ``[N]``. Afterwards class numbers, int64 ``[N]``.
        class_names: Name of class 0, 1, ...; of string labels, their order. Default: the sorted
            different labels, which may be any integers or strings.
        test_fraction: Share of the test images, above 0 and below 1.
        test_index: Numbers of the test images, where they are given; no share is drawn then.
        proxy_fraction: Share of the rest that candidates see, above 0 and at most 1, drawn class
            by class: the paper's proxy is a tenth of CIFAR-10 (R-20).
        valid_fraction: Share of the validation images in what candidates see, above 0, below 1.
        metrics: Your own measures by name: ``function(labels, probabilities) -> number``, higher is
            better, of int64 ``[N]`` and float32 ``[N, C]``. With ``SearchConfig(metric=name)`` the
            score is made of one. Candidates are then trained one at a time, in this process.
        channels: ``"first"`` or ``"last"``, where the shape does not show it: an axis of 1, 3 or 4.
        name: What reports call the task.
        space: Search space that suits the task; a caller's own wins.
        skeleton: Skeleton that suits the task; a caller's own wins.
        config: Fields of a SearchConfig that suit the task, by name; a caller's own config wins.
        image_config: How the images were read, where they lay in files; for the records alone.
        seed: Of the split.

    Raises:
        TypeError: If images are no real numbers or labels neither integers nor strings.
        ValueError: If images are empty, of another shape or not finite, their channels are not to
            be found, labels are not whole, too many or too few, there is one class only, or
            there are too few images to split.

    See also :meth:`from_folder`, :meth:`from_dataset` and :func:`gemcore.load_task`.

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
    test_index: ArrayLike | None = None
    proxy_fraction: float = 1.0
    valid_fraction: float = 0.2
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    channels: str | None = None
    name: str = "images"
    space: SearchSpace | None = None
    skeleton: Skeleton | None = None
    config: Mapping[str, Any] | None = None
    image_config: ImageConfig | None = None
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
            test=None if self.test_index is None else np.asarray(self.test_index),
            proxy_fraction=self.proxy_fraction,
        )
        own = check_own_metrics(self.metrics)
        check_type("name", self.name, str)
        hints = {"space": SearchSpace, "skeleton": Skeleton, "config": Mapping}
        hints["image_config"] = ImageConfig
        for name, kind in hints.items():
            if getattr(self, name) is not None:
                check_type(name, getattr(self, name), kind)
        for array in (images, labels):
            array.flags.writeable = False
        preprocessing = Preprocessing.of(images[split.train], layout)
        known = {"images": images, "labels": labels, "class_names": names, "seed": seed}
        known |= {"metrics": own}
        for name, value in (known | {"split": split, "preprocessing": preprocessing}).items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_folder(
        cls,
        directory: str | Path,
        *,
        test_directory: str | Path | None = None,
        images: ImageConfig | None = None,
        name: str | None = None,
        seed: int = 0,
        progress: bool = False,
        **options: Any,
    ) -> Self:
        """The images in a folder, one sub-folder a class.

        Images of any size and kind that Pillow reads are turned as their camera says, scaled to
        cover a square and cut evenly; all grey ones stay grey. Hidden files, and what does not end
        as images do, are passed over; unreadable files are named and left out.

        Args:
            directory: The folder; the names of its sub-folders are the classes.
            test_directory: Images for the test, in the same sub-folders. Default: a share of the
                others.
            images: Size of the images, shares, and how many files may be unreadable.
            name: What reports call the task. Default: the folder's name.
            seed: Of the split.
            progress: Whether to show a bar.
            **options: As for the class: ``metrics``, ``space``, ``skeleton``, ``config``.

        Raises:
            FileNotFoundError: If there is no such folder.
            ValueError: If there are no classes, one only, an empty one, two whose names differ in
                case alone, or too many unreadable files.
        """
        config = ImageConfig() if images is None else images
        check_type("images", config, ImageConfig)
        folders = [Path(d) for d in (directory, test_directory) if d is not None]
        found = read_folders(folders, config, progress=progress)
        tested = test_directory is not None
        return cls(
            found.images,
            found.labels,
            class_names=found.class_names,
            test_fraction=config.test_fraction,
            test_index=np.arange(found.num_train, len(found.labels)) if tested else None,
            proxy_fraction=config.proxy_fraction or 1.0,
            valid_fraction=config.valid_fraction,
            channels="first",
            image_config=config,
            name=Path(directory).resolve().name if name is None else name,
            seed=seed,
            **options,
        )

    @classmethod
    def from_dataset(
        cls,
        dataset: Any,
        *,
        class_names: Sequence[str] | None = None,
        progress: bool = False,
        **options: Any,
    ) -> Self:
        """The samples ``(image, label)`` of a torch data set, each read once.

        Args:
            dataset: With ``len`` and ``[i]``. Images are PIL images, arrays or tensors, all of one
                shape; let a transform of the data set resize them.
            class_names: Name of class 0, 1, ... Default: ``dataset.classes`` if it has that.
            progress: Whether to show a bar.
            **options: As for the class.

        Raises:
            TypeError: If it has no length or items, or a sample is no pair.
            ValueError: If it is empty, or images differ in shape.

        Example:
            >>> from torch.utils.data import TensorDataset
            >>> import torch
            >>> images, labels = torch.zeros(20, 1, 8, 8), torch.arange(20) % 2
            >>> ProxyTask.from_dataset(TensorDataset(images, labels), name="mine")
            ProxyTask('mine': 20 images of 1 x 8 x 8, 2 classes)
        """
        images, labels = read_dataset(dataset, progress=progress)
        names = getattr(dataset, "classes", ()) if class_names is None else class_names
        return cls(images, labels, class_names=tuple(names), **options)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """What a search's score can be made of."""
        return (*BUILT_IN, *self.metrics)

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
        split = self.split
        parts = [self.images, self.labels, split.train, split.valid]
        if sum(map(len, (split.train, split.valid, split.test))) < len(self.labels):
            parts.append(split.test)  # Else it is the rest.
        for array in parts:
            digest.update(f"{array.dtype.str} {array.shape};".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def __repr__(self) -> str:
        size = " x ".join(map(str, self.input_size))
        return (
            f"ProxyTask({self.name!r}: {len(self.labels)} images of {size}, "
            f"{self.num_classes} classes)"
        )
