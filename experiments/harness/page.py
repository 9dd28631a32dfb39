"""Parts of docs/experiments.md, each between markers of its own."""

from collections.abc import Sequence
from pathlib import Path

from gemcore.atomic_files import write_text
from harness.rows import Row


def replace_part(page: Path, name: str, text: str) -> None:
    """Puts ``text`` between the markers of a part, and leaves all else as it is.

    Raises:
        ValueError: If the page lacks the markers.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    content = page.read_text()
    before, found_begin, rest = content.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"{page} must hold the markers {begin} and {end}, got a page without them")
    write_text(page, f"{before}{begin}\n{text.strip()}\n{end}{after}")


def markdown_table(rows: Sequence[Row]) -> str:
    """Rows as a table in Markdown; floats to four places.

    Example:
        >>> print(markdown_table([{"n": 100, "tau": 0.5}]))
        | n | tau |
        |---|---|
        | 100 | 0.5000 |
    """
    heads = list(rows[0])
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(_cell(row[head]) for head in heads) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
