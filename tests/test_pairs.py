"""gemcore.pairs: what is in a stream of pairs, and that a pair depends on its number alone."""

import itertools
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch.utils.data import DataLoader

import gemcore.sharing
from gemcore import Cell, CellBatch, SearchSpace, canonicalize, prune, wl_pairs
from gemcore.pair_mixture import PairKind, PairMixture
from gemcore.pairs import PairBatch, PairStream

SMALL = SearchSpace.preset("small")


def equal(a: PairBatch, b: PairBatch) -> bool:
    tensors = torch.equal(a.similarity, b.similarity) and torch.equal(a.kind, b.kind)
    return tensors and a.cells_a == b.cells_a and a.cells_b == b.cells_b and a.start == b.start


def cut(batch: PairBatch, chosen: slice) -> PairBatch:
    """Some pairs of a batch, as if they had been drawn alone."""
    arrays = (batch.similarity[chosen], batch.kind[chosen])
    return PairBatch(
        batch.cells_a[chosen], batch.cells_b[chosen], *arrays, batch.start + chosen.start
    )


def test_pair_depends_on_seed_and_number_alone() -> None:
    whole = PairStream(SMALL, seed=5).pairs(start=100, num_pairs=50)
    for start, stop in [(0, 1), (3, 3), (7, 20), (49, 50)]:
        part = PairStream(SMALL, seed=5, batch_size=8).pairs(
            start=100 + start, num_pairs=stop - start
        )
        assert equal(part, cut(whole, slice(start, stop)))
    other = PairStream(SMALL, seed=6).pairs(start=100, num_pairs=50)
    assert other.cells_a != whole.cells_a


def test_batches_follow_each_other() -> None:
    stream = PairStream(SMALL, batch_size=6, seed=1)
    whole = stream.pairs(start=0, num_pairs=18)
    for i, batch in enumerate(itertools.islice(stream, 3)):
        assert equal(batch, cut(whole, slice(6 * i, 6 * i + 6)))


def test_sizes_0_1_and_far_out() -> None:
    stream = PairStream(SMALL)
    assert len(stream.pairs(start=0, num_pairs=0)) == 0
    assert len(stream.pairs(start=2**62, num_pairs=1).cells_b) == 1


def test_similarity_is_that_of_the_cells_yielded() -> None:
    options: dict[str, Any] = {"n_iter": 2, "direction": "out", "round_weights": (0.5, 1.0, 2.0)}
    batch = PairStream(SMALL, seed=2, **options).pairs(start=0, num_pairs=40)
    expected = wl_pairs(batch.cells_a, batch.cells_b, **options)
    assert batch.similarity.dtype == torch.float32
    np.testing.assert_array_equal(batch.similarity.numpy(), expected.astype(np.float32))
    degree = PairStream(SMALL, seed=2, labels="degree").pairs(start=0, num_pairs=40)
    expected = wl_pairs(degree.cells_a, degree.cells_b, labels="degree")
    np.testing.assert_array_equal(degree.similarity.numpy(), expected.astype(np.float32))


def test_similarity_is_float32_whatever_the_default_dtype() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        batch = PairStream(SMALL).pairs(start=0, num_pairs=4)
    finally:
        torch.set_default_dtype(torch.float32)
    assert batch.similarity.dtype == torch.float32


def test_kinds_are_what_they_say() -> None:
    batch = PairStream(SMALL, seed=3, prune=False).pairs(start=0, num_pairs=3000)
    kind = batch.kind.numpy()
    same = canonicalize(batch.cells_a), canonicalize(batch.cells_b)
    isomorphic = np.array([a == b for a, b in zip(*same, strict=True)])
    assert isomorphic[kind == PairKind.ISOMORPHIC].all()
    assert (batch.similarity[batch.kind == PairKind.ISOMORPHIC] == 1).all()
    assert isomorphic[kind == PairKind.INDEPENDENT].mean() < 0.01
    # An edit of an operation may draw the same one, and one edge added and removed may leave a
    # twin; but few edits look like that.
    assert isomorphic[kind == PairKind.PERTURBED].mean() < 0.1
    mean = [batch.similarity[batch.kind == k].mean() for k in (0, 1)]
    assert mean[1] > mean[0]


def test_half_of_the_second_cells_are_renumbered() -> None:
    mixture = PairMixture(independent=0, unedited=1)
    batch = PairStream(SMALL, prune=False, mixture=mixture).pairs(start=0, num_pairs=2000)
    moved = (batch.cells_a.adjacency != batch.cells_b.adjacency).any(axis=(1, 2))
    # Some cells have one numbering alone, so a little less than half.
    assert 0.4 < moved.mean() < 0.5
    still = PairMixture(independent=0, unedited=1, renumbered=0)
    batch = PairStream(SMALL, mixture=still).pairs(start=0, num_pairs=50)
    assert batch.cells_a == batch.cells_b


def test_shares_of_the_mixture() -> None:
    mixture = PairMixture(independent=0.3, unedited=0.25, max_edits=5, renumbered=0.8)
    draws = mixture.draw(seed=7, start=0, num_pairs=20_000)
    counts = np.bincount(draws.kind, minlength=3)
    assert chisquare(counts, 20_000 * np.array([0.3, 0.7 * 0.75, 0.7 * 0.25])).pvalue > 1e-3
    edits = draws.num_edits[draws.kind == PairKind.PERTURBED]
    k = np.arange(1, 6)
    log_uniform = np.log((k + 1) / k) / np.log(6)
    assert chisquare(np.bincount(edits)[1:], len(edits) * log_uniform).pvalue > 1e-3
    assert (draws.num_edits[draws.kind != PairKind.PERTURBED] == 0).all()
    for kind in PairKind:
        number = int(draws.renumber[draws.kind == kind].sum())
        assert (
            chisquare([number, counts[kind] - number], counts[kind] * np.array([0.8, 0.2])).pvalue
            > 1e-3
        )


def test_default_mixture_on_the_paper_preset() -> None:
    pairs = PairStream(SearchSpace.preset("paper"), prune=False).pairs(start=0, num_pairs=5000)
    assert pairs.similarity.mean().item() == pytest.approx(0.85, abs=0.01)
    assert pairs.similarity.std().item() == pytest.approx(0.06, abs=0.005)


def test_pairs_hold_other_cells_than_sample() -> None:
    # Else an encoder would be trained on the very cells that a search draws with the same seed.
    pairs = PairStream(SMALL, seed=9, prune=False).pairs(start=0, num_pairs=200)
    sampled = set(SMALL.sample(2000, seed=9))
    assert sum(cell in sampled for cell in pairs.cells_a) <= 1


def test_prune_drops_dead_nodes() -> None:
    raw = PairStream(SMALL, prune=False).pairs(start=0, num_pairs=50)
    pruned = PairStream(SMALL).pairs(start=0, num_pairs=50)
    assert pruned.cells_a == prune(raw.cells_a)
    assert pruned.cells_b == prune(raw.cells_b)


def test_cells_instead_of_a_space() -> None:
    cells = SMALL.sample(30, seed=4)
    stream = PairStream(cells, prune=False, mixture=PairMixture(independent=1, renumbered=0))
    batch = stream.pairs(start=0, num_pairs=6000)
    known = {cell: i for i, cell in enumerate(cells)}
    for drawn in (batch.cells_a, batch.cells_b):
        counts = np.bincount([known[cell] for cell in drawn], minlength=30)
        assert chisquare(counts).pvalue > 1e-3
    part = stream.pairs(start=100, num_pairs=3)
    assert part.cells_b == batch.cells_b[100:103]


def test_output_node_is_kept_in_its_place() -> None:
    batch = PairStream(SearchSpace.preset("nasbench101")).pairs(start=0, num_pairs=50)
    ends = {cell.ops[-1] for cell in batch.cells_b}
    assert ends <= {"output", "input"}  # A cell that does not reach its output is its input alone.


def shards(monkeypatch: pytest.MonkeyPatch, ranks: int, workers: int) -> list[list[int]]:
    """Numbers of the first pairs of three batches, as each worker of each rank draws them."""

    class Info:
        id = 0
        num_workers = workers

    monkeypatch.setattr(gemcore.sharing, "get_worker_info", lambda: Info)
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: ranks)
    starts = []
    for rank, worker in itertools.product(range(ranks), range(workers)):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda rank=rank: rank)
        Info.id = worker
        stream = PairStream(SMALL, batch_size=4)
        starts.append([batch.start for batch in itertools.islice(stream, 3)])
    return starts


def test_workers_and_ranks_share_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = shards(monkeypatch, ranks=2, workers=3)
    assert sorted(itertools.chain(*starts)) == [4 * i for i in range(18)]
    assert starts[0] == [0, 24, 48]


def test_what_a_rank_sees_does_not_depend_on_its_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = shards(monkeypatch, ranks=2, workers=1)
    three = shards(monkeypatch, ranks=2, workers=3)
    for rank in (0, 1):
        in_turn = zip(*three[3 * rank : 3 * rank + 3], strict=True)  # As a DataLoader asks them.
        assert list(itertools.chain(*in_turn))[:3] == alone[rank]


def test_data_loader_yields_the_same_stream() -> None:
    stream = PairStream(SMALL, batch_size=16, seed=2)
    loader: DataLoader[PairBatch] = DataLoader(stream, batch_size=None, num_workers=2, timeout=60)
    for mine, theirs in zip(itertools.islice(stream, 4), loader, strict=False):
        assert equal(mine, theirs)


def test_can_be_pickled() -> None:
    stream = pickle.loads(pickle.dumps(PairStream(SMALL, seed=3)))
    wanted = PairStream(SMALL, seed=3).pairs(start=0, num_pairs=5)
    assert equal(stream.pairs(start=0, num_pairs=5), wanted)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"space": "small"}, TypeError, "space must be of type SearchSpace or CellBatch, got str"),
        ({"space": SMALL.sample(0)}, ValueError, "space must hold at least one cell, got an empty"),
        ({"batch_size": 0}, ValueError, "batch_size must be >= 1, got 0"),
        ({"seed": -1}, ValueError, "seed must be in 0 .. 18446744073709551615, got -1"),
        ({"mixture": 0.5}, TypeError, "mixture must be of type PairMixture, got float 0.5"),
        ({"n_iter": -1}, ValueError, "n_iter must be in 0 .. 16, got -1"),
        ({"direction": "up"}, ValueError, "direction must be one of 'in_out', .*, got 'up'"),
        (
            {"round_weights": (1.0,)},
            ValueError,
            "round_weights must have length n_iter . 1 = 4, got 1",
        ),
        ({"labels": "size"}, ValueError, "labels must be one of 'ops', .*, got 'size'"),
        ({"prune": 1}, TypeError, "prune must be of type bool, got int 1"),
    ],
)
def test_rejects_bad_arguments(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        PairStream(**({"space": SMALL} | arguments))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"independent": 1.5}, "independent must be in 0 .. 1, got 1.5"),
        ({"unedited": -0.1}, "unedited must be in 0 .. 1, got -0.1"),
        ({"renumbered": float("nan")}, "renumbered must be in 0 .. 1, got nan"),
        ({"min_edits": 0}, "min_edits must be >= 1, got 0"),
        ({"max_edits": 2, "min_edits": 3}, "max_edits must be in 3 .. 2147483647, got 2"),
    ],
)
def test_rejects_bad_mixtures(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PairMixture(**arguments)


def test_rejects_bad_numbers_of_pairs() -> None:
    stream = PairStream(SMALL)
    with pytest.raises(ValueError, match=r"num_pairs must be >= 0, got -1"):
        stream.pairs(start=0, num_pairs=-1)
    with pytest.raises(ValueError, match=r"start must be in 0 .. 4611686018427387904, got -1"):
        stream.pairs(start=-1, num_pairs=1)


def test_edit_counts_stay_in_range() -> None:
    draws = PairMixture(independent=0, unedited=0, min_edits=3, max_edits=3).draw(0, 0, 1000)
    assert set(draws.num_edits.tolist()) == {3}
    widest = PairMixture(independent=0, unedited=0, max_edits=2**31 - 1).draw(0, 0, 1000)
    assert widest.num_edits.min() >= 1


def test_cell_of_one_node() -> None:
    alone = CellBatch.from_cells([Cell(("input",), ())])
    batch = PairStream(alone).pairs(start=0, num_pairs=5)
    assert (batch.similarity == 1).all()
