"""What this installation is made of, for bug reports."""

import platform
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy
import torch

from gemcore.cuda import cuda_status
from gemcore.simd import simd_level
from gemcore.tasks.backend import num_cores
from gemcore.threads import get_num_threads


def describe_build() -> str:
    """Versions, instruction set and CUDA status, a line each.

    Example:
        >>> describe_build().splitlines()[0].split()[0]
        'gemcore'
    """
    rows = {
        "gemcore": version("gemcore"),
        "native code": _native_module(),
        "SIMD level": simd_level(),
        "CUDA": cuda_status(),
        "threads": f"{get_num_threads()} of {num_cores()} cores",
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "Python": f"{platform.python_version()} on {platform.platform()}",
    }
    return "\n".join(f"{name:<12}{value}" for name, value in rows.items())


def _native_module() -> str:
    spec = find_spec("gemcore._core")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).name
