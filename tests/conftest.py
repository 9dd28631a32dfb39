import importlib.util
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

# One thread a library: tests run beside each other and must not depend on the number of cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch
from hypothesis import settings

from gemcore import cuda, set_simd_level, simd_level, simd_levels

settings.register_profile("gemcore", deadline=None, max_examples=30, derandomize=True)
settings.load_profile("gemcore")


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests neither read the user's cache nor leave anything there."""
    os.environ["GEMCORE_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def level_as_before() -> Iterator[None]:
    """Restores the level of vector instructions that a test sets."""
    before = simd_level()
    yield
    set_simd_level(before)


@pytest.fixture(scope="module", params=simd_levels())
def every_simd_level(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a module once with each level of vector instructions that this CPU has."""
    before = simd_level()
    set_simd_level(request.param)
    yield request.param
    set_simd_level(before)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CUDA device, or an emulated one (`make test-cuda`), whose memory is the CPU's."""
    folder = os.environ.get("GEMCORE_EMULATED_CUDA")
    if cuda.cuda_status() == "usable":
        return
    if folder is None:
        pytest.skip(f"CUDA: {cuda.cuda_status()}")
    (path,) = Path(folder).glob("_cuda.*.so")
    spec = importlib.util.spec_from_file_location("emulated._cuda", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(cuda, "DEVICE_TYPE", "cpu")
    monkeypatch.setattr(cuda, "require_cuda", lambda what: module)
    monkeypatch.setattr(cuda, "current_device", lambda: torch.device("cpu"))
    monkeypatch.setattr(cuda, "launching", lambda device: nullcontext(0))
