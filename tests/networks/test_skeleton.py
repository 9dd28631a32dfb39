"""gemcore.networks.skeleton: validation, presets and JSON."""

import json
from typing import Any

import pytest

from gemcore import Skeleton, Stage


def test_proxy_is_three_stages_of_one_cell() -> None:
    expected = Skeleton(
        stem_width=16,
        stages=(
            Stage(width=16, num_cells=1, reduces=False),
            Stage(width=32, num_cells=1, reduces=True),
            Stage(width=64, num_cells=1, reduces=True),
        ),
    )
    assert Skeleton.preset("proxy") == expected
    assert [stage.width for stage in Skeleton.preset("proxy", width=3).stages] == [3, 6, 12]


def test_only_the_first_cell_of_a_reducing_stage_reduces() -> None:
    assert list(Stage(8, num_cells=3, reduces=True).reductions) == [True, False, False]
    assert list(Stage(8, num_cells=2).reductions) == [False, False]


def test_json_round_trip() -> None:
    skeleton = Skeleton(5, (Stage(4, 2, reduces=True), Stage(6)))
    assert Skeleton.from_dict(json.loads(json.dumps(skeleton.to_dict()))) == skeleton
    assert hash(Skeleton.from_dict(skeleton.to_dict())) == hash(skeleton)


def test_a_list_of_stages_becomes_a_tuple() -> None:
    skeleton = Skeleton(4, [Stage(4)])  # type: ignore[arg-type]
    assert skeleton == Skeleton(4, (Stage(4),))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 0}, "width must be >= 1, got 0"),
        ({"width": 8, "num_cells": 0}, "num_cells must be >= 1, got 0"),
        ({"width": 8.0}, "width must be an integer, got float 8.0"),
        ({"width": 8, "num_cells": True}, "num_cells must be an integer, got bool True"),
        ({"width": 8, "reduces": 1}, "reduces must be of type bool, got int 1"),
    ],
)
def test_stage_rejects(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Stage(**arguments)


@pytest.mark.parametrize(
    ("stem_width", "stages", "message"),
    [
        (0, (Stage(4),), "stem_width must be >= 1, got 0"),
        ("4", (Stage(4),), "stem_width must be an integer, got str '4'"),
        (4, (), "stages must hold at least one stage, got none"),
        (4, Stage(4), "stages must be of type tuple or list, got Stage"),
        (4, (Stage(4), 8), r"stages\[1\] must be of type Stage, got int 8"),
    ],
)
def test_skeleton_rejects(stem_width: Any, stages: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Skeleton(stem_width, stages)


def test_preset_rejects() -> None:
    with pytest.raises(ValueError, match="name must be one of 'proxy', got 'imagenet'"):
        Skeleton.preset("imagenet")
    with pytest.raises(ValueError, match="width must be >= 1, got 0"):
        Skeleton.preset("proxy", width=0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "skeleton must be of type Mapping, got list"),
        ({"stem_width": 4}, "skeleton must have the keys stem_width, stages, got stem_width"),
        ({"stem_width": 4, "stages": 3}, "stages must be of type tuple or list, got int 3"),
        (
            {"stem_width": 4, "stages": [{"width": 4, 1: 2}]},
            r"stages\[0\] must have the keys width, num_cells, reduces, got width, 1",
        ),
        (
            {"stem_width": 4, "stages": [{"width": 0, "num_cells": 1, "reduces": False}]},
            "width must be >= 1, got 0",
        ),
    ],
)
def test_from_dict_rejects(data: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Skeleton.from_dict(data)
