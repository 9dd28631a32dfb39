"""Pieces of Python source within a line length, laid out as a formatter would."""

import textwrap
from collections.abc import Sequence

LINE = 100


def quote(text: str, *, indent: int = 0) -> str:
    r"""A string literal in double quotes, unless those cost escapes.

    One that is too long for a line is spread over several, in parentheses.

    Example:
        >>> print(quote("it's"), quote('say "a"'), quote("two\nlines"))
        "it's" 'say "a"' "two\nlines"
    """
    literal = repr(text)
    if literal.startswith("'") and '"' not in literal and "\\'" not in literal:
        literal = f'"{literal[1:-1]}"'
    if indent + len(literal) < LINE:
        return literal
    pieces = [""]
    for character in text:
        if indent + 4 + len(repr(pieces[-1] + character)) > LINE:
            pieces.append("")
        pieces[-1] += character
    margin = " " * indent
    return "(\n" + "".join(f"{margin}    {quote(piece)}\n" for piece in pieces) + f"{margin})"


def escape(text: str) -> str:
    r"""The text as it may stand within a docstring, in one line.

    Example:
        >>> print(escape('a "quoted"\nname'))
        a \"quoted\"\nname
    """
    return "".join({"'": "'", '"': '\\"'}.get(letter, repr(letter)[1:-1]) for letter in text)


def assign_tuple(name: str, items: Sequence[str]) -> str:
    """A constant: on one line, or with an item on each.

    Example:
        >>> assign_tuple("STD", ["6.0"])
        'STD = (6.0,)'
    """
    line = f"{name} = ({items[0]},)" if len(items) == 1 else f"{name} = ({', '.join(items)})"
    if len(line) <= LINE and "\n" not in line:
        return line
    return "\n".join([f"{name} = (", *(f"    {item}," for item in items), ")"])


def call(function: str, arguments: Sequence[str], *, after: str = "", indent: int = 0) -> str:
    """A call on one line, or with an argument on each.

    Example:
        >>> call("f", ["x", "y=2"], after=",")
        'f(x, y=2),'
    """
    margin = " " * indent
    line = f"{margin}{function}({', '.join(arguments)}){after}"
    if len(line) <= LINE:
        return line
    lines = [f"{margin}    {argument}," for argument in arguments]
    return "\n".join([f"{margin}{function}(", *lines, f"{margin}){after}"])


def fill(items: Sequence[str], *, indent: int) -> str:
    """Many short items, as many on a line as fit, each line with a comma at its end."""
    margin = " " * indent
    text = ", ".join(items) + ","
    return textwrap.fill(text, LINE, initial_indent=margin, subsequent_indent=margin)


def docstring(*paragraphs: str) -> str:
    """A module's docstring; paragraphs are wrapped unless they begin with a space."""
    wrapped = [
        text
        if text.startswith(" ")
        else textwrap.fill(text, LINE - 3, break_long_words=False, break_on_hyphens=False)
        for text in paragraphs
    ]
    return '"""' + "\n\n".join(wrapped) + '\n"""\n'
