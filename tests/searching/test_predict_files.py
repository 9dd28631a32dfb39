"""A found network is given image files: read as the task's own, or refused by name."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gemcore.searching import inputs
from gemcore.searching.result import SearchResult
from gemcore.searching.setting import SearchSetting
from gemcore.tasks.image_files import read_image
from gemcore.tasks.preprocessing import Preprocessing

MakeResult = Callable[..., SearchResult]


@pytest.fixture
def found(result: MakeResult, bytes_setting: SearchSetting) -> SearchResult:
    return result(bytes_setting)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Images of odd sizes: grey, color, with alpha, grey with alpha."""
    rng = np.random.default_rng(0)
    paths = []
    for i, shape in enumerate([(8, 8), (9, 31, 3), (40, 8, 4), (5, 5, 2)]):
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(paths[-1])
    return paths


def test_files_are_read_as_the_tasks_own(found: SearchResult, files: list[Path]) -> None:
    images: NDArray[np.uint8] = np.stack([read_image(path, (1, 8, 8)) for path in files])
    expected = found.predict(images).probabilities
    for given in (files, tuple(map(str, files))):
        np.testing.assert_array_equal(found.predict(given).probabilities, expected)
    one = found.predict(files[1])
    np.testing.assert_allclose(one.probabilities, expected[1:2], rtol=1e-5)
    assert one.labels.shape == (1,)


def test_many_files_are_read_in_chunks(
    found: SearchResult, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = found.predict(files).probabilities
    monkeypatch.setattr(inputs, "CHUNK", 3)
    preprocessing = found.setting.task.preprocessing
    assert preprocessing is not None
    sizes = [len(chunk) for chunk in inputs.iterate_inputs(files * 2, preprocessing)]
    assert sizes == [3, 3, 2]
    np.testing.assert_allclose(found.predict(files).probabilities, expected, rtol=1e-5)


def test_what_is_no_image_file_is_named(
    found: SearchResult, files: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "cut.png").write_bytes(files[1].read_bytes()[:200])
    for name in ("text.png", "cut.png"):
        with pytest.raises(ValueError, match=name.replace(".", r"\.")):
            found.predict([files[0], tmp_path / name])
    with pytest.raises((ValueError, FileNotFoundError), match=r"none\.png"):
        found.predict(str(tmp_path / "none.png"))
    with pytest.raises(ValueError, match=r"images must be files, got the folder .*: list its"):
        found.predict(tmp_path)
    with pytest.raises(TypeError, match="images must be paths or numbers, got both: int"):
        found.predict([files[0], 3])


def test_files_are_of_no_use_where_images_were_numbers(
    result: MakeResult, files: list[Path]
) -> None:
    with pytest.raises(ValueError, match=r"images must be an array like .* no bytes of 1 or 3"):
        result().predict(files)


def test_files_are_of_no_use_where_images_had_four_channels(bytes_setting: SearchSetting) -> None:
    numbers = (1.0,) * 4
    preprocessing = Preprocessing((4, 8, 8), mean=numbers, std=numbers, values="bytes")
    assert not inputs.can_read_files(preprocessing)
    assert inputs.can_read_files(bytes_setting.task.preprocessing)
