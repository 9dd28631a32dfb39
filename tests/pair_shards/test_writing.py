"""write_pair_shards: what lies in the files, how they are gone on with, what is refused."""

import errno
import hashlib
import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from gemcore.cell_batch import CellBatch
from gemcore.pair_mixture import PairMixture
from gemcore.pair_shards import PairShards, layout, write_pair_shards, writing
from gemcore.pair_shards.claim import writing_alone
from gemcore.pair_shards.layout import Arrays
from gemcore.pairs import PairBatch, PairStream
from gemcore.plain_config import from_plain
from gemcore.space import SearchSpace

SMALL = SearchSpace.preset("small")
SPACES = [SearchSpace.preset("small"), SearchSpace(70, edge_prob=0.1), SearchSpace(1)]


@pytest.mark.parametrize("space", SPACES, ids=["10", "70", "1"])
@pytest.mark.parametrize("batch_size", [3, 7, 100])
def test_shards_hold_the_pairs_of_the_stream(
    tmp_path: Path, space: SearchSpace, batch_size: int
) -> None:
    stream = PairStream(space, batch_size=batch_size, seed=5)
    write_pair_shards(stream, tmp_path, num_pairs=16, shard_size=7)
    names = [f"pairs-0000{i}.safetensors" for i in range(3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", *names]
    for name, start in zip(names, (0, 7, 14), strict=True):
        shard = load_file(tmp_path / name)
        pairs = stream.pairs(start=start, num_pairs=min(7, 16 - start))
        for side, cells in (("a", pairs.cells_a), ("b", pairs.cells_b)):
            adjacency, ops, sizes = (shard[f"{x}_{side}"] for x in ("adjacency", "ops", "sizes"))
            assert CellBatch(adjacency, ops, sizes, space.op_names) == cells
        np.testing.assert_array_equal(shard["similarity"], pairs.similarity.numpy())
        np.testing.assert_array_equal(shard["kind"], pairs.kind.numpy())
        assert shard["similarity"].dtype == np.float32


def test_the_manifest_says_what_the_pairs_are(tmp_path: Path) -> None:
    space, mixture = SearchSpace.preset("nasbench101"), PairMixture(max_edits=3)
    stream = PairStream(
        space, seed=2, mixture=mixture, n_iter=1, round_weights=(1, 2), direction="out"
    )
    write_pair_shards(stream, tmp_path / "new" / "folder", num_pairs=5, shard_size=3)
    folder = tmp_path / "new" / "folder"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["format"] == "gemcore.pairs"
    assert (manifest["seed"], manifest["num_pairs"], manifest["shard_size"]) == (2, 5, 3)
    again = PairStream(
        from_plain(SearchSpace, manifest["space"]),
        seed=manifest["seed"],
        mixture=from_plain(PairMixture, manifest["mixture"]),
        prune=manifest["prune"],
        **manifest["similarity"],
    )
    assert manifest["op_names"] == list(space.op_names)
    ranges = [(shard["start"], shard["num_pairs"]) for shard in manifest["shards"]]
    assert ranges == [(0, 3), (3, 2)]
    for shard in manifest["shards"]:
        data = (folder / shard["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == shard["sha256"]
        pairs = again.pairs(start=shard["start"], num_pairs=shard["num_pairs"])
        stored = load_file(folder / shard["file"])["similarity"]
        np.testing.assert_array_equal(stored, pairs.similarity.numpy())


def test_an_interrupt_leaves_whole_shards_that_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = PairStream(SearchSpace.preset("small"), batch_size=2)
    pairs = PairStream.pairs

    def interrupted(self: PairStream, *, start: int, num_pairs: int) -> object:
        if start == 6:
            raise KeyboardInterrupt
        return pairs(self, start=start, num_pairs=num_pairs)

    monkeypatch.setattr(PairStream, "pairs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_pair_shards(stream, tmp_path, num_pairs=12, shard_size=4)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert [shard["file"] for shard in manifest["shards"]] == ["pairs-00000.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "manifest.json",
        "pairs-00000.safetensors",
    ]


def test_progress_counts_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stream = PairStream(SearchSpace.preset("small"), batch_size=500)
    write_pair_shards(stream, tmp_path, num_pairs=2000, progress=True)
    shown = capsys.readouterr()
    assert "pairs: 100%" in shown.err
    assert "2.00k/2.00k" in shown.err
    assert not shown.out


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def ages(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.safetensors")}


@pytest.mark.parametrize(("before", "after"), [(10, 10), (10, 11), (10, 16), (8, 16), (1, 40)])
def test_more_pairs_extend_the_folder(tmp_path: Path, before: int, after: int) -> None:
    stream = PairStream(SMALL, batch_size=3, seed=1)
    write_pair_shards(stream, tmp_path / "a", num_pairs=before, shard_size=4)
    kept = ages(tmp_path / "a")
    write_pair_shards(stream, tmp_path / "a", num_pairs=after, shard_size=4)
    write_pair_shards(stream, tmp_path / "b", num_pairs=after, shard_size=4)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    whole = before // 4 if after > before else -(-before // 4)
    for name in sorted(kept)[:whole]:
        assert ages(tmp_path / "a")[name] == kept[name]


def test_batch_size_may_change_on_the_way(tmp_path: Path) -> None:
    write_pair_shards(PairStream(SMALL, batch_size=3), tmp_path, num_pairs=5, shard_size=4)
    write_pair_shards(PairStream(SMALL, batch_size=7), tmp_path, num_pairs=9, shard_size=4)
    assert len(PairShards(tmp_path, batch_size=3)) == 3


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"short")])
def test_a_shard_that_is_gone_or_short_is_written_anew(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    stream = PairStream(SMALL, seed=1)
    write_pair_shards(stream, tmp_path, num_pairs=10, shard_size=4)
    wanted, kept = contents(tmp_path), ages(tmp_path)
    damage(tmp_path / "pairs-00001.safetensors")
    write_pair_shards(stream, tmp_path, num_pairs=10, shard_size=4)
    assert contents(tmp_path) == wanted
    assert ages(tmp_path)["pairs-00002.safetensors"] == kept["pairs-00002.safetensors"]


def test_a_shard_that_comes_out_differently_is_not_written(tmp_path: Path) -> None:
    stream = PairStream(SMALL, seed=1)
    write_pair_shards(stream, tmp_path, num_pairs=10, shard_size=4)
    path = tmp_path / "manifest.json"
    digest = json.loads(path.read_text())["shards"][1]["sha256"]
    path.write_text(path.read_text().replace(digest, "0" * 64))
    (tmp_path / "pairs-00001.safetensors").unlink()
    with pytest.raises(RuntimeError, match="another: this version of gemcore makes other pairs"):
        write_pair_shards(stream, tmp_path, num_pairs=10, shard_size=4)
    assert sorted(ages(tmp_path)) == ["pairs-00000.safetensors", "pairs-00002.safetensors"]


@pytest.mark.parametrize(
    ("changes", "shard_size", "line"),
    [
        ({"seed": 2}, 4, "seed: 1 -> 2"),
        ({"space": SearchSpace(11)}, 4, "space.num_nodes: 10 -> 11"),
        ({"mixture": PairMixture(max_edits=9)}, 4, "mixture.max_edits: 40 -> 9"),
        ({"n_iter": 2}, 4, "similarity.n_iter: 3 -> 2"),
        ({"round_weights": (1, 1, 1, 2)}, 4, r"round_weights: not set -> \[1.0, 1.0, 1.0, 2.0\]"),
        ({"prune": False}, 4, "prune: True -> False"),
        ({}, 5, "shard_size: 4 -> 5"),
    ],
)
def test_other_settings_are_told_and_nothing_is_touched(
    tmp_path: Path, changes: dict[str, Any], shard_size: int, line: str
) -> None:
    write_pair_shards(PairStream(SMALL, seed=1), tmp_path, num_pairs=10, shard_size=4)
    (tmp_path / "pairs-00002.safetensors").unlink()
    found = contents(tmp_path)
    arguments: dict[str, Any] = {"space": SMALL, "seed": 1}
    other = PairStream(**(arguments | changes))
    with pytest.raises(ValueError, match=rf"settings differ \(there -> now\):\n(.*\n)*  .*{line}"):
        write_pair_shards(other, tmp_path, num_pairs=10, shard_size=shard_size)
    assert contents(tmp_path) == found


def test_fewer_pairs_than_lie_there_are_refused(tmp_path: Path) -> None:
    stream = PairStream(SMALL)
    write_pair_shards(stream, tmp_path, num_pairs=10, shard_size=4)
    with pytest.raises(ValueError, match=r"num_pairs must be >= 10, the pairs in .*, got 9"):
        write_pair_shards(stream, tmp_path, num_pairs=9, shard_size=4)


def refuse_after(monkeypatch: pytest.MonkeyPatch, num_batches: int) -> None:
    """Lets the disk be full when so many batches are written."""
    left = [num_batches]

    def arrays_of(batch: PairBatch) -> Arrays:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return layout.arrays_of(batch)

    monkeypatch.setattr(writing, "arrays_of", arrays_of)


def test_a_full_disk_is_told_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = PairStream(SMALL, batch_size=2)
    write_pair_shards(stream, tmp_path / "whole", num_pairs=12, shard_size=4)
    with monkeypatch.context() as full:
        refuse_after(full, 3)
        with pytest.raises(RuntimeError, match=r"\[pairs\] .* cannot be written: .*No space left"):
            write_pair_shards(stream, tmp_path / "a", num_pairs=12, shard_size=4)
    assert sorted(contents(tmp_path / "a")) == ["manifest.json", "pairs-00000.safetensors"]
    write_pair_shards(stream, tmp_path / "a", num_pairs=12, shard_size=4)
    assert contents(tmp_path / "a") == contents(tmp_path / "whole")


def test_what_the_system_refuses_is_told_and_loses_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    stream = PairStream(SMALL, batch_size=100)
    write_pair_shards(stream, tmp_path, num_pairs=1000, shard_size=1000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (tmp_path / "pairs-00000.safetensors").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1, before[1]))  # Of the largest file.
    try:
        with pytest.raises(RuntimeError, match=r"cannot be written: .*File too large; whole"):
            write_pair_shards(stream, tmp_path, num_pairs=2000, shard_size=1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert sorted(contents(tmp_path)) == ["manifest.json", "pairs-00000.safetensors"]
    write_pair_shards(stream, tmp_path, num_pairs=2000, shard_size=1000)
    assert len(PairShards(tmp_path, batch_size=1000)) == 2


def test_a_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    stream = PairStream(SMALL)
    write_pair_shards(stream, tmp_path, num_pairs=10, shard_size=4)
    found = contents(tmp_path)
    with writing_alone(tmp_path):
        message = rf"\[pairs\] .* is being written by process {os.getpid()}: wait for its end"
        with pytest.raises(RuntimeError, match=message):
            write_pair_shards(stream, tmp_path, num_pairs=20, shard_size=4)
    assert contents(tmp_path) == found
    write_pair_shards(stream, tmp_path, num_pairs=20, shard_size=4)


def test_memory_is_taken_for_a_batch_alone(tmp_path: Path) -> None:
    stream = PairStream(SearchSpace.preset("paper"), batch_size=100)
    write_pair_shards(stream, tmp_path / "a", num_pairs=200, shard_size=200)
    tracemalloc.start()
    write_pair_shards(stream, tmp_path / "b", num_pairs=2000, shard_size=2000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    size = (tmp_path / "b" / "pairs-00000.safetensors").stat().st_size
    assert peak < size / 2


def test_what_is_refused(tmp_path: Path) -> None:
    stream = PairStream(SearchSpace.preset("small"))
    with pytest.raises(ValueError, match=r"num_pairs must be in 1 \.\. .*, got 0"):
        write_pair_shards(stream, tmp_path / "new", num_pairs=0)
    with pytest.raises(ValueError, match="shard_size must be >= 1, got 0"):
        write_pair_shards(stream, tmp_path / "new", num_pairs=1, shard_size=0)
    with pytest.raises(TypeError, match="stream must be of type PairStream, got int 3"):
        write_pair_shards(3, tmp_path / "new", num_pairs=1)  # type: ignore[arg-type]
    over_cells = PairStream(SearchSpace.preset("small").sample(3))
    with pytest.raises(TypeError, match=r"stream\.space must be of type SearchSpace"):
        write_pair_shards(over_cells, tmp_path / "new", num_pairs=1)
    assert not (tmp_path / "new").exists()
    (tmp_path / "mine.txt").touch()
    with pytest.raises(ValueError, match=r"out must be a new or empty folder.* holds mine\.txt"):
        write_pair_shards(stream, tmp_path, num_pairs=1)
    with pytest.raises(FileExistsError):
        write_pair_shards(stream, tmp_path / "mine.txt", num_pairs=1)
