"""gemcore.ListedSpace: a list of cells as a search space."""

import pickle
from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gemcore import (
    Cell,
    CellBatch,
    EncoderConfig,
    ListedSpace,
    PairStream,
    SearchSpace,
    make_predictor,
    train_encoder,
)
from gemcore.listed_space import draw_places, read_space
from gemcore.philox import Stream
from gemcore.plain_config import to_plain

SPACE = SearchSpace(num_nodes=5, ops=("conv1x1", "conv3x3"), has_output=True)
TINY = EncoderConfig(
    embedding_dim=4,
    hidden_dims=(8,),
    decoder_dims=(8,),
    num_steps=1,
    batch_size=8,
    validation_pairs=8,
    report_pairs=8,
)
CELLS = SPACE.sample(7, seed=1)


def test_it_is_a_space_over_the_cells() -> None:
    space = ListedSpace(CELLS)
    assert isinstance(space, SearchSpace)
    assert (space.num_nodes, space.ops, space.has_output) == (5, ("conv1x1", "conv3x3"), True)
    assert space.op_names == SPACE.op_names
    assert space.num_cells == 7
    assert space.cells == CELLS
    assert ListedSpace(SearchSpace(num_nodes=3).sample(1)).has_output is False


def test_equal_lists_are_equal_spaces() -> None:
    space = ListedSpace(CELLS)
    renamed = CELLS.with_op_names(("output", "conv3x3", "unused", "conv1x1", "input"))
    assert ListedSpace(renamed) != space  # One more operation.
    renamed = CELLS.with_op_names(("output", "conv1x1", "conv3x3", "input"))
    assert ListedSpace(renamed) == space
    assert hash(ListedSpace(renamed)) == hash(space)
    assert ListedSpace(CELLS[::-1]) != space
    assert ListedSpace(CELLS[:6]) != space
    assert space != SPACE


@pytest.mark.parametrize("num_cells", [0, 1, 2, 101])
def test_a_draw_depends_on_seed_and_index_alone(num_cells: int) -> None:
    space = ListedSpace(CELLS)
    whole = space.sample(num_cells, seed=5, start=10)
    parts = [space.sample(1, seed=5, start=10 + i) for i in range(num_cells)]
    assert list(whole) == [cell for part in parts for cell in part]
    assert space.sample(100, seed=6) != space.sample(100, seed=5)
    assert all(cell in set(CELLS) for cell in whole)


def test_the_definition_of_a_draw() -> None:
    """Word by word, in Python's integers."""
    key = np.array([3, int(Stream.LISTED_CELLS)], dtype=np.uint64)
    words = np.random.Philox(key=key).random_raw(40).tolist()
    for number in (1, 2, 7, 423_624, 2**32):
        wanted = [word * number >> 64 for word in words]
        assert draw_places(number, 40, seed=3, start=0).tolist() == wanted
        assert draw_places(number, 30, seed=3, start=9).tolist() == wanted[9:39]


def test_draws_are_uniform() -> None:
    places = draw_places(7, 70_000, seed=0, start=0)
    counts = np.array([Counter(places.tolist())[i] for i in range(7)])
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 22.5  # Chi-squared, 6 degrees: p = .001.


def test_large_seeds_and_starts() -> None:
    space = ListedSpace(CELLS)
    assert len(space.sample(3, seed=2**64 - 1, start=2**64 - 1)) == 3
    for wrong in ({"seed": -1}, {"start": 2**64}, {"num_cells": -1}, {"device": "tpu"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            space.sample(**{"num_cells": 1, **wrong})  # type: ignore[call-overload]


def test_plain_form_and_back() -> None:
    space = ListedSpace(CELLS)
    plain = to_plain(space)
    assert list(plain) == ["num_nodes", "ops", "has_output", "num_cells", "fingerprint"]
    again = read_space(plain)
    assert again == space
    with pytest.raises(RuntimeError, match="the 7 listed cells are not in this file: give the tab"):
        again.sample(1)
    assert read_space(to_plain(SPACE)) == SPACE
    with pytest.raises(ValueError, match=r"space\.fingerprnt: unknown key"):
        read_space({"fingerprnt": "x"})
    with pytest.raises(TypeError, match=r"space\.num_cells must be an integer"):
        read_space({**plain, "num_cells": "7"})


def test_pickled_as_any_space() -> None:
    space = ListedSpace(CELLS)
    assert pickle.loads(pickle.dumps(space)).sample(9) == space.sample(9)


def test_operations_need_not_be_registered() -> None:
    cells = CellBatch.from_cells([Cell(("input", "unheard_of"), ((0, 1),))])
    assert ListedSpace(cells).ops == ("unheard_of",)


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match="cells must be of type CellBatch, got SimpleNamespace"):
        ListedSpace(SimpleNamespace())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cells must hold at least one cell, got an empty batch"):
        ListedSpace(CELLS[:0])
    with pytest.raises(ValueError, match="cells must have the operation 'input', got a, b"):
        ListedSpace(CellBatch.from_cells([Cell(("a", "b"))]))
    with pytest.raises(TypeError, match="operations named by strings, got 3"):
        ListedSpace(CellBatch.from_cells([Cell(("input", 3))]))
    with pytest.raises(TypeError, match="space must be one that the native sampler draws"):
        ListedSpace(CELLS).native()


def test_pairs_encoder_and_predictor_take_it() -> None:
    cells: Any = SearchSpace(num_nodes=5).sample(50)
    space = ListedSpace(cells)
    # As from the cells themselves: so a GPU and a CPU draw the same.
    stream, twin = (PairStream(source, batch_size=9, seed=2) for source in (space, cells))
    one, other = next(iter(stream)), next(iter(twin))
    assert (one.cells_a, one.cells_b) == (other.cells_a, other.cells_b)
    encoder = train_encoder(space, TINY)
    assert encoder.encode(cells).shape == (50, 4)
    make_predictor("paper", space, embedding="adjacency")
    make_predictor("default", space, encoder=encoder)


def test_an_encoder_of_a_list_is_saved(tmp_path: Any) -> None:
    space = ListedSpace(SearchSpace(num_nodes=5).sample(50))
    encoder = train_encoder(space, TINY)
    encoder.save(tmp_path / "e")
    again = type(encoder).load(tmp_path / "e")
    assert again.space == space
    assert (again.encode(space.cells) == encoder.encode(space.cells)).all()
