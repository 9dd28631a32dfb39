"""Images in folders: what is a class, what is passed over, what is refused."""

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gemcore.tasks import ProxyTask
from gemcore.tasks.image_config import ImageConfig
from gemcore.tasks.image_files import read_image

SMALL = ImageConfig(image_size=8)


def make(folder: Path, *, count: int = 12, classes: tuple[str, ...] = ("cats", "dogs")) -> Path:
    """A folder of images of odd sizes, brighter from class to class."""
    rng = np.random.default_rng(0)
    for level, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            shape = (*rng.integers(5, 40, 2), 3)
            pixels = rng.normal(60 + 120 * level, 15, shape).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}.png")
    return folder


def test_each_sub_folder_is_a_class(tmp_path: Path) -> None:
    task = ProxyTask.from_folder(make(tmp_path / "pets"), images=SMALL, seed=3)
    assert repr(task) == "ProxyTask('pets': 24 images of 3 x 8 x 8, 2 classes)"
    assert task.class_names == ("cats", "dogs")
    assert task.labels.tolist() == [0] * 12 + [1] * 12
    assert task.images.dtype == np.uint8
    assert not task.images.flags.writeable
    assert task.preprocessing.values == "bytes"
    assert task.seed == 3
    wanted = read_image(tmp_path / "pets" / "dogs" / "05.png", (3, 8, 8))
    assert np.array_equal(task.images[12 + 5], wanted)


def test_the_same_in_every_order_of_the_disk(tmp_path: Path) -> None:
    first = make(tmp_path / "a")
    for path in sorted(first.rglob("*.png"), reverse=True):
        (tmp_path / "b" / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "b" / path.parent.name / path.name)
    tasks = [ProxyTask.from_folder(tmp_path / name, images=SMALL) for name in "ab"]
    assert tasks[0].fingerprint == tasks[1].fingerprint


def test_hidden_things_and_what_is_no_image_are_passed_over(tmp_path: Path) -> None:
    folder = make(tmp_path / "pets")
    for hidden in (folder / ".ipynb_checkpoints", folder / "cats" / ".ipynb_checkpoints"):
        hidden.mkdir()
        shutil.copy(folder / "cats" / "00.png", hidden / "0-checkpoint.png")
    (folder / "cats" / ".DS_Store").write_bytes(b"\0")
    (folder / "cats" / "._00.png").write_bytes(b"\0")
    (folder / "dogs" / "Thumbs.db").write_bytes(b"\xd0")
    (folder / "README.txt").write_text("my pets")
    (folder / "dogs" / "old").mkdir()
    (folder / "dogs" / "01.png").rename(folder / "dogs" / "old" / "a.PNG")
    task = ProxyTask.from_folder(folder, images=SMALL)
    assert task.class_names == ("cats", "dogs")
    assert np.bincount(task.labels).tolist() == [12, 12]


def test_grey_images_stay_grey_unless_one_is_not(tmp_path: Path) -> None:
    folder = make(tmp_path / "pets")
    for path in folder.rglob("*.png"):
        Image.open(path).convert("L").save(path)
    assert ProxyTask.from_folder(folder, images=SMALL).input_size == (1, 8, 8)
    Image.open(folder / "cats" / "00.png").convert("RGB").save(folder / "cats" / "00.png")
    assert ProxyTask.from_folder(folder, images=SMALL).input_size == (3, 8, 8)


def test_unreadable_files_are_named_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make(tmp_path / "pets")
    path = folder / "cats" / "03.png"
    path.write_bytes(path.read_bytes()[:100])
    with caplog.at_level(logging.WARNING, "gemcore"):
        task = ProxyTask.from_folder(folder, images=SMALL)
    assert len(task.labels) == 23
    assert np.bincount(task.labels).tolist() == [11, 12]
    assert f"Left out: {path} must be an image file" in caplog.text
    few = ImageConfig(image_size=8, max_unreadable=0.04)
    with pytest.raises(ValueError, match=r"at most 0\.04 of its files.*got 1 of 24: .*03\.png"):
        ProxyTask.from_folder(folder, images=few)


def test_a_folder_for_the_test(tmp_path: Path) -> None:
    make(tmp_path / "train")
    make(tmp_path / "test", count=3)
    task = ProxyTask.from_folder(
        tmp_path / "train", test_directory=tmp_path / "test", images=SMALL, name="pets"
    )
    assert task.split.test.tolist() == list(range(24, 30))
    make(tmp_path / "other", classes=("cats", "cows"))
    with pytest.raises(ValueError, match=r"classes of directory, got .*'cows', 'dogs' differ"):
        ProxyTask.from_folder(tmp_path / "train", test_directory=tmp_path / "other")


def test_a_folder_for_the_test_among_the_classes_is_no_class(tmp_path: Path) -> None:
    folder = make(tmp_path / "pets")
    make(folder / "test", count=3)
    task = ProxyTask.from_folder(folder, test_directory=folder / "test", images=SMALL)
    assert task.class_names == ("cats", "dogs")
    assert task.split.test.tolist() == list(range(24, 30))


def test_an_unreadable_file_does_not_decide_about_colors(tmp_path: Path) -> None:
    folder = make(tmp_path / "pets", count=30)
    for path in folder.rglob("*.png"):
        Image.open(path).convert("L").save(path)
    (folder / "cats" / "00.png").write_bytes(b"no image")
    assert ProxyTask.from_folder(folder, images=SMALL).input_size == (1, 8, 8)


def test_shares_are_those_of_the_configuration(tmp_path: Path) -> None:
    config = ImageConfig(image_size=8, proxy_fraction=0.5, test_fraction=0.25, valid_fraction=0.25)
    split = ProxyTask.from_folder(make(tmp_path / "pets", count=16), images=config).split
    assert (len(split.test), len(split.train), len(split.valid)) == (8, 9, 3)


def test_folders_that_are_no_task_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no such folder: .*missing"):
        ProxyTask.from_folder(tmp_path / "missing")
    make(tmp_path / "one", classes=("cats",))
    with pytest.raises(ValueError, match="two sub-folders at least, one a class, got 'cats' in"):
        ProxyTask.from_folder(tmp_path / "one")
    with pytest.raises(ValueError, match="one a class, got none in"):
        ProxyTask.from_folder(tmp_path / "one" / "cats")
    make(tmp_path / "empty")
    (tmp_path / "empty" / "birds").mkdir()
    with pytest.raises(ValueError, match=r"images in each sub-folder .*got none in 'birds'"):
        ProxyTask.from_folder(tmp_path / "empty")
    make(tmp_path / "case", classes=("Cats", "cats", "dogs"))
    with pytest.raises(ValueError, match="more than case, got 'Cats' and 'cats'"):
        ProxyTask.from_folder(tmp_path / "case")
    for part in ("train", "test"):
        make(tmp_path / "parts" / part)
    with pytest.raises(ValueError, match=r"got 'test', 'train' in .* as test_directory"):
        ProxyTask.from_folder(tmp_path / "parts")
    make(tmp_path / "part" / "Train")
    with pytest.raises(ValueError, match=r"got 'Train' in .* as test_directory"):
        ProxyTask.from_folder(tmp_path / "part")


def test_a_class_without_a_readable_image_is_named(tmp_path: Path) -> None:
    folder = make(tmp_path / "pets", count=1, classes=("cats", "dogs"))
    (folder / "cats" / "00.png").write_bytes(b"")
    with pytest.raises(ValueError, match="must hold a readable image of 'cats', got none"):
        ProxyTask.from_folder(folder, images=ImageConfig(max_unreadable=1.0))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("image_size", 0, "image_size must be >= 1, got 0"),
        ("proxy_fraction", 0, "proxy_fraction must be above 0, got 0"),
        ("test_fraction", 1, "test_fraction must be below 1, got 1"),
        ("valid_fraction", -1, r"valid_fraction must be in 0 \.\. 1, got -1"),
        ("max_unreadable", 2, r"max_unreadable must be in 0 \.\. 1, got 2"),
    ],
)
def test_configurations_are_checked(field: str, value: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ImageConfig(**{field: value})  # type: ignore[arg-type]
