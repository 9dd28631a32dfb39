"""How the site reads docstrings: what Sphinx calls a role becomes a link, an example code."""

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:attr|class|func|meth|mod):`~?([\w.]+)`")
EXAMPLE = re.compile(r"^( *)Example:$", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Rewrites each docstring before it is parsed."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for each class, function and attribute."""
        if obj.docstring is not None:
            text = EXAMPLE.sub(r"\1Examples:", obj.docstring.value)
            obj.docstring.value = ROLE.sub(_link, text)


def _link(match: re.Match[str]) -> str:
    name = match[1]
    target = name if name.startswith("gemcore.") else f"gemcore.{name}"
    # What has no place of its own on the site stays as it is.
    return f'<autoref optional identifier="{target}"><code>{name}</code></autoref>'
