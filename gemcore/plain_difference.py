"""What tells stored settings from those that are wanted, line by line."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

MOST = 12  # Lines that are shown.


def plain_difference(
    there: Mapping[str, Any],
    now: Mapping[str, Any],
    *,
    ignored: Collection[str] = (),
    remarks: Mapping[str, str] | None = None,
) -> str:
    """A line for each value that differs; empty where none does.

    Args:
        there: Settings as :func:`gemcore.plain_config.to_plain` gives them, nested.
        now: Those to compare them with.
        ignored: Names of values that may differ, as ``table.name``.
        remarks: What to say behind the value of a name.

    Example:
        >>> print(plain_difference({"space": {"edge_prob": 0.2}}, {"space": {"edge_prob": 0.5}}))
          space.edge_prob: 0.2 -> 0.5
    """
    old, new = dict(_leaves(there)), dict(_leaves(now))
    keys = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
    lines = [
        f"  {key}: {_shown(old, key)} -> {_shown(new, key)}{(remarks or {}).get(key, '')}"
        for key in keys
        if key not in ignored
    ]
    rest = len(lines) - MOST
    return "\n".join(lines[:MOST] + ([f"  and {rest} more"] if rest > 0 else []))


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key}", _plain(value)


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _shown(values: Mapping[str, Any], key: str) -> str:
    if key not in values:
        return "not set"
    text = str(values[key])
    return text if len(text) <= 40 else f"{text[:37]}..."
