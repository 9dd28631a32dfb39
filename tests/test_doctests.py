"""Every example in a docstring, run against the installed package."""

import doctest
import importlib
import pkgutil

import pytest

import gemcore

# Programs, and what is no Python.
SKIPPED = ("gemcore.__main__", "gemcore.trials.worker", "gemcore._core", "gemcore._cuda")
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(gemcore.__path__, "gemcore.")
    if not module.name.startswith(SKIPPED)
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0
