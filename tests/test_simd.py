"""The level of vector instructions can be asked, set, and forced from outside."""

import os
import subprocess
import sys

import pytest

from gemcore import set_simd_level, simd_level, simd_levels

pytestmark = pytest.mark.usefixtures("level_as_before")


def level_of_new_process(forced: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-c", "import gemcore._core as c; print(c.simd_level())"],
        env=os.environ | {"GEMCORE_SIMD": forced},
        capture_output=True,
        text=True,
        check=False,
    )


def test_levels_start_with_portable_code() -> None:
    assert simd_levels()[0] == "scalar"
    assert len(set(simd_levels())) == len(simd_levels())


@pytest.mark.parametrize("level", simd_levels())
def test_a_level_can_be_set(level: str) -> None:
    set_simd_level(level)
    assert simd_level() == level


def test_avx512_is_the_highest_level_that_has_it() -> None:
    if not simd_levels()[-1].startswith("avx512"):
        pytest.skip("this CPU has no AVX-512")
    set_simd_level("scalar")
    set_simd_level("avx512")
    assert simd_level() == simd_levels()[-1]


def test_what_is_no_level_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"level must be one of 'scalar'.* on this CPU, got 'mmx'"):
        set_simd_level("mmx")
    with pytest.raises(TypeError, match="level must be of type str, got int 3"):
        set_simd_level(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("level", simd_levels())
def test_the_environment_forces_a_level(level: str) -> None:
    assert level_of_new_process(level).stdout.strip() == level


def test_an_empty_variable_forces_nothing() -> None:
    assert level_of_new_process("").stdout.strip() == simd_levels()[-1]


def test_the_environment_can_not_force_what_is_not_there() -> None:
    done = level_of_new_process("sse9")
    assert done.returncode != 0
    assert "GEMCORE_SIMD must be one of 'scalar'" in done.stderr
