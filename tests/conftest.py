import os
from collections.abc import Iterator

# One thread a library: tests run beside each other and must not depend on the number of cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from gemcore import set_simd_level, simd_level, simd_levels

settings.register_profile("gemcore", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("gemcore")


@pytest.fixture(scope="module", params=simd_levels())
def every_simd_level(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a module once with each level of vector instructions that this CPU has."""
    before = simd_level()
    set_simd_level(request.param)
    yield request.param
    set_simd_level(before)
