"""train_encoder(pairs=...): training on pairs from disk, and only on those of its settings."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from gemcore import PairMixture, PairShards, PairStream, SearchSpace
from gemcore.encoder import EncoderConfig, train_encoder
from gemcore.encoder.data import Use
from gemcore.encoder.training import Training
from gemcore.pair_shards import write_pair_shards


@pytest.fixture(scope="module")
def shards(space: SearchSpace, tmp_path_factory: pytest.TempPathFactory) -> PairShards:
    folder = tmp_path_factory.mktemp("pairs")
    write_pair_shards(PairStream(space, seed=7), folder, num_pairs=200, shard_size=90)
    return PairShards(folder, seed=2)


def test_steps_read_the_shards_epoch_after_epoch(
    space: SearchSpace, tiny: EncoderConfig, shards: PairShards
) -> None:
    data = Training(space, tiny, 1, shards).data
    wanted = dataclasses.replace(shards, batch_size=tiny.batch_size)
    for epoch in (0, 1):
        wanted.set_epoch(epoch)
        for place, batch in enumerate(wanted):
            found = data.batch(epoch * len(wanted) + place)
            assert torch.equal(found.similarity, batch.similarity)
    fresh = Training(space, tiny, 1).data
    similarity = [d.pairs(Use.VALIDATION, 50).similarity for d in (data, fresh)]
    assert torch.equal(*similarity)


def test_an_encoder_learns_from_shards(
    space: SearchSpace, tiny: EncoderConfig, shards: PairShards
) -> None:
    first, again = (train_encoder(space, tiny, seed=1, pairs=shards) for _ in range(2))
    cells = space.sample(5)
    assert torch.equal(first.encode(cells), again.encode(cells))
    other = train_encoder(space, tiny, seed=1)
    assert not torch.equal(first.encode(cells), other.encode(cells))
    assert first.report.constant == other.report.constant


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"n_iter": 2}, "similarity.n_iter: 3 -> 2"),
        ({"direction": "out"}, "similarity.direction: in_out -> out"),
        ({"mixture": PairMixture(max_edits=2)}, "mixture.max_edits: 40 -> 2"),
        ({"prune": False}, "prune: True -> False"),
    ],
)
def test_pairs_of_other_settings_are_refused(
    space: SearchSpace,
    tiny: EncoderConfig,
    shards: PairShards,
    changes: dict[str, Any],
    line: str,
) -> None:
    config = dataclasses.replace(tiny, **changes)
    with pytest.raises(ValueError, match=rf"pairs must be of the same space .*\n  {line}$"):
        train_encoder(space, config, pairs=shards)


def test_what_else_is_refused(space: SearchSpace, tiny: EncoderConfig, shards: PairShards) -> None:
    with pytest.raises(ValueError, match=r"space\.edge_prob: 0\.4 -> 0\.2"):
        train_encoder(SearchSpace(num_nodes=6), tiny, pairs=shards)
    with pytest.raises(TypeError, match="space must be of type SearchSpace, got CellBatch"):
        train_encoder(space.sample(9), tiny, pairs=shards)
    with pytest.raises(TypeError, match="pairs must be of type PairShards or NoneType, got str"):
        train_encoder(space, tiny, pairs="folder")  # type: ignore[arg-type]
    fixed = dataclasses.replace(tiny, train_pairs=50)
    with pytest.raises(ValueError, match="train_pairs must be None with pairs, got 50"):
        train_encoder(space, fixed, pairs=shards)


def test_labels_auto_are_those_of_the_space(tmp_path: Path, tiny: EncoderConfig) -> None:
    space = SearchSpace(num_nodes=6, ops=("conv3x3",))
    write_pair_shards(PairStream(space, labels="degree"), tmp_path, num_pairs=50)
    config = dataclasses.replace(tiny, labels="auto", num_steps=2)
    assert train_encoder(space, config, pairs=PairShards(tmp_path)).report.num_steps == 2
