"""Settings of a search as a TOML file, and back."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tomli_w

from gemcore.arguments import check_seed
from gemcore.plain_config import from_plain, to_plain
from gemcore.searching.config import SearchConfig
from gemcore.space import SearchSpace
from gemcore.tasks.image_config import ImageConfig

COMPLETE = "gemcore"  # The key of a file that a run or --print-config wrote: its version.
FOLLOWING = ("run_id", COMPLETE, "task", "skeleton", "input_size", "num_classes")


@dataclass(frozen=True)
class Settings:
    """What a file of settings can say, and what it is called there."""

    seed: int = 0
    space: SearchSpace = field(default_factory=SearchSpace)
    images: ImageConfig = field(default_factory=ImageConfig)
    config: SearchConfig = field(default_factory=SearchConfig)

    def __post_init__(self) -> None:
        check_seed(self.seed)

    def to_toml(self, *, of_table: bool = False) -> str:
        """A file that :func:`read_settings` reads as these settings, whatever the task.

        Args:
            of_table: Whether the space is that of a table and there are no images: both left out.
        """
        plain = to_plain(self)
        left_out = ("space", "images") if of_table else ()
        said = {key: value for key, value in plain.items() if key not in left_out}
        return tomli_w.dumps({COMPLETE: version("gemcore"), **said}).rstrip()


def read_settings(path: Path, suited: Settings) -> Settings:
    """The settings in a TOML file, over those that suit the task.

    In a file that a run or ``--print-config`` wrote, a table is complete: what it leaves out is
    None, whatever suits the task. Keys that merely follow from the rest are passed over.

    Raises:
        OSError: If the file can't be read.
        TypeError: If a value is of the wrong kind; like the next ones with path, key, wanted, got.
        ValueError: If it is no TOML, a key is unknown, or a value out of range.
    """
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} must be a file in TOML: {error}") from error
    said = {key: value for key, value in plain.items() if key not in FOLLOWING}
    if "fingerprint" in said.get("space", {}):  # A list of cells follows from its table.
        del said["space"]
    whole = to_plain(suited)
    whole = {**whole, **said} if COMPLETE in plain else _overlay(whole, said)
    try:
        return from_plain(Settings, whole, name="")
    except (TypeError, ValueError) as error:
        raise type(error)(f"{path}: {error}") from error


def _overlay(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = under.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = _overlay(below, value)
        merged[key] = value
    return merged
