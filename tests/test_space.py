"""gemcore.SearchSpace: what is drawn, and that the same is drawn everywhere."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import gemcore
from gemcore import SearchSpace, _core, cuda_status

SPACES = {
    "bernoulli": SearchSpace(num_nodes=12, edge_prob=0.3),
    "bernoulli, wide": SearchSpace(num_nodes=100, edge_prob=0.05),
    "uniform_density": SearchSpace(num_nodes=12, distribution="uniform_density"),
    "edge_shrink": SearchSpace(num_nodes=12, distribution="edge_shrink"),
    "grow": SearchSpace(num_nodes=12, distribution="grow", max_edges=15),
    "nasbench101": SearchSpace.preset("nasbench101"),
}


@pytest.mark.usefixtures("every_simd_level")
def test_random123_known_answers() -> None:
    def words(counter: list[int], key: list[int]) -> list[int]:
        arrays = (np.array(values, dtype=np.uint32) for values in (counter, key))
        return [int(word) for word in _core.philox(*arrays)]

    assert words([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    digits_of_pi = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]
    answer = [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]
    assert words(digits_of_pi, [0xA4093822, 0x299F31D0]) == answer


@pytest.mark.parametrize("name", SPACES)
def test_threads_splits_and_starts_change_nothing(name: str) -> None:
    space = SPACES[name]
    before = gemcore.get_num_threads()
    try:
        gemcore.set_num_threads(1)
        whole = space.sample(5000, seed=3)
        gemcore.set_num_threads(2)
        assert space.sample(5000, seed=3) == whole
    finally:
        gemcore.set_num_threads(before)
    parts = [space.sample(1, 3), space.sample(1777, 3, start=1), space.sample(3222, 3, start=1778)]
    assert gemcore.CellBatch.concatenate(parts) == whole
    assert space.sample(5000, seed=4) != whole
    assert space.sample(2, 3, start=2**64 - 2) is not None


@pytest.mark.usefixtures("every_simd_level")
def test_a_checksum_is_the_xor_of_all_words() -> None:
    key = np.array([7, 3], dtype=np.uint32)
    words = [
        _core.philox(np.array([item, 0, block, 0], dtype=np.uint32), key)
        for item in range(3)
        for block in range(8)
    ]
    assert _core.philox_checksum(3 * 2**32 + 7, 3) == np.bitwise_xor.reduce(words, axis=None)
    assert _core.philox_checksum(1, 0) == 0
    with pytest.raises(ValueError, match=r"num_items must be >= 0, got -1"):
        _core.philox_checksum(1, -1)


def textbook_uniform(seed: int, index: int, edge: int, num_possible: int) -> int:
    """The 32-bit uniform of an edge, put together from its planes (csrc/graph/sample.h)."""
    stride = math.ceil(math.ceil(num_possible / 32) / 4)
    key = np.array([seed % 2**32, seed >> 32], dtype=np.uint32)
    uniform = 0
    for plane in range(32):
        group = edge // 32
        counter = [index % 2**32, index >> 32, plane * stride + group // 4, 0]
        word = _core.philox(np.array(counter, dtype=np.uint32), key)[group % 4]
        uniform = 2 * uniform + (int(word) >> (edge % 32) & 1)
    return uniform


@pytest.mark.usefixtures("every_simd_level")
@pytest.mark.parametrize("edge_prob", [0.0, 0.05, 0.2, 0.5, 1.0])
def test_bit_planes_compare_a_uniform_with_the_threshold(edge_prob: float) -> None:
    space = SearchSpace(num_nodes=21, edge_prob=edge_prob)
    seed, index = 2**40 + 17, 2**33 + 5
    matrix = space.sample(1, seed, start=index).dense()[0]
    for edge, (u, v) in enumerate(zip(*np.triu_indices(21, 1), strict=True)):
        uniform = textbook_uniform(seed, index, edge, space.num_possible_edges)
        assert matrix[u, v] == (uniform < round(edge_prob * 2**32))


@pytest.mark.usefixtures("every_simd_level")
def test_the_stream_is_frozen() -> None:
    # A change of these breaks every stored run: they hold for version 1.
    expected = {
        "bernoulli": 736960425,
        "uniform_density": 1183854359,
        "edge_shrink": 1134024269,
        "grow": 382222023,
        "nasbench101": 9447648,
    }
    actual = {}
    for name in expected:
        cells = SPACES[name].sample(100, seed=1)
        digest = np.concatenate([cells.adjacency.ravel(), cells.ops.ravel().astype(np.uint64)])
        weights = np.arange(1, len(digest) + 1, dtype=np.uint64)
        actual[name] = int((digest * weights).sum())
    assert actual == expected


@settings(deadline=None)
@given(
    num_nodes=st.integers(2, 256),
    num_ops=st.integers(1, 4),
    has_output=st.booleans(),
    edge_prob=st.sampled_from([0.5, 0.25]) | st.floats(0, 1),
    distribution=st.sampled_from(["bernoulli", "uniform_density", "edge_shrink", "grow"]),
    num_cells=st.integers(0, 40),
    seed=st.integers(0, 2**64 - 1),
    start=st.integers(0, 2**64 - 1) | st.integers(2**32 - 20, 2**32),
)
def test_every_level_draws_the_same_cells(
    num_cells: int, seed: int, start: int, **fields: Any
) -> None:
    ops = ("conv1x1", "sepconv3x3", "conv3x3", "identity")[: fields.pop("num_ops")]
    max_edges = 20 if fields["distribution"] == "grow" else None
    space = SearchSpace(ops=ops, max_edges=max_edges, **fields)
    before = gemcore.simd_level()
    try:
        gemcore.set_simd_level("scalar")
        expected = space.sample(num_cells, seed, start=start)
        for name in gemcore.simd_levels()[1:]:
            gemcore.set_simd_level(name)
            assert space.sample(num_cells, seed, start=start) == expected, name
    finally:
        gemcore.set_simd_level(before)


@pytest.mark.parametrize("edge_prob", [0.02, 0.2, 0.5, 0.9])
def test_every_edge_has_its_probability(edge_prob: float) -> None:
    space = SearchSpace(num_nodes=9, edge_prob=edge_prob)
    num_cells = 40_000
    present = space.sample(num_cells, seed=1).dense()[:, *np.triu_indices(9, 1)]
    counts = present.sum(axis=0)
    observed = np.stack([counts, num_cells - counts])
    expected = num_cells * np.array([[edge_prob], [1 - edge_prob]])
    statistic = ((observed - expected) ** 2 / expected).sum()
    assert stats.chi2.sf(statistic, df=len(counts)) > 1e-4
    # Independent: the number of edges is binomial.
    totals = np.bincount(present.sum(axis=1), minlength=37)
    binomial = stats.binom.pmf(np.arange(37), 36, edge_prob) * num_cells
    often = binomial > 5
    rest = [totals[~often].sum() + 1e-9], [binomial[~often].sum() + 1e-9]
    result = stats.chisquare(
        np.concatenate([totals[often], rest[0]]), np.concatenate([binomial[often], rest[1]])
    )
    assert result.pvalue > 1e-4


@pytest.mark.parametrize("name", SPACES)
def test_ops_are_uniform(name: str) -> None:
    space = SPACES[name]
    ops = space.sample(4000, seed=2).ops
    assert (ops[:, 0] == 0).all()
    inner = ops[:, 1:-1] if space.has_output else ops[:, 1:]
    if space.has_output:
        assert (ops[:, -1] == len(space.op_names) - 1).all()
    counts = np.bincount(inner.ravel(), minlength=len(space.op_names))
    assert stats.chisquare(counts[1 : 1 + len(space.ops)]).pvalue > 1e-4


def test_uniform_density_and_edge_shrink_spread_over_all_numbers_of_edges() -> None:
    shrunk = SPACES["edge_shrink"].sample(20_000, seed=1).num_edges
    assert stats.chisquare(np.bincount(shrunk, minlength=67)).pvalue > 1e-4
    # A mixture of binomials over a uniform p is uniform too.
    dense = SPACES["uniform_density"].sample(20_000, seed=1).num_edges
    assert stats.chisquare(np.bincount(dense, minlength=67)).pvalue > 1e-4


def test_edge_shrink_treats_edges_alike() -> None:
    counts = SPACES["edge_shrink"].sample(20_000, seed=5).dense().sum(axis=0)
    counts = counts[np.triu_indices(12, 1)]
    assert abs(counts / 20_000 - 0.5).max() < 0.02


def test_grown_cells_keep_their_promises() -> None:
    cells = SPACES["grow"].sample(5000, seed=1)
    dense = cells.dense()
    assert dense.sum(axis=2).max() == 3
    assert cells.num_edges.min() >= 2
    assert cells.num_edges.max() == 15
    assert stats.chisquare(np.bincount(cells.num_edges)[2:]).pvalue > 1e-4
    # Whatever has an edge is reached from node 0.
    pruned = gemcore.prune(cells)
    np.testing.assert_array_equal(pruned.num_edges, cells.num_edges)


def test_max_edges_draws_again() -> None:
    space = SearchSpace.preset("nasbench101")
    edges = space.sample(20_000, seed=1).num_edges
    assert edges.max() == 9
    pmf = stats.binom.pmf(np.arange(10), 21, 0.5)
    counts = np.bincount(edges, minlength=10)
    often = pmf * 20_000 > 5
    few = counts[~often].sum(), pmf[~often].sum()
    observed = np.append(counts[often], few[0])
    expected = np.append(pmf[often], few[1]) / pmf.sum() * 20_000
    assert stats.chisquare(observed, expected).pvalue > 1e-4


def test_presets() -> None:
    paper = SearchSpace.preset("paper")
    assert (paper.num_nodes, paper.ops, paper.edge_prob) == (30, ("conv1x1", "sepconv3x3"), 0.2)
    assert SearchSpace() == paper
    names = ("input", "conv3x3", "conv1x1", "maxpool3x3", "output")
    assert SearchSpace.preset("nasbench101").op_names == names
    sizes = gemcore.prune(paper.sample(20_000)).sizes
    assert abs(sizes.mean() - 20.6) < 0.1  # Stated in the definition of pruning.


@pytest.mark.skipif(cuda_status() != "usable", reason=f"CUDA: {cuda_status()}")
@pytest.mark.parametrize("name", SPACES)
def test_cuda_draws_the_same_bits(name: str) -> None:
    space = SPACES[name]
    drawn = space.sample(10_000, 7, start=3, device="cuda").cpu()
    assert drawn == space.sample(10_000, 7, start=3)


@pytest.mark.skipif(cuda_status() == "usable", reason="CUDA can be used")
def test_cuda_says_why_not() -> None:
    with pytest.raises(RuntimeError, match=r"\[sample\] CUDA can't be used: \w+"):
        SearchSpace.preset("small").sample(1, device="cuda")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"num_nodes": 0}, ValueError, r"num_nodes must be in 1 \.\. 256, got 0"),
        ({"num_nodes": 257}, ValueError, r"num_nodes must be in 1 \.\. 256, got 257"),
        ({"num_nodes": 2.0}, TypeError, "num_nodes must be an integer, got float 2.0"),
        ({"ops": ()}, ValueError, r"ops must hold 1 \.\. 250 names, got 0"),
        ({"ops": "conv1x1"}, TypeError, "ops must be a sequence of names, got the string"),
        ({"ops": ("conv9x9",)}, ValueError, "conv9x9"),
        ({"ops": ("input",)}, ValueError, "ops must not hold the reserved 'input'"),
        ({"ops": ("conv1x1", "conv1x1")}, ValueError, "ops must all differ, got 'conv1x1' twice"),
        ({"distribution": "er"}, ValueError, "distribution must be one of 'bernoulli', .*'er'"),
        ({"edge_prob": 1.1}, ValueError, r"edge_prob must be in 0 \.\. 1, got 1.1"),
        ({"edge_prob": -0.1}, ValueError, r"edge_prob must be in 0 \.\. 1, got -0.1"),
        ({"edge_prob": math.nan}, ValueError, r"edge_prob must be in 0 \.\. 1, got nan"),
        ({"edge_prob": "0.5"}, TypeError, "edge_prob must be a number, got str '0.5'"),
        ({"max_edges": 0}, ValueError, "max_edges must be >= 1, got 0"),
        ({"distribution": "grow"}, ValueError, "max_edges must be given for distribution 'grow'"),
        ({"distribution": "edge_shrink", "max_edges": 9}, ValueError, "must be None for .*, got 9"),
        (
            {"edge_prob": 0.9, "max_edges": 9},
            ValueError,
            "let at least 1 % of the cells pass, got 9",
        ),
        (
            {"num_nodes": 1, "has_output": True},
            ValueError,
            r"num_nodes must be in 2 \.\. 256, got 1",
        ),
    ],
)
def test_bad_spaces(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SearchSpace(**arguments)  # type: ignore[arg-type]


def test_bad_samples() -> None:
    space = SearchSpace.preset("small")
    with pytest.raises(ValueError, match="num_cells must be >= 0, got -1"):
        space.sample(-1)
    with pytest.raises(ValueError, match=r"seed must be in 0 \.\. \d+, got -1"):
        space.sample(1, seed=-1)
    with pytest.raises(ValueError, match=r"start must be in 0 \.\. \d+, got -1"):
        space.sample(1, start=-1)
    with pytest.raises(ValueError, match="device must be one of 'cpu', 'cuda', got 'tpu'"):
        space.sample(1, device="tpu")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match=r"name must be one of 'paper', .*, got 'papers'"):
        SearchSpace.preset("papers")
