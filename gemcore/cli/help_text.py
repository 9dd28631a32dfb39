"""What ``--help`` says: the docstring of each field, on pages of the terminal's width."""

import ast
import dataclasses
import functools
import inspect
import itertools
import re
import shutil
import textwrap
from typing import Any, get_type_hints

from tyro.constructors import (
    MISSING,
    MISSING_NONPROP,
    StructConstructorSpec,
    StructFieldSpec,
    StructTypeInfo,
)

from gemcore.cli.terminal import refuse

# How tyro writes types: a list of numbers, and what may be None.
LIST = re.compile(r"\{?\[(\w+) \[\1 \.\.\.\]\]\}?")
OPTIONAL = re.compile(r"\{None\}\|(.+?)(?=  |$)")


def documented(info: StructTypeInfo) -> StructConstructorSpec | None:
    """How tyro reads gemcore's dataclasses: with :func:`field_docs` as help, which it would
    break as the source does, and with errors as short as elsewhere.
    """
    kind = info.type
    if not (dataclasses.is_dataclass(kind) and kind.__module__.startswith("gemcore.")):
        return None
    hints, docs = get_type_hints(kind, include_extras=True), field_docs(kind)
    fields = tuple(
        StructFieldSpec(
            item.name, hints[item.name], _default(item, info.default), helptext=docs.get(item.name)
        )
        for item in dataclasses.fields(kind)
        if item.init
    )
    return StructConstructorSpec(functools.partial(_make, kind), fields)


def _make(kind: type, **values: Any) -> Any:
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        refuse(str(error))  # In a line, where tyro says it in a box and by its inner names.


def _default(item: "dataclasses.Field[Any]", parent: Any) -> Any:
    if parent is MISSING:
        return MISSING
    if isinstance(parent, type) or not dataclasses.is_dataclass(parent):
        if item.default is not dataclasses.MISSING:
            return item.default
        factory = item.default_factory
        return MISSING_NONPROP if factory is dataclasses.MISSING else factory()
    return getattr(parent, item.name)


def field_docs(kind: type) -> dict[str, str]:
    """The docstring below each field of a class, as one line.

    Example:
        >>> from gemcore.pair_mixture import PairMixture
        >>> field_docs(PairMixture)["max_edits"]
        'Most edits of an edited cell.'
    """
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    docs = {}
    for field, below in itertools.pairwise(definition.body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            docs[field.target.id] = " ".join(str(below.value.value).split())
    return docs


def wrap_page(text: str) -> str:
    """A page of help with its paragraphs wrapped to the terminal's width, and plainer types.

    Example:
        >>> print(wrap_page("--max-macs {None}|INT"))
        --max-macs INT|None
    """
    columns = shutil.get_terminal_size().columns
    lines = []
    for line in map(str.rstrip, text.splitlines()):
        if len(line) > columns and line[0].isalpha():
            line = textwrap.fill(line, columns)
        if line.lstrip().startswith("--"):
            line = OPTIONAL.sub(_plainer, LIST.sub(_plainer, line))
        lines.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _plainer(found: "re.Match[str]") -> str:
    """The type in plain words, as wide as before: what follows stays in its column."""
    plain = f"{found[1]} ..." if found.re is LIST else f"{found[1]}|None"
    return plain.ljust(len(found[0])) if found.end() < len(found.string) else plain
