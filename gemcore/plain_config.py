"""Configuration objects as plain dictionaries and back, for JSON and TOML files."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any, Literal, TypeVar

from gemcore.arguments import describe

T = TypeVar("T")
SCALARS = {bool: "true or false", int: "an integer", float: "a number", str: "a string"}


def to_plain(config: Any) -> Any:
    """A dataclass as dictionaries, lists, numbers and strings; fields that are None are left out.

    An integer in a field of type float is written as a float: equal settings give equal text.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Point:
        ...     x: float
        ...     y: int | None = None
        >>> to_plain(Point(3))
        {'x': 3.0}
    """
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        hints = typing.get_type_hints(type(config))
        pairs = ((f.name, getattr(config, f.name)) for f in dataclasses.fields(config))
        return {
            name: _floats(hints[name], to_plain(value))
            for name, value in pairs
            if value is not None
        }
    if isinstance(config, Mapping):
        return {str(key): to_plain(value) for key, value in config.items() if value is not None}
    if isinstance(config, list | tuple):
        return [to_plain(value) for value in config]
    return config


def from_plain(kind: type[T], plain: Any, *, name: str = "config") -> T:
    """The dataclass of type ``kind`` that :func:`to_plain` wrote; missing fields get their default.

    Args:
        kind: A dataclass, whose type hints say what each value must be.
        plain: What was read from a file.
        name: What to call it in errors, which name a value as ``name.field.field``;
            empty for a whole file.

    Raises:
        TypeError: If a value is of another kind than its field.
        ValueError: If a key is unknown, which names the nearest known one, or a value out of range.

    Example:
        >>> from gemcore.pair_mixture import PairMixture
        >>> from_plain(PairMixture, {"independant": 0.5}, name="mixture")
        Traceback (most recent call last):
        ValueError: mixture.independant: unknown key, did you mean independent?
        >>> from_plain(PairMixture, {"max_edits": 2.5}, name="mixture")
        Traceback (most recent call last):
        TypeError: mixture.max_edits must be an integer, got float 2.5
    """
    if not isinstance(plain, Mapping):
        raise TypeError(
            f"{name or 'the whole'} must be a table of keys and values, got {describe(plain)}"
        )
    fields = [field.name for field in dataclasses.fields(kind) if field.init]  # type: ignore[arg-type]
    prefix = f"{name}." if name else ""
    _check_keys(plain, fields, prefix)
    hints = typing.get_type_hints(kind)
    values = {key: _read(hints[key], value, name=f"{prefix}{key}") for key, value in plain.items()}
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        text = str(error)
        where = prefix if text.split(" ")[0] in fields or not name else f"{name}: "
        wrong = TypeError if isinstance(error, TypeError) else ValueError
        raise wrong(where + text) from error


def _check_keys(plain: Mapping[str, Any], known: Collection[str], prefix: str) -> None:
    for key in plain:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise ValueError(f"{prefix}{key}: unknown key, {hint}")


def _options(hint: Any) -> tuple[Any, ...]:
    """The members of a union, or the one hint itself."""
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if union else (hint,)


def _floats(hint: Any, plain: Any) -> Any:
    options = _options(hint)
    if isinstance(plain, list):
        tuples = [option for option in options if typing.get_origin(option) is tuple]
        return [_floats(typing.get_args(tuples[0])[0], item) for item in plain] if tuples else plain
    is_int = isinstance(plain, int) and not isinstance(plain, bool)
    return float(plain) if is_int and float in options and int not in options else plain


def _read(hint: Any, value: Any, *, name: str) -> Any:
    options = _options(hint)
    for option in options:
        if _admits(option, value):
            return _convert(option, value, name=name)
    wanted = " or ".join(_wanted(option) for option in options if option is not type(None))
    choices = [
        choice
        for option in options
        if typing.get_origin(option) is Literal
        for choice in typing.get_args(option)
    ]
    wrong = ValueError if any(type(choice) is type(value) for choice in choices) else TypeError
    raise wrong(f"{name} must be {wanted}, got {describe(value)}")


def _admits(option: Any, value: Any) -> bool:
    origin = typing.get_origin(option)
    if origin is Literal:
        return any(value == c and type(value) is type(c) for c in typing.get_args(option))
    if origin is tuple or option is tuple:
        return isinstance(value, list | tuple)
    if dataclasses.is_dataclass(option):
        return isinstance(value, Mapping)
    if option in (int, float):
        kinds = int if option is int else int | float
        return isinstance(value, kinds) and not isinstance(value, bool)
    kind = origin or option
    return isinstance(value, kind) if isinstance(kind, type) else True


def _convert(option: Any, value: Any, *, name: str) -> Any:
    if dataclasses.is_dataclass(option):
        return from_plain(typing.cast(Any, option), value, name=name)
    if option is float:
        return float(value)
    if typing.get_origin(option) is not tuple:
        return tuple(value) if option is tuple else value
    of = typing.get_args(option)
    if of[-1] is Ellipsis:
        of = of[:1] * len(value)
    if len(value) != len(of):
        raise ValueError(f"{name} must have {len(of)} items, got {len(value)}")
    items = enumerate(zip(of, value, strict=True))
    return tuple(_read(hint, item, name=f"{name}[{i}]") for i, (hint, item) in items)


def _wanted(option: Any) -> str:
    origin = typing.get_origin(option)
    if origin is Literal:
        choices = [repr(choice) for choice in typing.get_args(option)]
        return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    if origin is tuple or option is tuple:
        return "a list"
    if dataclasses.is_dataclass(option):
        return "a table of keys and values"
    return SCALARS.get(option) or f"of type {getattr(option, '__name__', option)}"
