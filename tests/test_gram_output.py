"""A Gram matrix in a file: the same values, whole or not at all, ended by Ctrl-C in a second."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gemcore import SearchSpace, get_num_threads, gram_output, set_num_threads, wl_gram

SPACE = SearchSpace(num_nodes=9, ops=("conv1x1", "conv3x3"), edge_prob=0.4)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = get_num_threads()
    set_num_threads(1)
    yield
    set_num_threads(before)


@pytest.mark.parametrize("tile_bytes", [1, 1000, 10_000, 128 << 20])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize(("num_rows", "num_columns"), [(1, 1), (2, 1), (3, 40), (40, 33)])
def test_file_holds_the_same_bits(
    num_rows: int,
    num_columns: int,
    dtype: str,
    tile_bytes: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gram_output, "TILE_BYTES", tile_bytes)
    monkeypatch.setattr(gram_output, "SQUARE", 7)
    cells, columns = SPACE.sample(num_rows), SPACE.sample(num_columns, 1)
    for other in (None, columns):
        options: dict[str, Any] = {"dtype": dtype, "normalize": dtype != "int64"}
        path = tmp_path / "folder" / "gram.npy"
        gram = wl_gram(cells, other, out=path, **options)
        assert isinstance(gram, np.memmap)
        assert not gram.flags.writeable
        np.testing.assert_array_equal(gram, wl_gram(cells, other, **options))
        assert gram.dtype == dtype
        np.testing.assert_array_equal(np.load(path), gram)
        assert os.listdir(path.parent) == ["gram.npy"]


@pytest.mark.parametrize("num_columns", [0, 3])
def test_a_matrix_of_nothing(num_columns: int, tmp_path: Path) -> None:
    gram = wl_gram(SPACE.sample(0), SPACE.sample(num_columns), out=str(tmp_path / "gram.npy"))
    assert gram.shape == np.load(tmp_path / "gram.npy").shape == (0, num_columns)


def test_progress_is_shown_if_asked_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gram_output, "TILE_BYTES", 800)
    wl_gram(SPACE.sample(25), out=tmp_path / "a.npy")
    assert capfd.readouterr().err == ""
    wl_gram(SPACE.sample(25), out=tmp_path / "a.npy", progress=True)
    assert "6/6" in capfd.readouterr().err


def fail(error: BaseException) -> Callable[..., None]:
    def raise_it(*_: object) -> None:
        raise error

    return raise_it


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_no_half_file_is_left(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gram.npy"
    path.write_text("old")
    monkeypatch.setattr(gram_output.MatrixJob, "_write_rows", fail(error))
    with pytest.raises(type(error)):
        wl_gram(SPACE.sample(3), out=path)
    assert os.listdir(tmp_path) == ["gram.npy"]
    assert path.read_text() == "old"


def test_a_disk_without_room_is_an_error_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=7000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    message = r"out must fit on the disk, 7e-06 GB, got a file of 7\.33e-06 GB"
    with pytest.raises(OSError, match=message):
        wl_gram(SPACE.sample(30), out=tmp_path / "new" / "gram.npy")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_disk_that_fills_up_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_full(*_: object) -> Any:
        return open("/dev/full", "wb")

    monkeypatch.setattr("gemcore.atomic_files.open", open_full, raising=False)
    with pytest.raises(OSError, match="No space left on device"):
        wl_gram(SPACE.sample(300), out=tmp_path / "gram.npy")
    assert os.listdir(tmp_path) == []


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="out must be a file, got a folder"):
        wl_gram(SPACE.sample(3), out=tmp_path)


INTERRUPTED = """
import os, signal, sys, threading, time
from gemcore import SearchSpace, wl_gram
num_nodes, num_cells, delay, out = sys.argv[1:]
space = SearchSpace(num_nodes=int(num_nodes), edge_prob=0.9)
cells = space.sample(50)[[i % 50 for i in range(int(num_cells))]]
sent = []
def interrupt():
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
threading.Timer(float(delay), interrupt).start()
try:
    wl_gram(cells, n_iter=16, out=out or None)
except KeyboardInterrupt:
    print(time.monotonic() - sent[0])
"""


@pytest.mark.parametrize(
    ("num_nodes", "num_cells", "to_file"),
    [(256, 20_000, False), (3, 20_000, False), (30, 20_000, True)],
    ids=["colors", "sums", "file"],
)
def test_ctrl_c_ends_it_within_a_second(
    num_nodes: int, num_cells: int, to_file: bool, tmp_path: Path
) -> None:
    # In a process of its own: a KeyboardInterrupt that comes late must not end the tests.
    out = str(tmp_path / "gram.npy") if to_file else ""
    done = subprocess.run(
        [sys.executable, "-P", "-c", INTERRUPTED, str(num_nodes), str(num_cells), "0.3", out],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert float(done.stdout) < 1
    assert os.listdir(tmp_path) == []
