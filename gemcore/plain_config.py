"""Configuration objects as plain dictionaries and back, for JSON and TOML files."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from gemcore.arguments import check_type

T = TypeVar("T")


def to_plain(config: Any) -> Any:
    """A dataclass as dictionaries, lists, numbers and strings; fields that are None are left out.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Point:
        ...     x: int
        ...     y: int | None = None
        >>> to_plain(Point(3))
        {'x': 3}
    """
    if dataclasses.is_dataclass(config):
        pairs = ((f.name, getattr(config, f.name)) for f in dataclasses.fields(config))
        return {name: to_plain(value) for name, value in pairs if value is not None}
    if isinstance(config, Mapping):
        return {str(key): to_plain(value) for key, value in config.items() if value is not None}
    if isinstance(config, list | tuple):
        return [to_plain(value) for value in config]
    return config


def from_plain(kind: type[T], plain: Any, *, name: str = "config") -> T:
    """The dataclass of type ``kind`` that :func:`to_plain` wrote; missing fields get their default.

    Raises:
        TypeError: If a part is no mapping.
        ValueError: If a key is unknown or a value out of range.
    """
    check_type(name, plain, Mapping)
    hints = typing.get_type_hints(kind)
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(plain) - known)
    if unknown:
        raise ValueError(f"{name} must have known keys only, got {', '.join(unknown)}")
    values = {key: _read(hints[key], value, name=f"{name}.{key}") for key, value in plain.items()}
    return kind(**values)


def _read(hint: Any, value: Any, *, name: str) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        for option in typing.get_args(hint):
            if dataclasses.is_dataclass(option) and isinstance(value, Mapping):
                return from_plain(typing.cast(Any, option), value, name=name)
        hint = next((h for h in typing.get_args(hint) if typing.get_origin(h) is tuple), hint)
    if dataclasses.is_dataclass(hint):
        return from_plain(typing.cast(Any, hint), value, name=name)
    if typing.get_origin(hint) is tuple and isinstance(value, list):
        of = typing.get_args(hint)
        return tuple(_read(of[0], item, name=name) for item in value) if of else tuple(value)
    return value
