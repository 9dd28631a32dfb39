"""Settings of a search are checked, and come back from plain dictionaries."""

import dataclasses
import json
import tomllib

import pytest
import tomli_w

from gemcore.plain_config import from_plain, to_plain
from gemcore.searching.config import SearchConfig
from gemcore.space import SearchSpace


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("num_trials", 0, "num_trials must be >= 1, got 0"),
        ("num_initial", 0, "num_initial must be >= 1, got 0"),
        ("num_initial", 97, "num_initial must be at most num_trials = 96, got 97"),
        ("cells_per_round", -1, "cells_per_round must be >= 1, got -1"),
        ("bootstrap_samples", 0, "bootstrap_samples must be >= 1, got 0"),
        ("mac_penalty", -0.1, "mac_penalty must be >= 0, got -0.1"),
        ("mac_penalty", float("nan"), "mac_penalty must be >= 0, got nan"),
        ("log_base", 1, "log_base must be > 1, got 1"),
        ("max_macs", 0, "max_macs must be >= 1, got 0"),
        ("max_params", 0, "max_params must be >= 1, got 0"),
        ("max_seconds", -1, "max_seconds must be >= 0, got -1"),
        ("width", 0, "width must be >= 1, got 0"),
        ("num_workers", 0, "num_workers must be >= 1, got 0"),
        ("predictor", "gnn", "predictor must be one of .*, got 'gnn'"),
        ("embedding", "gnn", "embedding must be one of .*, got 'gnn'"),
        ("target", "loss", "target must be one of 'metric', 'score', got 'loss'"),
        (
            "acquisition",
            "ei",
            "acquisition must be one of 'mutation', 'thompson', 'bootstrap', got 'ei'",
        ),
    ],
)
def test_rejects_bad_values(field: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SearchConfig(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("num_trials", 2.5, "num_trials must be an integer, got float 2.5"),
        ("fine_tune", 1, "fine_tune must be of type bool, got int 1"),
        ("training", {}, "training must be of type TrainingConfig, got dict {}"),
        ("encoder", None, "encoder must be of type EncoderConfig, got NoneType None"),
    ],
)
def test_rejects_bad_kinds(field: str, value: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        SearchConfig(**{field: value})  # type: ignore[arg-type]


def test_sizes_follow_from_the_number_of_trials() -> None:
    sizes = [SearchConfig(num_trials=n) for n in (1, 2, 6, 24)]
    assert [(c.initial_size, c.round_size) for c in sizes] == [(1, 1), (1, 1), (2, 1), (8, 4)]
    given = SearchConfig(num_trials=24, num_initial=10, cells_per_round=7)
    assert (given.initial_size, given.round_size) == (10, 7)


def test_an_encoder_is_trained_where_it_is_used() -> None:
    assert SearchConfig(predictor="mlp").needs_encoder
    assert not SearchConfig().needs_encoder  # It reads the graph itself.
    assert SearchConfig(predictor="paper", embedding="autoencoder").needs_encoder
    assert not SearchConfig(predictor="constant").needs_encoder
    assert not SearchConfig(embedding="adjacency").needs_encoder


@pytest.mark.parametrize("config", [SearchConfig(), SearchConfig.paper()])
def test_a_config_comes_back_from_json_and_toml(config: SearchConfig) -> None:
    config = dataclasses.replace(config, max_macs=10**9, max_seconds=1.5)
    plain = to_plain(config)
    assert from_plain(SearchConfig, json.loads(json.dumps(plain))) == config
    assert from_plain(SearchConfig, tomllib.loads(tomli_w.dumps(plain))) == config


def test_a_space_comes_back() -> None:
    space = SearchSpace.preset("nasbench101")
    assert from_plain(SearchSpace, json.loads(json.dumps(to_plain(space)))) == space


def test_unknown_and_wrong_parts_are_named() -> None:
    with pytest.raises(ValueError, match=r"config\.warp: unknown key"):
        from_plain(SearchConfig, {"warp": 9})
    with pytest.raises(ValueError, match=r"config\.training\.warp: unknown key"):
        from_plain(SearchConfig, {"training": {"warp": 9}})
    with pytest.raises(TypeError, match=r"config\.training must be a table of .*, got int 3"):
        from_plain(SearchConfig, {"training": 3})
