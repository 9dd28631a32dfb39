"""What tells the run that lies in a folder from the one that is wanted, line by line."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLLOWS = ("run_id", "gemcore")  # Not chosen, or no part of what decides about the result.
FREE = ("config.num_workers",)  # May differ: it changes how long a run takes, and no bit of it.
MOST = 12  # Lines that are shown.


def describe_difference(path: Path, setting: Mapping[str, Any]) -> str:
    """A line for each value that differs between a stored ``config.toml`` and a setting.

    Args:
        path: The file.
        setting: From ``SearchSetting.to_dict``.

    Raises:
        ValueError: If the file is no TOML.
    """
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} must hold TOML, got a corrupt file: {error}") from error
    there, now = dict(_leaves(stored)), dict(_leaves(setting))
    keys = [key for key in dict.fromkeys([*there, *now]) if there.get(key) != now.get(key)]
    lines = [
        f"  {key}: {_shown(there, key)} -> {_shown(now, key)}{_remark(key)}"
        for key in keys
        if key not in FOLLOWS and key not in FREE
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


def _remark(key: str) -> str:
    return " (images, labels or their split changed)" if key == "task.fingerprint" else ""
