"""Every example in a docstring of the experiments."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "experiments"
MODULES = sorted(f"{path.parent.name}.{path.stem}" for path in ROOT.glob("*/*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
