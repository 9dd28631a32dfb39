"""model.py reads image files as gemcore does, to the byte, and classifies them from a shell."""

import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gemcore.atomic_files import write_tensors
from gemcore.searching.image_reading import READING
from gemcore.searching.model_files import write_model_files
from gemcore.searching.result import SearchResult
from gemcore.searching.setting import SearchSetting
from gemcore.tasks.image_files import read_image

MakeResult = Callable[..., SearchResult]


def images() -> Iterator[tuple[str, Image.Image, dict[str, Any]]]:
    """Names of files, images, and options of saving them."""
    rng = np.random.default_rng(0)

    def noise(*shape: int, top: int = 256, dtype: Any = np.uint8) -> Image.Image:
        return Image.fromarray(rng.integers(0, top, shape).astype(dtype))

    color = noise(17, 31, 3)
    turned = Image.Exif()
    turned[0x0112] = 6  # Turn by a quarter.
    yield "grey.png", noise(31, 17), {}
    yield "color.png", color, {}
    yield "color.jpg", noise(200, 90, 3), {}
    yield "turned.jpg", noise(40, 90, 3), {"exif": turned}
    yield "cmyk.jpg", color.convert("CMYK"), {}
    yield "alpha.png", noise(9, 9, 4), {}
    yield "grey_alpha.png", noise(9, 9, 2), {}
    yield "palette.png", color.convert("P"), {}
    yield "palette_alpha.png", color.convert("P"), {"transparency": 3}
    yield "palette.gif", color.convert("P"), {}
    yield "bits.png", color.convert("1"), {}
    yield "deep.png", noise(20, 30, top=65536, dtype=np.uint16), {}
    yield "deep.tiff", noise(20, 30, top=65536, dtype=np.uint16), {}
    yield "tiny.png", noise(1, 1, 3), {}
    yield "long.png", noise(2, 300, 3), {}


@pytest.mark.parametrize("size", [(3, 16, 16), (1, 8, 8), (3, 5, 12), (1, 40, 7)])
def test_files_are_read_alike(size: tuple[int, int, int], tmp_path: Path) -> None:
    modules = {"struct": struct, "torch": torch}
    names = modules | {"INPUT_SIZE": size, "Path": Path, "Tensor": torch.Tensor}
    exec(READING, names)
    for name, image, options in images():
        image.save(tmp_path / name, **options)
        alone = names["read_image"](tmp_path / name)  # type: ignore[operator]
        assert alone.dtype == torch.uint8
        np.testing.assert_array_equal(alone.numpy(), read_image(tmp_path / name, size), name)


def test_classifies_files_in_a_shell(
    result: MakeResult, bytes_setting: SearchSetting, tmp_path: Path
) -> None:
    found = result(bytes_setting)
    assert found.final is not None
    write_model_files(tmp_path, found)
    write_tensors(tmp_path / "model.safetensors", found.final.weights)
    image = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    image.save(tmp_path / "photo.png")  # As large as the network wants it.
    (tmp_path / "none.png").write_text("no image")
    prediction = found.predict(np.asarray(image)[None])
    line = f"photo.png: {prediction.labels[0]} {prediction.probabilities.max():.4f}\n"

    def shell(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "model.py", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    ran = shell("photo.png", "photo.png")
    assert (ran.returncode, ran.stdout) == (0, line * 2), ran.stderr
    broken = shell("photo.png", "none.png")
    assert (broken.returncode, broken.stdout) == (1, line)
    assert "none.png must be" in broken.stderr
    assert "Traceback" not in broken.stderr
    assert "usage: model.py" in shell().stderr
