"""The documentation: every public name has a place, and what the pages show runs."""

import re
from pathlib import Path

import pytest

import gemcore

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def test_every_public_name_is_documented_once() -> None:
    pages = "\n".join(page.read_text() for page in sorted((DOCS / "api").glob("*.md")))
    shown = re.findall(r"^::: gemcore\.(\S+)$", pages, re.MULTILINE)
    assert sorted(shown) == sorted(gemcore.__all__)


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
