"""gemcore.plain_config: what is written is read, and what is wrong is named."""

import json
import tomllib
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, get_args, get_type_hints

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from gemcore.plain_config import from_plain, to_plain
from gemcore.searching.config import SearchConfig
from gemcore.space import SearchSpace


@dataclass(frozen=True)
class Inner:
    share: float = 0.5
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.share > 1:
            raise ValueError(f"share must be <= 1, got {self.share}")
        if self.steps == 0:
            raise ValueError("nothing is done without steps")


@dataclass(frozen=True)
class Outer:
    number: int = 1
    name: str = "a"
    flag: bool = False
    mode: Literal["slow", "fast"] = "slow"
    sizes: tuple[int, ...] = (1, 2)
    scale: tuple[float, float] = (1.0, 2.0)
    weights: Literal["balanced"] | tuple[float, ...] | None = None
    ratio: float | None = None
    inner: Inner = field(default_factory=Inner)


OUTER = st.builds(
    Outer,
    number=st.integers(-(2**62), 2**62),
    name=st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    flag=st.booleans(),
    mode=st.sampled_from(["slow", "fast"]),
    sizes=st.lists(st.integers(0, 9)).map(tuple),
    scale=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    weights=st.none() | st.just("balanced") | st.lists(st.floats(0, 9)).map(tuple),
    ratio=st.none() | st.floats(0, 9),
    inner=st.builds(Inner, share=st.floats(0, 1), steps=st.none() | st.integers(1, 9)),
)


@given(OUTER)
def test_what_is_written_is_read(outer: Outer) -> None:
    plain = to_plain(outer)
    assert from_plain(Outer, json.loads(json.dumps(plain))) == outer
    assert from_plain(Outer, tomllib.loads(tomli_w.dumps(plain))) == outer


def test_an_integer_for_a_float_is_the_same_setting() -> None:
    plain = to_plain(Outer(ratio=1, scale=(1, 2), weights=(3,), inner=Inner(share=1)))
    assert json.dumps(plain["ratio"]) == "1.0"
    assert json.dumps([plain["scale"], plain["weights"]]) == "[[1.0, 2.0], [3.0]]"
    read = from_plain(Outer, {"ratio": 1, "inner": {"share": 1}, "number": 1})
    assert json.dumps([read.ratio, read.inner.share, read.number]) == "[1.0, 1.0, 1]"


@pytest.mark.parametrize(
    ("plain", "error", "message"),
    [
        (3, TypeError, "config must be a table of keys and values, got int 3"),
        ({"numbr": 1}, ValueError, "config.numbr: unknown key, did you mean number?"),
        ({"inner": {"step": 1}}, ValueError, "config.inner.step: unknown key, did you mean steps?"),
        ({"inner": {"q": 1}}, ValueError, "config.inner.q: unknown key, known are share, steps"),
        ({"number": "1"}, TypeError, "config.number must be an integer, got str '1'"),
        ({"number": 1.5}, TypeError, "config.number must be an integer, got float 1.5"),
        ({"number": True}, TypeError, "config.number must be an integer, got bool True"),
        ({"number": {"a": 1}}, TypeError, "config.number must be an integer, got dict {'a': 1}"),
        ({"ratio": "x"}, TypeError, "config.ratio must be a number, got str 'x'"),
        ({"ratio": False}, TypeError, "config.ratio must be a number, got bool False"),
        ({"name": 1}, TypeError, "config.name must be a string, got int 1"),
        ({"flag": 1}, TypeError, "config.flag must be true or false, got int 1"),
        ({"mode": "late"}, ValueError, "config.mode must be one of 'slow', 'fast', got str 'late'"),
        ({"mode": 1}, TypeError, "config.mode must be one of 'slow', 'fast', got int 1"),
        ({"sizes": 1}, TypeError, "config.sizes must be a list, got int 1"),
        ({"sizes": [1, "2"]}, TypeError, "config.sizes[1] must be an integer, got str '2'"),
        ({"scale": [1.0]}, ValueError, "config.scale must have 2 items, got 1"),
        ({"weights": "b"}, ValueError, "config.weights must be 'balanced' or a list, got str 'b'"),
        ({"inner": 1}, TypeError, "config.inner must be a table of keys and values, got int 1"),
        ({"inner": {"share": 2}}, ValueError, "config.inner.share must be <= 1, got 2"),
        ({"inner": {"steps": 0}}, ValueError, "config.inner: nothing is done without steps"),
    ],
)
def test_what_is_wrong_is_named(plain: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        from_plain(Outer, plain)
    assert str(raised.value).startswith(message)


def test_a_whole_file_has_no_name() -> None:
    with pytest.raises(ValueError, match=r"^numbr: unknown key, did you mean number\?"):
        from_plain(Outer, {"numbr": 1}, name="")
    with pytest.raises(ValueError, match=r"^inner\.step: unknown key"):
        from_plain(Outer, {"inner": {"step": 1}}, name="")
    with pytest.raises(ValueError, match=r"^nothing is done"):
        from_plain(Inner, {"steps": 0}, name="")
    with pytest.raises(TypeError, match=r"^the whole must be a table"):
        from_plain(Inner, 3, name="")


def optional_defaults(kind: type) -> list[tuple[str, Any]]:
    """Fields that may be None, with their default, of a configuration and its parts."""
    config, hints = kind(), get_type_hints(kind)
    found = [(f.name, f.default) for f in fields(kind) if type(None) in get_args(hints[f.name])]
    for item in fields(kind):
        part = getattr(config, item.name)
        if is_dataclass(part):
            found += optional_defaults(type(part))
    return found


@pytest.mark.parametrize("kind", [SearchConfig, SearchSpace])
def test_what_may_be_none_is_none_by_default(kind: type) -> None:
    """Files have no None: a field that is left out must not mean anything else."""
    assert all(default is None for _, default in optional_defaults(kind))
