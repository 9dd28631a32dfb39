"""``gemcore pairs``: what is written, told and refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from gemcore.cli import main
from gemcore.pair_mixture import PairMixture
from gemcore.pairs import PairStream
from gemcore.space import SearchSpace

Refuses = Callable[..., str]

SMALL = ["--space.num-nodes", "10", "--space.edge-prob", "0.4"]


def test_pairs_are_those_of_the_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "pairs"
    words = ["pairs", "--num", "10", "--out", str(out), "--seed", "3", "--quiet", *SMALL]
    words += ["--mixture.max-edits", "5", "--n-iter", "1", "--round-weights", "1", "2"]
    words += ["--direction", "out", "--labels", "degree", "--no-prune"]
    assert main([*words, "--shard-size", "6", "--batch-size", "4"]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"10 pairs written to {out}\n"
    assert not printed.err
    stream = PairStream(
        SearchSpace.preset("small"),
        seed=3,
        mixture=PairMixture(max_edits=5),
        n_iter=1,
        round_weights=(1, 2),
        direction="out",
        labels="degree",
        prune=False,
    )
    files = [out / f"pairs-0000{i}.safetensors" for i in range(2)]
    similarity = np.concatenate([load_file(path)["similarity"] for path in files])
    np.testing.assert_array_equal(similarity, stream.pairs(start=0, num_pairs=10).similarity)
    assert len(json.loads((out / "manifest.json").read_text())["shards"]) == 2


def test_progress_is_told_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pairs", "--num", "10", "--out", str(tmp_path / "pairs"), *SMALL]) == 0
    assert "pairs: 100%" in capsys.readouterr().err


def test_what_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").touch()
    assert main(["pairs", "--num", "10", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("gemcore: out must be a new or empty folder, got ")
    assert said.count("\n") == 1
    path = str(tmp_path / "mine.txt")
    assert main(["pairs", "--num", "10", "--out", path]) == 1
    assert capsys.readouterr().err == f"gemcore: File exists: {path!r}\n"


def test_the_same_command_goes_on_and_verifies_and_repairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--out", str(tmp_path), "--seed", "3", "--shard-size", "4", "--quiet", *SMALL]
    assert main(["pairs", "--num", "1_0", *words]) == 0
    second = tmp_path / "pairs-00001.safetensors"
    wanted = second.read_bytes()
    assert main(["pairs", "--num", "12", *words]) == 0
    assert main(["pairs", "--num", "12", *words, "--verify"]) == 0
    assert main(["pairs", "--out", str(tmp_path), "--verify", "--quiet"]) == 0
    assert capsys.readouterr().out.endswith(2 * f"Every shard in {tmp_path} is whole\n")

    second.write_bytes(wanted[:-1] + bytes([wanted[-1] ^ 1]))
    (tmp_path / "pairs-00002.safetensors").unlink()
    for arguments in (["--num", "12", *words], ["--out", str(tmp_path), "--quiet"]):
        assert main(["pairs", *arguments, "--verify"]) == 1
        shown = capsys.readouterr()
        assert not shown.out
        assert "out must hold whole shards alone, got" in shown.err
        assert "\n  pairs-00001.safetensors has another SHA-256\n" in shown.err
        assert "\n  pairs-00002.safetensors is missing\n" in shown.err
    assert not (tmp_path / "pairs-00002.safetensors").exists()

    assert main(["pairs", "--out", str(tmp_path), "--repair", "--quiet"]) == 0
    assert capsys.readouterr().out == (
        f"2 shards written anew in {tmp_path}\npairs-00001.safetensors\npairs-00002.safetensors\n"
    )
    assert second.read_bytes() == wanted
    assert main(["pairs", "--num", "12", *words, "--verify"]) == 0


def test_shards_that_are_still_to_be_written_take_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["pairs", "--out", str(tmp_path), "--quiet"]
    assert main([*words, "--num", "10", "--shard-size", "2", *SMALL]) == 0
    path = tmp_path / "manifest.json"
    content = json.loads(path.read_text())
    content["shards"] = content["shards"][1:2]
    path.write_text(json.dumps(content))
    assert main([*words, "--verify"]) == 1
    said = capsys.readouterr().err
    assert "\n  pairs-00000.safetensors is not written yet, nor are 3 others\n" in said


@pytest.mark.parametrize("also", [[], ["--verify"], ["--repair"]])
def test_other_settings_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], also: list[str]
) -> None:
    words = ["pairs", "--num", "10", "--out", str(tmp_path), "--quiet", *SMALL]
    assert main(words) == 0
    assert main([*words, "--seed", "3", "--n-iter", "2", *also]) == 1
    said = capsys.readouterr().err
    assert "settings differ (there -> now):\n  seed: 0 -> 3\n  similarity.n_iter: 3 -> 2\n" in said


def test_a_number_to_verify_is_that_of_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["pairs", "--out", str(tmp_path), "--quiet", *SMALL]
    assert main([*words, "--num", "10"]) == 0
    assert main([*words, "--num", "20", "--verify"]) == 1
    assert "num_pairs: 10 -> 20" in capsys.readouterr().err


def test_labels_auto_are_those_of_the_space(tmp_path: Path) -> None:
    for ops, labels in (["conv1x1", "conv3x3"], "ops"), (["conv3x3"], "degree"):
        out = tmp_path / labels
        words = ["pairs", "--num", "4", "--out", str(out), "--quiet", "--labels", "auto"]
        assert main([*words, "--space.ops", *ops]) == 0
        assert json.loads((out / "manifest.json").read_text())["similarity"]["labels"] == labels


def test_an_interrupt_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PairStream, "pairs", interrupted)
    assert main(["pairs", "--num", "4", "--out", str(tmp_path), "--quiet"]) == 130
    assert "the same command goes on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--num", "0"], "num must be >= 1, got 0"),
        (["--num", "1", "--shard-size", "0"], "shard_size must be >= 1, got 0"),
        (["--num", "1", "--batch-size", "0"], "batch_size must be >= 1, got 0"),
        (["--num", "1", "--seed", "-1"], "seed must be in 0 .. 18446744073709551615, got -1"),
        (["--num", "1", "--n-iter", "17"], "n_iter must be in 0 .. 16, got 17"),
        (
            ["--num", "1", "--round-weights", "1"],
            "round_weights must have length n_iter + 1 = 4",
        ),
        (["--num", "1", "--space.edge-prob", "2"], "edge_prob must be in 0 .. 1, got 2"),
        (["--num", "1", "--mixture.unedited", "2"], "unedited must be in 0 .. 1, got 2"),
        (["--num", "1", "--direction", "up"], "invalid choice 'up'"),
        (["--num", "many"], "many"),
        ([], "--num must be given, unless with --verify or --repair"),
        (["--verify", "--seed", "3"], "--seed must not be given without --num"),
        (["--repair", "--n-iter", "2"], "--n-iter must not be given without --num"),
    ],
)
def test_wrong_usage(tmp_path: Path, refuses: Refuses, words: list[str], message: str) -> None:
    out = tmp_path / "pairs"
    assert message in refuses("pairs", "--out", str(out), *words)
    assert not out.exists()
