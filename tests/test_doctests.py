"""Every example in a docstring, run against the installed package."""

import doctest
import importlib
import pkgutil

import pytest

import gemcore

# A worker is a program that reads its standard input from the first line on.
PROGRAMS = {"gemcore.__main__", "gemcore.trials.worker"}
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(gemcore.__path__, "gemcore.")
    if module.name not in PROGRAMS and not module.name.startswith(("gemcore._core", "gemcore._cuda"))
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0
