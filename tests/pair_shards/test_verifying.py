"""find_faults and repair_pair_shards: what is found wrong, and that it is put right."""

import json
from pathlib import Path

import pytest

from gemcore.pair_mixture import PairMixture
from gemcore.pair_shards import find_faults, repair_pair_shards, write_pair_shards
from gemcore.pair_shards.claim import writing_alone
from gemcore.pairs import PairStream
from gemcore.space import SearchSpace

STREAM = PairStream(
    SearchSpace.preset("nasbench101"),
    seed=2,
    mixture=PairMixture(max_edits=3),
    n_iter=1,
    round_weights=(1, 2),
    direction="out",
    prune=False,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_pair_shards(STREAM, tmp_path, num_pairs=26, shard_size=4)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def name(number: int) -> str:
    return f"pairs-0000{number}.safetensors"


def flip(path: Path, byte: int) -> None:
    data = bytearray(path.read_bytes())
    data[byte] ^= 1
    path.write_bytes(data)


def test_nothing_is_wrong_with_what_was_written(folder: Path) -> None:
    assert find_faults(folder) == {}
    before = contents(folder)
    assert repair_pair_shards(folder) == []
    assert contents(folder) == before


def test_faults_are_found_and_repaired(folder: Path) -> None:
    wanted = contents(folder)
    (folder / name(0)).unlink()
    flip(folder / name(1), -1)
    flip(folder / name(2), 20)
    (folder / name(3)).write_bytes(wanted[name(3)] + b"0")
    (folder / name(5)).unlink()
    (folder / name(5)).mkdir()
    size = len(wanted[name(3)])
    damaged = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    faults = find_faults(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == damaged
    assert list(faults) == [name(k) for k in (0, 1, 2, 3, 5)]
    assert faults[name(0)] == "is missing"
    assert faults[name(1)] == "has another SHA-256"
    assert faults[name(2)] == "has another header"
    assert faults[name(3)] == f"has {size + 1} bytes instead of {size}"
    assert faults[name(5)].startswith("cannot be read: ")
    (folder / name(5)).rmdir()
    assert repair_pair_shards(folder) == list(faults)
    assert contents(folder) == wanted


def test_shards_that_were_never_written_are_named_and_made(folder: Path) -> None:
    wanted = contents(folder)
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    del content["shards"][-2:]
    path.write_text(json.dumps(content))
    assert find_faults(folder) == {name(5): "is not written yet", name(6): "is not written yet"}
    repair_pair_shards(folder)
    assert contents(folder) == wanted


def test_progress_counts_pairs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    find_faults(folder, progress=True)
    assert "verify: 100%" in capsys.readouterr().err


def test_what_is_refused(tmp_path: Path) -> None:
    for check in (find_faults, repair_pair_shards):
        with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
            check(tmp_path)
    assert contents(tmp_path) == {}
    write_pair_shards(STREAM, tmp_path, num_pairs=3)
    with writing_alone(tmp_path), pytest.raises(RuntimeError, match="is being written by process"):
        repair_pair_shards(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("mixture", {"max_edits": 0}, "mixture.max_edits must be in 1 .. .*, got 0"),
        ("space", {"num_nodes": 7, "nodes": 3}, "space.nodes: unknown key"),
        ("seed", None, "must hold every setting, got none for 'seed'"),
        ("similarity", {"n_iter": 1}, "must hold every setting, got none for 'direction'"),
    ],
)
def test_settings_that_make_no_pairs_are_named(
    folder: Path, key: str, value: object, message: str
) -> None:
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    content[key] = value
    if value is None:
        del content[key]
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        repair_pair_shards(folder)
