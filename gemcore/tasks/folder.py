"""Images in folders, one sub-folder a class, as arrays."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gemcore.progress import progress_bar
from gemcore.tasks.backend import num_cores
from gemcore.tasks.image_config import ImageConfig
from gemcore.tasks.image_files import SUFFIXES, is_grey, is_image_name, read_image

logger = logging.getLogger("gemcore")

NAMED = 5  # Unreadable files that an error names.
AT_ONCE = 512  # Files that are under way, which bounds what Ctrl-C has to wait for.
PARTS = {"train", "training", "test", "testing", "val", "valid", "validation"}


@dataclass(frozen=True, eq=False)
class FolderImages:
    """What lies in folders.

    Args:
        images: uint8 ``[N, C, S, S]``, read-only.
        labels: Class numbers, int64 ``[N]``.
        class_names: Names of the sub-folders, sorted.
        num_train: Images of the first folder; those of the test folder follow.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    num_train: int


def read_folders(
    directories: Sequence[Path], config: ImageConfig, *, progress: bool = False
) -> FolderImages:
    """Reads the images of a folder, and of a second one for the test if there is one.

    Hidden files and folders, and files that don't end as images do, are passed over.

    Args:
        directories: One or two, each with one sub-folder a class.
        config: Size of the images, and how many of them may be unreadable.
        progress: Whether to show a bar.

    Raises:
        FileNotFoundError: If a folder is not there.
        ValueError: If there are no classes, only one, an empty one, or two whose names differ in
            case alone; if the test folder has other classes; or if too many files are unreadable.
    """
    found = [list_classes(directory, apart=directories) for directory in directories]
    names = tuple(found[0])
    for directory, classes in zip(directories[1:], found[1:], strict=True):
        if tuple(classes) != names:
            different = sorted(set(classes) ^ set(names))
            raise ValueError(
                f"test_directory must have the classes of directory, got {str(directory)!r}, "
                f"where {', '.join(map(repr, different))} differ"
            )
    files = [
        (path, label, part)
        for part, classes in enumerate(found)
        for label, paths in enumerate(classes.values())
        for path in paths
    ]
    images, readable = _read_files([path for path, _, _ in files], config, progress=progress)
    kept = [file for file, good in zip(files, readable, strict=True) if good]
    labels = np.array([label for _, label, _ in kept], dtype=np.int64)
    for label, name in enumerate(names):
        if label not in labels:
            raise ValueError(f"directory must hold a readable image of {name!r}, got none")
    return FolderImages(images, labels, names, sum(part == 0 for _, _, part in kept))


def list_classes(directory: Path, apart: Sequence[Path] = ()) -> dict[str, list[Path]]:
    """Image files by class, both in the order of their names.

    Args:
        directory: With one sub-folder a class.
        apart: Folders that are no classes, wherever they lie.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: As :func:`read_folders`.
    """
    if not directory.is_dir():
        raise FileNotFoundError(f"no such folder: {directory}")
    passed_over = {folder.resolve() for folder in apart}
    folders = sorted(
        path
        for path in directory.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.resolve() not in passed_over
    )
    classes = {folder.name: _image_files(folder) for folder in folders}
    _check_classes(directory, classes)
    return classes


def _check_classes(directory: Path, classes: Mapping[str, list[Path]]) -> None:
    in_parts = bool(classes) and {name.lower() for name in classes} <= PARTS
    paths = [path for files in classes.values() for path in files]
    if in_parts and not any(path.parent.parent == directory for path in paths):
        raise ValueError(
            f"directory must have one sub-folder a class, got {', '.join(map(repr, classes))} in "
            f"{str(directory)!r}: give the folder for training, and that for the test as "
            "test_directory"
        )
    if len(classes) < 2:
        held = ", ".join(map(repr, classes)) or "none"
        raise ValueError(
            f"directory must have two sub-folders at least, one a class, got {held} in "
            f"{str(directory)!r}"
        )
    by_case = defaultdict(list)
    for name in classes:
        by_case[name.casefold()].append(name)
    for same in by_case.values():
        if len(same) > 1:
            raise ValueError(
                "directory must have classes whose names differ by more than case, got "
                f"{' and '.join(map(repr, same))}"
            )
    for name, paths in classes.items():
        if not paths:
            raise ValueError(
                f"directory must have images in each sub-folder ({', '.join(SUFFIXES)}), got none "
                f"in {name!r}"
            )


def _image_files(folder: Path) -> list[Path]:
    found = [
        path
        for path in folder.rglob("*")
        if is_image_name(path)
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    return sorted(found)


def _read_files(
    paths: list[Path], config: ImageConfig, *, progress: bool
) -> tuple[NDArray[np.uint8], list[bool]]:
    """Pixels of the readable files, and which they are; decoded side by side, each once."""
    side = config.image_size
    readable = [True] * len(paths)
    reasons: list[str] = []
    with ThreadPoolExecutor(num_cores()) as pool:
        channels = 1 if all(pool.map(is_grey, paths)) else 3
        images = np.empty((len(paths), channels, side, side), dtype=np.uint8)

        def read(number: int) -> str | None:
            try:
                images[number] = read_image(paths[number], (channels, side, side))
            except ValueError as error:
                return str(error)
            return None

        with progress_bar(len(paths), "reading images", enabled=progress, unit="file") as bar:
            for start in range(0, len(paths), AT_ONCE):
                numbers = range(start, min(start + AT_ONCE, len(paths)))
                for number, reason in zip(numbers, pool.map(read, numbers), strict=True):
                    if reason is not None:
                        readable[number] = False
                        reasons.append(reason)
                bar.update(len(numbers))
    _check_unreadable(reasons, len(paths), config.max_unreadable)
    if reasons:
        images = images[readable]
    images.flags.writeable = False
    return images, readable


def _check_unreadable(reasons: list[str], num_files: int, most: float) -> None:
    if len(reasons) > most * num_files:
        shown = "; ".join(reasons[:NAMED]) + ("; ..." if len(reasons) > NAMED else "")
        raise ValueError(
            f"directory must have at most {most:.3g} of its files unreadable (max_unreadable), got "
            f"{len(reasons)} of {num_files}: {shown}"
        )
    for reason in reasons:
        logger.warning(f"Left out: {reason}")
