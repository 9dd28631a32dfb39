"""The manifest of a folder of shards: one that is damaged is named, whoever reads it."""

from pathlib import Path

import pytest

from gemcore.pair_shards import PairShards, find_faults, write_pair_shards
from gemcore.pairs import PairStream
from gemcore.space import SearchSpace

SMALL = SearchSpace.preset("small")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"num_pairs": 10', '"num_pairs": 0', "must be whole, got a corrupt one"),
        ('"shard_size": 4', '"size": 4', "must be whole, got a corrupt one: KeyError"),
        ("op_names", "names", "must be whole, got a corrupt one: KeyError"),
        ('"num_nodes": 10', '"num_nodes": 300', "must be whole, got a corrupt one"),
        ('"start": 4', '"start": 3', "must list shards of 4 pairs without gap or overlap"),
        ("pairs-00001", "pairs-00000", "must list shards of 4 pairs without gap or overlap"),
        ("pairs-00001", "pairs-00007", "must list shards of 4 pairs without gap or overlap"),
        ("pairs-00001", "../x", "must list shards of 4 pairs without gap or overlap"),
        ('"sha256": "', '"sha256": "x', "must list shards of 4 pairs without gap or overlap"),
        ("gemcore.pairs", "gemcore.cell", "must be a document of format"),
        ('"version": 1', '"version": 9', "must have a version from 1 to 1"),
        ("{", "", "must hold JSON, got a corrupt file"),
    ],
)
def test_a_corrupt_manifest_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    stream = PairStream(SMALL)
    write_pair_shards(stream, tmp_path, num_pairs=10, shard_size=4)
    path = tmp_path / "manifest.json"
    path.write_text(path.read_text().replace(old, new, 1))
    for read in (
        lambda: write_pair_shards(stream, tmp_path, num_pairs=10, shard_size=4),
        lambda: PairShards(tmp_path),
        lambda: find_faults(tmp_path),
    ):
        with pytest.raises(ValueError, match=rf"manifest\.json {message}"):
            read()
