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
        ([], "--num"),
    ],
)
def test_wrong_usage(tmp_path: Path, refuses: Refuses, words: list[str], message: str) -> None:
    out = tmp_path / "pairs"
    assert message in refuses("pairs", "--out", str(out), *words)
    assert not out.exists()
