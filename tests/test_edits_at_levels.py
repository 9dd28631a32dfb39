"""Edits, pruning and canonical order give the same bits at every level, and those of version 1.

Runs that are stored name cells by their canonical form, and pairs by the stream of edits.
"""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemcore import (
    CellBatch,
    PairMixture,
    SearchSpace,
    canonicalize,
    perturb,
    prune,
    set_simd_level,
    simd_levels,
)

# Of prune, perturb and canonicalize, by the portable code of the first version.
DIGESTS = {
    "paper": ("a8ccca690eb3", "b50468aaaf9a", "2eecaa158902"),
    "small": ("b167a56ad6a8", "d5b7f89b60ec", "1f21a2e094df"),
    "nasbench101": ("fcb51f772761", "dcc0a2a5528c", "935ec59dac66"),
    "16 nodes, 0.1": ("9234a9c3fbef", "60391623729c", "f0727c5efb50"),
    "33 nodes, 0.2": ("ce2adb0b2f8d", "b22dc79021a9", "46ff090ca3e3"),
    "64 nodes, 0.1": ("517cc05c445a", "34a5603aa780", "2d1c79133801"),
    "70 nodes, 0.05": ("dbd2c9ed3c82", "79083c0cf483", "c152500cec36"),
}


pytestmark = pytest.mark.usefixtures("level_as_before")


def space_of(name: str) -> SearchSpace:
    if name in ("paper", "small", "nasbench101"):
        return SearchSpace.preset(name)
    num_nodes, edge_prob = name.split(" nodes, ")
    return SearchSpace(num_nodes=int(num_nodes), edge_prob=float(edge_prob), has_output=True)


def edited(cells: CellBatch, start: int = 0) -> CellBatch:
    """Edits as a stream of pairs makes them."""
    draws = PairMixture(independent=0.2).draw(7, start, len(cells))
    return perturb(cells, draws.num_edits, 4, start=start, renumber=draws.renumber)


def digest(cells: CellBatch) -> str:
    text = hashlib.blake2b(digest_size=6)
    for array in (cells.adjacency, cells.ops, cells.sizes, cells.is_canonical):
        text.update(array.tobytes())
    return text.hexdigest()


def digests(name: str) -> tuple[str, str, str]:
    cells = space_of(name).sample(1000, seed=5)
    pruned, changed = prune(cells, to_output=True), edited(cells, start=2**32 - 500)
    forms = CellBatch.concatenate([canonicalize(pruned), canonicalize(changed)])
    return digest(pruned), digest(changed), digest(forms)


@pytest.mark.parametrize("level", simd_levels())
@pytest.mark.parametrize("name", DIGESTS)
def test_bits_are_those_of_version_1(name: str, level: str) -> None:
    set_simd_level(level)
    assert digests(name) == DIGESTS[name]


@pytest.mark.parametrize("level", simd_levels()[1:])
@given(
    num_nodes=st.integers(1, 66),
    edge_prob=st.floats(0, 1),
    has_output=st.booleans(),
    num_cells=st.integers(0, 20),
    seed=st.integers(0, 2**64 - 1),
)
@settings(max_examples=100)
def test_levels_agree(
    level: str, num_nodes: int, edge_prob: float, has_output: bool, num_cells: int, seed: int
) -> None:
    if num_nodes < 2:
        has_output = False
    space = SearchSpace(num_nodes=num_nodes, edge_prob=edge_prob, has_output=has_output)
    cells = space.sample(num_cells, seed)
    answers = []
    for name in ("scalar", level):
        set_simd_level(name)
        changed = edited(prune(cells, to_output=True), start=seed % 2**40)
        forms = canonicalize(changed)
        answers.append([prune(cells), changed, forms, forms.is_canonical.tolist()])
    assert answers[0] == answers[1]


@pytest.mark.parametrize("level", simd_levels())
def test_more_edits_than_there_are_edges(level: str) -> None:
    set_simd_level(level)
    cells = SearchSpace(num_nodes=6, edge_prob=0.5).sample(100, seed=1)
    for num_edits in (59, 60, 61, 1000):
        turned = np.triu(1 - cells.dense(), 1)  # Every edge goes, and every other one comes.
        np.testing.assert_array_equal(perturb(cells, num_edits, 1).dense(), turned)
