"""The documentation: every public name has a place, and what the pages show runs."""

import contextlib
import dataclasses
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gemcore
from gemcore import SearchConfig, SearchResult, search
from gemcore.cli import main

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def test_every_public_name_is_documented_once() -> None:
    pages = "\n".join(page.read_text() for page in sorted((DOCS / "api").glob("*.md")))
    shown = re.findall(r"^::: gemcore\.(\S+)$", pages, re.MULTILINE)
    in_tables = [f"tables.{name}" for name in gemcore.tables.__all__]
    assert sorted(shown) == sorted([*(set(gemcore.__all__) - {"tables"}), *in_tables])


def test_every_page_is_in_the_menu() -> None:
    menu = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    assert set(re.findall(r"\S+\.md", menu)) == pages


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_of_the_readme_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text())
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_messages_of_the_page_on_runs_are_those_of_the_code() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "gemcore").rglob("*.py"))
    code = re.sub(r'"\s+f?"', "", sources)  # A message may stand on several lines.
    table = (DOCS / "runs.md").read_text().partition("## After a message")[2]
    cells = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    messages = [message for cell in cells for message in re.findall(r"`([^`]+)`", cell)]
    assert len(messages) > 10
    assert [message for message in messages if message not in code] == []


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(), re.M | re.S)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which ``photos`` holds JPEGs of two classes; it is where the code runs."""
    draw = np.random.default_rng(0)
    for name, color in {"cat": 60, "dog": 190}.items():
        for number in range(12):
            size = (int(draw.integers(20, 60)), int(draw.integers(20, 60)), 3)
            pixels = draw.normal(color, 20, size).clip(0, 255).astype(np.uint8)
            path = tmp_path / "photos" / name / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    shutil.copy(tmp_path / "photos" / "cat" / "0.jpg", tmp_path / "new.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SMALL: dict[str, Any] = {"num_trials": 2, "predictor": "constant", "width": 4}


def search_little(task: Any, *, config: SearchConfig | None = None, out: str) -> SearchResult:
    """``gemcore.search`` with what its page says of the score, and little training."""
    config = config or SearchConfig()
    training = dataclasses.replace(config.training, epochs=1, final_epochs=2)
    config = dataclasses.replace(config, **SMALL, num_workers=1, training=training)
    return search(task, config=config, out=out, progress=False)


def test_own_data_in_python(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemcore, "search", search_little)
    known: dict[str, Any] = {}
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        for code in blocks("own-data.md", "python"):
            exec(compile(code, "own-data.md", "exec"), known)
    assert re.search(r"^\['(cat|dog)'\]$", shown.getvalue(), re.MULTILINE)
    assert "found_cats" in known["result"].best.metrics
    assert known["task"].name == "mine"


def test_own_data_in_a_shell(photos: Path) -> None:
    search, use = blocks("own-data.md", "sh")[0].splitlines()
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    flags += ["--training.epochs=1", "--training.final-epochs=2", "--num-workers=1", "--quiet"]
    assert search.startswith("gemcore search ")
    assert main([*search.split()[1:], *flags]) == 0
    assert use.startswith("python ")
    words = [sys.executable, *use.split()[1:]]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"new\.jpg: (cat|dog) [01]\.\d{4}\n", done.stdout)


def test_flags_on_own_data(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for block in blocks("own-data.md", "sh") for line in block.splitlines()]
    searches = [line.split()[1:] for line in lines if line.startswith("gemcore search ")]
    assert len(searches) > 2
    for words in searches:
        assert main([*words, "--print-config"]) == 0
    assert 'class_weights = "balanced"' in capsys.readouterr().out


def test_graph_kernels(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("grakel", reason="GraKeL is not installed")
    known: dict[str, Any] = {}
    for code in blocks("wl.md", "python"):
        exec(compile(code, "wl.md", "exec"), known)
    assert known["scores"].mean() > 0.9
    assert known["search"].best_score_ > 0.9
    assert "kernel__n_iter" in capsys.readouterr().out


def test_own_data_takes_at_most_15_lines() -> None:
    first = blocks("own-data.md", "python")[0] + blocks("own-data.md", "sh")[0]
    assert len(first.splitlines()) <= 15
