"""What tells the run that lies in a folder from the one that is wanted, line by line."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gemcore.plain_difference import plain_difference

FOLLOWS = ("run_id", "gemcore")  # Not chosen, or no part of what decides about the result.
FREE = ("config.num_workers",)  # May differ: it changes how long a run takes, and no bit of it.
REMARKS = {"task.fingerprint": " (images, labels, their split or the table changed)"}


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
    return plain_difference(stored, setting, ignored=(*FOLLOWS, *FREE), remarks=REMARKS)
