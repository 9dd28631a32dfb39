"""What the tests of the command line share: a run to look at, and how a command ends."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gemcore.cli import main
from gemcore.searching import SearchConfig, SearchResult, search

Refuses = Callable[..., str]


@pytest.fixture(autouse=True)
def _columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def refuses(capsys: pytest.CaptureFixture[str]) -> Refuses:
    """Runs a command line that must be refused as wrong usage; returns what it said, unwrapped."""

    def run(*words: str) -> str:
        with pytest.raises(SystemExit) as error:
            main(words)
        assert error.value.code == 2
        shown = capsys.readouterr()
        assert not shown.out
        return " ".join(shown.err.split())

    return run


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run over a function."""
    folder = tmp_path_factory.mktemp("runs") / "edges"

    def count_edges(cell: object, context: object) -> float:
        return len(getattr(cell, "edges", ())) / 100

    config = SearchConfig(num_trials=3, embedding="adjacency", bootstrap_samples=50)
    result = search(count_edges, config=config, out=folder, progress=False)
    assert isinstance(result, SearchResult)
    return folder
