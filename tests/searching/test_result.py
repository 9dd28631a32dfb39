"""What a result says, and that it comes back from its folder."""

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gemcore.cell import Cell
from gemcore.networks.network import build_network
from gemcore.networks.skeleton import Skeleton
from gemcore.searching.config import SearchConfig
from gemcore.searching.record import FinalNetwork, RandomBaseline
from gemcore.searching.result import SearchResult
from gemcore.searching.setting import SearchSetting, TaskFacts
from gemcore.space import SearchSpace
from gemcore.tasks.preprocessing import Preprocessing
from gemcore.trials.trial import Trial

PREPROCESSING = Preprocessing((1, 8, 8), mean=(3.0,), std=(2.0,), layout="grey")
SETTING = SearchSetting(
    task=TaskFacts("shapes", "f1", ("round", "square"), PREPROCESSING),
    space=SearchSpace.preset("small"),
    skeleton=Skeleton.preset("proxy", width=4),
    input_size=(1, 8, 8),
    num_classes=2,
    config=SearchConfig(num_trials=4, embedding="adjacency"),
    seed=0,
)


def trial(index: int, accuracy: float | None, macs: int = 1_000_000, **changes: Any) -> Trial:
    cell = Cell(("input", *["conv1x1"] * (index + 1)), tuple((i, i + 1) for i in range(index + 1)))
    score = None if accuracy is None else accuracy - 0.1 * np.log10(macs / 1e6)
    values: dict[str, Any] = {
        "index": index,
        "cell": cell,
        "status": "failed: no memory" if accuracy is None else "complete",
        "accuracy": accuracy,
        "macs": macs,
        "params": 100,
        "score": score,
        "metrics": {} if accuracy is None else {"accuracy": accuracy},
        "seconds": 1.5,
        "seed": 0,
    }
    return Trial(**(values | changes))


def result(**changes: Any) -> SearchResult:
    torch.manual_seed(0)
    trials = [trial(0, 0.5), trial(1, 0.9), trial(2, None), trial(3, 0.9)]
    network = build_network(trials[1].cell, SETTING.skeleton, num_classes=2, in_channels=1)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    final = FinalNetwork({"test_accuracy": 0.875}, dict(network.state_dict()))
    baseline = RandomBaseline([trial(0, 0.5), trial(1, 0.8)], {"test_accuracy": 0.75})
    values: dict[str, Any] = {
        "trials": trials,
        "notes": ("The space is exhausted.",),
        "seconds": {"candidates": 6.0},
        "final": final,
        "baseline": baseline,
    }
    return SearchResult(SETTING, **(values | changes))


def test_best_is_the_first_of_the_highest_score() -> None:
    found = result()
    assert found.best == found.trials[1]
    assert result(trials=[trial(0, None)]).best is None
    assert result(trials=[]).best is None


def test_pareto_front_by_hand() -> None:
    trials = [
        trial(0, 0.80, 300),
        trial(1, 0.70, 100),
        trial(2, 0.70, 200),  # Beaten by 1.
        trial(3, 0.90, 300),  # Beats 0.
        trial(4, 0.90, 300),  # Equal to 3, which came first.
        trial(5, None, 10),
        trial(6, 0.85, 250),
    ]
    assert [t.index for t in result(trials=trials).pareto()] == [1, 6, 3]
    assert result(trials=[]).pareto() == []


def test_summary_fits_a_terminal_and_says_what_counts() -> None:
    text = result().summary()
    assert max(len(line) for line in text.splitlines()) < 80
    for part in ("shapes", "0.8750", "0.9000", "best of 2 random", "0.7500", "no memory"):
        assert part in text
    assert "The space is exhausted." in text
    assert "no best cell" in result(trials=[trial(0, None)], baseline=None).summary()
    wide = dataclasses.replace(trial(29, 0.5), index=0)
    assert max(len(line) for line in result(trials=[wide]).summary().splitlines()) < 80


def test_predicts_by_the_stored_network_and_preprocessing() -> None:
    found = result()
    images = np.random.default_rng(0).uniform(0, 16, (300, 8, 8))
    state = torch.get_rng_state()
    prediction = found.predict(images)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.no_grad():
        logits = found.build()(PREPROCESSING.apply(images))
    expected = logits.softmax(1).numpy()
    np.testing.assert_allclose(prediction.probabilities, expected, rtol=1e-5)
    assert prediction.labels.tolist() == [("round", "square")[i] for i in expected.argmax(1)]
    assert prediction.class_names == ("round", "square")
    assert found.predict(images[:0]).labels.shape == (0,)
    assert prediction.probabilities.dtype == np.float32


def test_builds_the_trained_network_or_a_fresh_one() -> None:
    found = result()
    assert found.final is not None
    trained = found.build()
    assert not trained.training
    for name, tensor in trained.state_dict().items():
        assert torch.equal(tensor, found.final.weights[name])
    fresh = found.build(num_classes=7, in_channels=3)
    assert fresh(torch.zeros(2, 3, 16, 16)).shape == (2, 7)
    assert result(final=None).build()(torch.zeros(2, 1, 8, 8)).shape == (2, 2)


def test_predicts_alike_under_another_default_dtype() -> None:
    images = np.ones((2, 8, 8))
    expected = result().predict(images).probabilities
    found = result()
    torch.set_default_dtype(torch.float64)
    try:
        np.testing.assert_array_equal(found.predict(images).probabilities, expected)
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_result_comes_back_from_its_folder(tmp_path: Path) -> None:
    found = result()
    found.save(tmp_path / "a")
    again = SearchResult.load(tmp_path / "a")
    for name in ("setting", "trials", "status", "notes", "seconds", "best"):
        assert getattr(again, name) == getattr(found, name)
    assert again.final is not None
    assert found.final is not None
    assert again.final.metrics == found.final.metrics
    assert all(torch.equal(again.final.weights[n], t) for n, t in found.final.weights.items())
    assert again.baseline is not None
    assert again.baseline.best == found.baseline.best  # type: ignore[union-attr]
    assert again.summary() == found.summary()
    images = np.ones((3, 8, 8))
    np.testing.assert_array_equal(
        again.predict(images).probabilities, found.predict(images).probabilities
    )
    names = {path.name for path in (tmp_path / "a").iterdir()}
    expected = {"config.toml", "result.json", "model.safetensors", "cell.png", "cell.svg"}
    assert names == expected | {"summary.txt"}
    tomllib.loads((tmp_path / "a" / "config.toml").read_text())


def test_saving_again_is_fine_and_saving_over_another_run_is_not(tmp_path: Path) -> None:
    result().save(tmp_path)
    result(status="interrupted").save(tmp_path)
    assert SearchResult.load(tmp_path).status == "interrupted"
    other = dataclasses.replace(SETTING, seed=1)
    with pytest.raises(ValueError, match=r"directory must be a new folder or that of the same run"):
        dataclasses.replace(result(), setting=other).save(tmp_path)
    assert SearchResult.load(tmp_path).setting.seed == 0


def test_broken_and_foreign_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"result\.json"):
        SearchResult.load(tmp_path)
    result().save(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"model\.safetensors must be a safetensors file"):
        SearchResult.load(tmp_path)
    path = tmp_path / "result.json"
    content = json.loads(path.read_text())
    for damage, message in (
        ({"version": 2}, "must have a version from 1 to 1"),
        ({"format": "other"}, "must be a document of format 'gemcore.result', got 'other'"),
        ({"trials": [{}]}, "must describe a search, got ValueError"),
        ({"setting": {}}, "must describe a search, got KeyError"),
        ({"setting": None}, "must describe a search, got TypeError"),
    ):
        path.write_text(json.dumps(content | damage))
        with pytest.raises(ValueError, match=rf"result\.json {message}"):
            SearchResult.load(tmp_path)
    path.write_text(path.read_text()[:100])
    with pytest.raises(ValueError, match=r"result\.json must hold JSON"):
        SearchResult.load(tmp_path)


def test_says_why_there_is_nothing_to_build_or_predict_with() -> None:
    with pytest.raises(RuntimeError, match=r"\[build\] no trial is complete: failed: x"):
        result(trials=[], status="failed: x").build()
    with pytest.raises(RuntimeError, match=r"\[predict\] there is no trained network"):
        result(final=None).predict(np.zeros((1, 8, 8)))
    with pytest.raises(ValueError, match=r"images must have shape .*, got \[1, 9, 9\]"):
        result().predict(np.zeros((1, 9, 9)))


def test_equal_settings_have_equal_names() -> None:
    assert SETTING.run_id == dataclasses.replace(SETTING).run_id
    for change in ({"seed": 1}, {"config": SearchConfig()}, {"num_classes": 3}):
        assert dataclasses.replace(SETTING, **change).run_id != SETTING.run_id
