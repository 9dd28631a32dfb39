"""``gemcore encode``: an encoder, its report, and the embeddings of given cells."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.cli import main
from gemcore.encoder import Encoder
from gemcore.space import SearchSpace

Refuses = Callable[..., str]

TINY = [
    "--space.num-nodes=6",
    "--encoder.embedding-dim=4",
    "--encoder.hidden-dims=8",
    "--encoder.decoder-dims=8",
    "--encoder.num-steps=5",
    "--encoder.batch-size=16",
    "--encoder.validation-pairs=20",
    "--encoder.report-pairs=50",
    "--quiet",
]


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    path = tmp_path / "cells.jsonl"
    lines = [cell.to_json() for cell in SearchSpace(6, edge_prob=0.5).sample(5, seed=9)]
    path.write_text("\n".join([*lines[:3], "", *lines[3:]]) + "\n")
    return path


def test_trains_saves_and_embeds(
    tmp_path: Path, cells: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "out"
    words = ["encode", "--out", str(out), "--cells", str(cells), "--seed", "3", *TINY]
    assert main(words) == 0
    printed = capsys.readouterr()
    encoder = Encoder.load(out / "encoder")
    assert printed.out == f"{encoder.report}\n\nWritten to {out}\n"
    assert not printed.err
    assert encoder.config.num_steps == 5
    assert encoder.space == SearchSpace(6)
    embeddings = load_file(out / "embeddings.safetensors")["embeddings"]
    batch = CellBatch.from_cells(
        Cell.from_json(line) for line in cells.read_text().splitlines() if line
    )
    assert embeddings.dtype == torch.float32
    assert embeddings.shape == (5, 4)
    torch.testing.assert_close(embeddings, encoder.encode(batch))

    again = tmp_path / "again"  # An encoder that is there gives the same.
    words = ["encode", "--from", str(out / "encoder"), "--out", str(again)]
    assert main([*words, "--cells", str(cells)]) == 0
    assert str(encoder.report) in capsys.readouterr().out
    torch.testing.assert_close(
        load_file(again / "embeddings.safetensors")["embeddings"], embeddings
    )
    for name in ("encoder.json", "encoder.safetensors"):
        assert (again / "encoder" / name).read_bytes() == (out / "encoder" / name).read_bytes()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: text must be JSON, got '{'"),
        ("{}", "line 2: text must be an object with 'ops' and 'edges'"),
        ('{"ops": ["input", "conv9"], "edges": [[0, 1]]}', "line 2: .*'conv9'"),
        ('{"ops": ["input", "conv1x1"], "edges": [[0, 2]]}', "line 2: edges must join nodes 0"),
        ('{"ops": ["input", "conv1x1"], "edges": 3}', "line 2: "),
        (SearchSpace(9, edge_prob=1.0).sample(1)[0].to_json(), "line 2: .*9"),
    ],
)
def test_a_bad_line_is_named_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    import re

    path = tmp_path / "cells.jsonl"
    path.write_text('{"ops": ["input", "conv1x1"], "edges": [[0, 1]]}\n' + line)
    assert main(["encode", "--out", str(tmp_path / "out"), "--cells", str(path), *TINY]) == 1
    said = capsys.readouterr().err
    assert re.match(f"gemcore: {re.escape(str(path))}, {message}", said)
    assert said.count("\n") == 1
    assert not (tmp_path / "out" / "encoder").exists()


def test_what_fails(tmp_path: Path, cells: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(*words: str) -> str:
        assert main(["encode", *words]) == 1
        return capsys.readouterr().err

    out = tmp_path / "out"
    (out / "encoder").mkdir(parents=True)
    assert fails("--out", str(out), *TINY).startswith("gemcore: out must hold no encoder, got ")
    (out / "encoder").rmdir()
    (out / "embeddings.safetensors").touch()
    assert "out must hold no embeddings.safetensors" in fails("--out", str(out), *TINY)
    new = str(tmp_path / "new")
    assert "No such file or directory" in fails("--out", new, "--from", str(tmp_path / "none"))
    cells.write_text("\n")
    assert "must hold cells, a line of JSON each, got none" in fails(
        "--out", new, "--cells", str(cells), *TINY
    )
    cells.write_bytes(b"\xff")
    assert "must be text in UTF-8" in fails("--out", new, "--cells", str(cells), *TINY)


def test_wrong_usage(tmp_path: Path, refuses: Refuses) -> None:
    out = str(tmp_path / "out")
    said = refuses("encode", "--out", out, "--from", "e", "--encoder.num-steps", "3")
    assert "--space and --encoder must not be given with --from" in said
    said = refuses("encode", "--out", out, "--from", "e", "--pairs", "p")
    assert "--pairs must not be given with --from" in said
    assert "embedding_dim must be >= 1, got 0" in refuses(
        "encode", "--out", out, "--encoder.embedding-dim", "0"
    )
    assert "--out" in refuses("encode")
    assert not Path(out).exists()


def test_an_encoder_is_trained_on_pairs_from_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs, out = str(tmp_path / "pairs"), str(tmp_path / "out")
    assert main(["pairs", "--num", "300", "--out", pairs, "--quiet", TINY[0]]) == 0
    assert main(["encode", "--pairs", pairs, "--out", out, *TINY]) == 0
    capsys.readouterr()
    words = ["encode", "--pairs", pairs, "--out", str(tmp_path / "other"), *TINY]
    assert main([*words, "--encoder.n-iter", "2"]) == 1
    assert "similarity.n_iter: 3 -> 2" in capsys.readouterr().err
    assert main(["encode", "--pairs", "nowhere", "--out", str(tmp_path / "new")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_ctrl_c_keeps_the_best_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gemcore.encoder import training

    def interrupted(step: int, config: object) -> float:
        if step == 3:
            raise KeyboardInterrupt
        return 1e-3

    monkeypatch.setattr(training, "step_size", interrupted)
    assert main(["encode", "--out", str(tmp_path / "out"), *TINY]) == 130
    said = capsys.readouterr().err
    assert said == "Interrupted; encoder/, if it is there, is the best until then.\n"
    assert Encoder.load(tmp_path / "out" / "encoder").report.ended == "interrupted"
