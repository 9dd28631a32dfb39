from pathlib import Path

import pytest

from harness.page import markdown_table, replace_part


def test_a_part_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n<!-- a -->\nold\n<!-- /a -->\n\n<!-- ab -->\nkept\n<!-- /ab -->\n")
    replace_part(page, "a", "\nnew\n\ntext\n")
    replace_part(page, "a", "newer")
    assert page.read_text() == (
        "# Page\n<!-- a -->\nnewer\n<!-- /a -->\n\n<!-- ab -->\nkept\n<!-- /ab -->\n"
    )


@pytest.mark.parametrize("text", ["", "<!-- a -->\n", "<!-- /a -->\n<!-- a -->\n"])
def test_a_page_without_the_markers_is_refused(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ValueError, match=r"page.md must hold the markers <!-- a --> and"):
        replace_part(page, "a", "new")
    assert page.read_text() == text


def test_numbers_of_a_table() -> None:
    table = markdown_table([{"n": 3, "p": 0.25, "m": "x"}, {"n": 4, "p": 1e-9, "m": ""}])
    assert table.splitlines()[2:] == ["| 3 | 0.2500 | x |", "| 4 | 0.0000 |  |"]
