"""gemcore.pair_shards: what lies in the files, and what is refused."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from gemcore.cell_batch import CellBatch
from gemcore.pair_mixture import PairMixture
from gemcore.pair_shards import write_pair_shards
from gemcore.pairs import PairStream
from gemcore.plain_config import from_plain
from gemcore.space import SearchSpace

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
