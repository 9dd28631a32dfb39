"""gemcore.tables.synthetic: different cells, numbers that can be worked out by hand."""

import numpy as np
import pytest

from gemcore import Cell, CellBatch, SearchSpace, nasbench101_cost, prune
from gemcore.tables import synthesis, synthetic


@pytest.mark.parametrize("number", [1, 2, 500])
def test_cells_of_the_space_that_all_differ(number: int) -> None:
    table = synthetic(number, seed=7)
    assert len(table) == number
    assert table.cells.op_names == SearchSpace.preset("nasbench101").op_names
    assert table.lookup(table.cells).tolist() == list(range(number))
    assert table.cells == prune(table.cells, to_output=True)
    assert table.cells.num_edges.max() <= 9
    macs, params = nasbench101_cost(table.cells)
    assert table.macs is not None
    assert table.params is not None
    assert (table.macs == macs).all()
    assert (table.params == params).all()


def test_a_larger_table_begins_with_a_smaller() -> None:
    small, large = synthetic(100, seed=2), synthetic(700, seed=2)
    assert small.cells == large.cells[:100]
    for name, column in small.metrics.items():
        assert (column == large.metrics[name][:100]).all()
    assert synthetic(100, seed=3).fingerprint != small.fingerprint
    assert synthetic(100, seed=2).fingerprint == small.fingerprint


def test_the_formula() -> None:
    chain = Cell(("input", "conv3x3", "maxpool3x3", "output"), ((0, 1), (1, 2), (2, 3)))
    skip = Cell(("input", "conv1x1", "output"), ((0, 1), (0, 2), (1, 2)))
    cells = CellBatch.from_cells([chain, skip], SearchSpace.preset("nasbench101").op_names)
    # .8 - .5 + .6 * 3 + .2 * 3 - 3 = -.3, and .6 * 2 + .2 * 3 + .7 - 3 = -.5.
    wanted = [0.9 - 0.05 * 0.3 / 1.3, 0.9 - 0.05 * 0.5 / 1.5]
    found = synthesis._expected_accuracy(cells)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_the_noise() -> None:
    table = synthetic(5000, seed=0)
    expected = table.metrics["expected_accuracy"]
    noise = np.stack([table.metrics[n] - expected for n in ("accuracy", "validation_accuracy")])
    np.testing.assert_allclose(noise.std(axis=1), 0.003, rtol=0.05)
    assert np.abs(noise.mean(axis=1)).max() < 5 * 0.003 / 5000**0.5
    assert abs(np.asarray(np.corrcoef(noise))[0, 1]) < 0.07
    assert 0.01 < expected.std() < 0.03
    assert 0.3 < table.tuning.mean() < 0.37


def test_what_is_refused() -> None:
    for wrong in (0, 20_001):
        with pytest.raises(ValueError, match=rf"num_cells must be in 1 \.\. 20000, got {wrong}"):
            synthetic(wrong)
    with pytest.raises(ValueError, match="seed must be in 0"):
        synthetic(1, seed=-1)
