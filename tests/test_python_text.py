"""gemcore.python_text: literals say what they should, and lines are short."""

import ast

from hypothesis import given
from hypothesis import strategies as st

from gemcore.python_text import LINE, assign_tuple, call, docstring, escape, fill, quote

texts = st.text(max_size=400)


@given(texts, st.integers(0, 60))
def test_literals_evaluate_to_the_text(text: str, indent: int) -> None:
    literal = quote(text, indent=indent)
    assert ast.literal_eval(literal) == text
    assert max(map(len, (" " * indent + literal).splitlines())) <= LINE


@given(texts)
def test_escaped_text_survives_in_a_docstring(text: str) -> None:
    source = f'"""{escape(text)}."""'
    assert "\n" not in source
    assert ast.literal_eval(source) == f"{text}."


@given(st.lists(texts, min_size=1, max_size=40))
def test_tuples_evaluate_to_their_items(items: list[str]) -> None:
    source = assign_tuple("NAMES", [quote(item, indent=4) for item in items])
    names: dict[str, object] = {}
    exec(source, names)
    assert names["NAMES"] == tuple(items)


def test_layout_by_hand() -> None:
    assert assign_tuple("A", ["1", "2"]) == "A = (1, 2)"
    assert assign_tuple("A", ["1" * 90, "2" * 90]) == f"A = (\n    {'1' * 90},\n    {'2' * 90},\n)"
    assert call("f", ["x"], indent=2) == "  f(x)"
    assert call("f", ["x" * 60, "y" * 60]) == f"f(\n    {'x' * 60},\n    {'y' * 60},\n)"
    assert fill(["x0", "x1"], indent=4) == "    x0, x1,"
    assert docstring("Title.", "a " * 60, "    code  here") == (
        f'"""Title.\n\n{"a " * 48}a\n{"a " * 10}a\n\n    code  here\n"""\n'
    )
