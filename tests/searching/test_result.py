"""What a result says, and that it comes back from its folder."""

import dataclasses
import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from gemcore.searching.config import SearchConfig
from gemcore.searching.result import SearchResult
from gemcore.searching.setting import SearchSetting
from gemcore.trials.trial import Trial

MakeResult = Callable[..., SearchResult]
MakeTrial = Callable[..., Trial]


def test_best_is_the_first_of_the_highest_score(result: MakeResult, trial: MakeTrial) -> None:
    found = result()
    assert found.best == found.trials[1]
    assert result(trials=[trial(0, None)]).best is None
    assert result(trials=[]).best is None


def test_pareto_front_by_hand(result: MakeResult, trial: MakeTrial) -> None:
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


def test_predicts_by_the_stored_network_and_preprocessing(
    setting: SearchSetting, result: MakeResult
) -> None:
    found = result()
    images = np.random.default_rng(0).uniform(0, 16, (300, 8, 8))
    assert setting.task.preprocessing is not None
    state = torch.get_rng_state()
    prediction = found.predict(images)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.no_grad():
        logits = found.build()(setting.task.preprocessing.apply(images))
    expected = logits.softmax(1).numpy()
    np.testing.assert_allclose(prediction.probabilities, expected, rtol=1e-5)
    assert prediction.labels.tolist() == [("round", "square")[i] for i in expected.argmax(1)]
    assert prediction.class_names == ("round", "square")
    assert found.predict(images[:0]).labels.shape == (0,)
    assert prediction.probabilities.dtype == np.float32


def test_builds_the_trained_network_or_a_fresh_one(result: MakeResult) -> None:
    found = result()
    assert found.final is not None
    trained = found.build()
    assert not trained.training
    for name, tensor in trained.state_dict().items():
        assert torch.equal(tensor, found.final.weights[name])
    fresh = found.build(num_classes=7, input_size=(3, 16, 16))
    assert fresh.training
    assert fresh(torch.zeros(2, 3, 16, 16)).shape == (2, 7)
    assert found.build(7)(torch.zeros(2, 1, 8, 8)).shape == (2, 7)
    assert found.build(input_size=28)(torch.zeros(2, 1, 28, 28)).shape == (2, 2)
    assert found.build(input_size=8).training  # Fresh, though nothing differs.
    assert result(final=None).build()(torch.zeros(2, 1, 8, 8)).shape == (2, 2)


def test_predicts_alike_under_another_default_dtype(result: MakeResult) -> None:
    images = np.ones((2, 8, 8))
    expected = result().predict(images).probabilities
    found = result()
    torch.set_default_dtype(torch.float64)
    try:
        np.testing.assert_array_equal(found.predict(images).probabilities, expected)
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_result_comes_back_from_its_folder(
    tmp_path: Path, setting: SearchSetting, result: MakeResult
) -> None:
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
    expected |= {"model.py", "classes.json", "README.md", "summary.txt"}
    assert names - {"run.lock"} == expected
    tomllib.loads((tmp_path / "a" / "config.toml").read_text())


def test_saving_again_is_fine_and_saving_over_another_run_is_not(
    tmp_path: Path, setting: SearchSetting, result: MakeResult
) -> None:
    result().save(tmp_path)
    result(status="interrupted").save(tmp_path)
    assert SearchResult.load(tmp_path).status == "interrupted"
    other = dataclasses.replace(setting, seed=1)
    with pytest.raises(ValueError, match=r"whose run differs .*\n  seed: 0 -> 1"):
        dataclasses.replace(result(), setting=other).save(tmp_path)
    assert SearchResult.load(tmp_path).setting.seed == 0


def test_broken_and_foreign_files_are_named(
    tmp_path: Path, setting: SearchSetting, result: MakeResult
) -> None:
    with pytest.raises(FileNotFoundError, match=r"result\.json"):
        SearchResult.load(tmp_path)
    result().save(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"model\.safetensors must be a safetensors file"):
        SearchResult.load(tmp_path)
    path = tmp_path / "result.json"
    content = json.loads(path.read_text())
    for damage, message in (
        ({"version": 3}, "must have a version from 1 to 2"),
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


def test_says_why_there_is_nothing_to_build_or_predict_with(result: MakeResult) -> None:
    with pytest.raises(RuntimeError, match=r"\[build\] no trial is complete: failed: x"):
        result(trials=[], status="failed: x").build()
    with pytest.raises(RuntimeError, match=r"\[predict\] there is no trained network"):
        result(final=None).predict(np.zeros((1, 8, 8)))
    with pytest.raises(ValueError, match=r"images must have shape .*, got \[1, 9, 9\]"):
        result().predict(np.zeros((1, 9, 9)))


def test_equal_settings_have_equal_names(setting: SearchSetting) -> None:
    assert setting.run_id == dataclasses.replace(setting).run_id
    for change in ({"seed": 1}, {"config": SearchConfig()}, {"num_classes": 3}):
        assert dataclasses.replace(setting, **change).run_id != setting.run_id


def test_a_fresh_network_is_for_images_that_can_be_reduced(result: MakeResult) -> None:
    found = result()  # Two reductions: 3 -> 2 -> 1.
    assert found.build(input_size=3)(torch.zeros(2, 1, 3, 3)).shape == (2, 2)
    for size in (2, (3, 8, 2)):
        with pytest.raises(ValueError, match=r"input_size must be at least 3 high and wide for 2"):
            found.build(input_size=size)
    with pytest.raises(ValueError, match=r"input_size must be \(channels, height, width\), got"):
        found.build(input_size=(8, 8))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"input_size must be an integer, got float 8.5"):
        found.build(input_size=8.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"input_size must be >= 1, got 0"):
        found.build(input_size=(0, 8, 8))
    with pytest.raises(ValueError, match=r"num_classes must be >= 1, got 0"):
        found.build(0)


def test_trials_go_into_a_table(result: MakeResult) -> None:
    pandas = pytest.importorskip("pandas")
    found = result()
    table = pandas.DataFrame([trial.to_dict() for trial in found.trials])
    numbers = ["index", "accuracy", "macs", "params", "score", "seconds", "seed"]
    assert set(table.columns) == {*numbers, "cell", "status", "metrics"}
    assert all(table[name].dtype.kind in "iuf" for name in numbers)
    assert table.accuracy.isna().tolist() == [False, False, True, False]
    assert table.sort_values("score", ascending=False)["index"].iloc[0] == 1
    wide = pandas.json_normalize([trial.to_dict() for trial in found.trials])
    assert {"metrics.accuracy", "cell.ops", "cell.edges"} <= set(wide.columns)
