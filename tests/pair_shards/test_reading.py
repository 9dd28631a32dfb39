"""gemcore.PairShards: which batches come, in which order, to whom; what is refused."""

import itertools
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from gemcore import PairBatch, PairShards, PairStream, SearchSpace
from gemcore.pair_shards import write_pair_shards

RANKS = Path(__file__).with_name("loading_ranks.py")
SPACE = SearchSpace.preset("small")
NUM_PAIRS, SHARD_SIZE = 50, 12  # Shards of 12, 12, 12, 12 and 2.


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shards") / "pairs"
    write_pair_shards(PairStream(SPACE, seed=5), path, num_pairs=NUM_PAIRS, shard_size=SHARD_SIZE)
    return path


def equal(a: PairBatch, b: PairBatch) -> bool:
    tensors = torch.equal(a.similarity, b.similarity) and torch.equal(a.kind, b.kind)
    return tensors and a.cells_a == b.cells_a and a.cells_b == b.cells_b and a.start == b.start


def starts(batches: Any) -> list[int]:
    return [batch.start for batch in batches]


@pytest.mark.parametrize("batch_size", [1, 5, 12, 24, 49, 50, 1000])
def test_unshuffled_batches_are_those_of_the_stream(folder: Path, batch_size: int) -> None:
    shards = PairShards(folder, batch_size=batch_size, shuffle=False)
    stream = PairStream(SPACE, seed=5, batch_size=batch_size)
    batches = list(shards)
    assert len(batches) == len(shards) == -(-NUM_PAIRS // batch_size)
    for batch, wanted in zip(batches[:-1], stream, strict=False):
        assert equal(batch, wanted)
    start = batches[-1].start
    assert equal(batches[-1], stream.pairs(start=start, num_pairs=NUM_PAIRS - start))
    assert not batches[0].cells_a.adjacency.flags.writeable


@pytest.mark.parametrize("batch_size", [1, 5, 12, 20, 64])
def test_shuffled_batches_hold_each_pair_once(folder: Path, batch_size: int) -> None:
    batches = list(PairShards(folder, batch_size=batch_size, seed=1))
    ids = [batch.start + i for batch in batches for i in range(len(batch))]
    assert sorted(ids) == list(range(NUM_PAIRS))
    for batch in batches:
        stream = PairStream(SPACE, seed=5)
        assert equal(batch, stream.pairs(start=batch.start, num_pairs=len(batch)))


def test_whole_shards_come_in_random_order_and_batches_within(folder: Path) -> None:
    found = starts(PairShards(folder, batch_size=3, seed=2))
    groups = [list(group) for _, group in itertools.groupby(found, lambda i: i // SHARD_SIZE)]
    assert len(groups) == 5  # Each shard is gone through at once.
    assert [group[0] // SHARD_SIZE for group in groups] != sorted(range(5))
    assert any(group != sorted(group) for group in groups)


def test_order_follows_from_seed_and_epoch(folder: Path) -> None:
    first, again, other = (PairShards(folder, batch_size=2, seed=seed) for seed in (0, 0, 1))
    assert starts(first) == starts(first) == starts(again) != starts(other)
    again.set_epoch(1)
    assert starts(again) != starts(first)
    assert [first.batch(step).start for step in range(50)] == starts(first) + starts(again)
    again.set_epoch(0)
    assert starts(again) == starts(first)


def test_any_pairs_by_number(folder: Path) -> None:
    shards, stream = PairShards(folder), PairStream(SPACE, seed=5)
    for start, num_pairs in [(0, 0), (50, 0), (11, 2), (49, 1), (0, 50), (12, 12)]:
        wanted = stream.pairs(start=start, num_pairs=num_pairs)
        assert equal(shards.pairs(start=start, num_pairs=num_pairs), wanted)


@pytest.mark.parametrize("space", [SearchSpace(70, edge_prob=0.1), SearchSpace(1)])
def test_any_width(tmp_path: Path, space: SearchSpace) -> None:
    stream = PairStream(space, seed=1, prune=False)
    write_pair_shards(stream, tmp_path, num_pairs=9, shard_size=4)
    found = PairShards(tmp_path, batch_size=9, shuffle=False)
    assert equal(next(iter(found)), stream.pairs(start=0, num_pairs=9))


def test_maps_are_given_back(folder: Path) -> None:
    shards = PairShards(folder, batch_size=1)
    starts(shards)
    assert len(shards._maps) <= 4


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_share_each_epoch(folder: Path, method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    shards = PairShards(folder, batch_size=4, seed=3)
    loader: DataLoader[PairBatch] = DataLoader(
        shards,
        batch_size=None,
        num_workers=2,
        timeout=60,
        multiprocessing_context=method,
        persistent_workers=True,  # These must hear of the next epoch, too.
    )
    assert len(loader) == 13
    for epoch in (0, 1):
        shards.set_epoch(epoch)
        for mine, theirs in zip(shards, loader, strict=True):
            assert equal(mine, theirs)


def test_ranks_and_their_workers_share_stream_and_shards(folder: Path) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("needs processes that fork")
    done = subprocess.run(
        [sys.executable, str(RANKS), str(folder)], capture_output=True, text=True, timeout=120
    )
    told = sorted(map(json.loads, done.stdout.splitlines()), key=lambda told: int(told["rank"]))
    assert [rank["rank"] for rank in told] == [0, 1], done.stderr
    alone = PairShards(folder, batch_size=4, seed=3)
    assert [rank["length"] for rank in told] == [7, 6]
    for rank in told:
        wanted = starts(alone)[rank["rank"] :: 2]
        assert rank["shards_alone"] == rank["shards_of_workers"] == wanted
        wanted = [4 * k for k in range(rank["rank"], 24, 2)]
        assert rank["stream_alone"] == rank["stream_of_workers"] == wanted


def test_can_be_pickled(folder: Path) -> None:
    shards = PairShards(folder, batch_size=4)
    assert starts(pickle.loads(pickle.dumps(shards))) == starts(shards)


def changed(folder: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_a_missing_shard_is_named(folder: Path, tmp_path: Path) -> None:
    (changed(folder, tmp_path) / "pairs-00002.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"pairs-00002\.safetensors must be there"):
        PairShards(tmp_path)


def test_a_short_shard_is_named(folder: Path, tmp_path: Path) -> None:
    path = changed(folder, tmp_path) / "pairs-00004.safetensors"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-1])
    message = rf"pairs-00004\.safetensors must have {size} bytes, got {size - 1}"
    with pytest.raises(ValueError, match=message):
        PairShards(tmp_path)


def test_another_header_is_named(folder: Path, tmp_path: Path) -> None:
    path = changed(folder, tmp_path) / "pairs-00001.safetensors"
    path.write_bytes(path.read_bytes().replace(b'"similarity"', b'"SIMILARITY"'))
    with pytest.raises(ValueError, match=r"pairs-00001\.safetensors must begin with the header"):
        list(PairShards(tmp_path))


@pytest.mark.parametrize(
    ("tensor", "value", "message"),
    [
        ("sizes_b", 300, "sizes must be in 1 .. 10, got 300"),
        ("ops_a", 77, "ops must be in 0 .. 2, and 255 from"),
        ("adjacency_a", 1, "adjacency must have edges u -> v with u < v"),
        ("adjacency_b", 2**40, "adjacency must have edges u -> v with u < v"),
        ("similarity", np.nan, "similarity must be in 0 .. 1"),
        ("kind", 3, "kind must be in 0 .. 2"),
    ],
)
def test_a_shard_that_holds_no_pairs_is_named(
    folder: Path, tmp_path: Path, tensor: str, value: float, message: str
) -> None:
    shards = PairShards(changed(folder, tmp_path), shuffle=False)
    place = shards._manifest.layout_of(1).places[tensor]
    with open(tmp_path / "pairs-00001.safetensors", "r+b") as file:
        file.seek(place.begin)
        file.write(np.array(value).astype(place.dtype).tobytes())
    with pytest.raises(ValueError, match=rf"pairs-00001\.\w+ is damaged: {message}"):
        shards.pairs(start=12, num_pairs=3)
    assert len(shards.pairs(start=0, num_pairs=12)) == 12


def test_a_folder_that_is_still_written_is_refused(folder: Path, tmp_path: Path) -> None:
    path = changed(folder, tmp_path) / "manifest.json"
    content = json.loads(path.read_text())
    del content["shards"][-2:]
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="directory must hold all of its 5 shards, got 3"):
        PairShards(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"directory": 3}, TypeError, "directory must be of type str or Path, got int 3"),
        ({"batch_size": 0}, ValueError, "batch_size must be >= 1, got 0"),
        ({"seed": -1}, ValueError, "seed must be in 0 .. 18446744073709551615, got -1"),
        ({"shuffle": 1}, TypeError, "shuffle must be of type bool, got int 1"),
        ({"directory": "nowhere"}, FileNotFoundError, "nowhere/manifest.json"),
    ],
)
def test_rejects_bad_arguments(
    folder: Path, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        PairShards(**({"directory": folder} | arguments))


def test_rejects_bad_numbers(folder: Path) -> None:
    shards = PairShards(folder)
    with pytest.raises(ValueError, match=r"start must be in 0 \.\. 50, got 51"):
        shards.pairs(start=51, num_pairs=0)
    with pytest.raises(ValueError, match=r"num_pairs must be in 0 \.\. 1, got 2"):
        shards.pairs(start=49, num_pairs=2)
    with pytest.raises(ValueError, match=r"epoch must be in 0 .*, got -1"):
        shards.set_epoch(-1)
    with pytest.raises(ValueError, match="step must be >= 0, got -1"):
        shards.batch(-1)
