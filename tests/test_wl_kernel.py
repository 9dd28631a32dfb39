"""WLKernel: wl_gram in scikit-learn's clothes."""

import pickle
import subprocess
import sys
from typing import Any

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.utils import Tags
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import validate_data

import gemcore
from gemcore import Cell, CellBatch, SearchSpace, WLKernel, wl_gram

SPACE = SearchSpace(num_nodes=8, ops=("conv1x1", "conv3x3"), edge_prob=0.4)


@pytest.mark.parametrize("direction", ["in_out", "out", "in", "undirected"])
def test_fit_on_a_part_gives_the_block_of_the_whole(direction: str) -> None:
    cells = SPACE.sample(30)
    whole = wl_gram(cells, direction=direction)
    kernel = WLKernel(direction=direction)
    np.testing.assert_array_equal(kernel.fit_transform(cells), whole)
    np.testing.assert_array_equal(kernel.fit_transform(cells[:20]), whole[:20, :20])
    for _ in range(2):
        np.testing.assert_array_equal(kernel.transform(cells[20:]), whole[20:, :20])
    rows = [kernel.transform(cells[i : i + 1]) for i in range(30)]
    np.testing.assert_array_equal(np.concatenate(rows), whole[:, :20])


def test_all_parameters_arrive() -> None:
    cells = SPACE.sample(10)
    weights = [1, 0.5, 0.25]
    kernel = WLKernel(
        n_iter=2, direction="out", normalize=False, round_weights=weights, labels="degree"
    )
    expected = wl_gram(
        cells, n_iter=2, direction="out", normalize=False, round_weights=weights, labels="degree"
    )
    np.testing.assert_array_equal(kernel.fit_transform(cells), expected)
    assert clone(kernel).get_params() == kernel.get_params()


def test_takes_cells_and_networkx_graphs() -> None:
    cells = SPACE.sample(6)
    graphs = [cell.to_networkx() for cell in cells]
    expected = wl_gram(cells)
    for data in (list(cells), graphs, tuple(graphs), iter(graphs), [cells[0], *graphs[1:]]):
        np.testing.assert_array_equal(WLKernel().fit_transform(data), expected)
    np.testing.assert_array_equal(WLKernel().fit(cells).transform(graphs), expected)


def test_undirected_graphs_with_cycles_of_any_labels() -> None:
    ring, star = nx.cycle_graph(4), nx.star_graph(3)
    for graph in (ring, star):
        nx.set_node_attributes(graph, ("atom", 6), "op")
    kernel = WLKernel(n_iter=1, direction="undirected", normalize=False)
    # 16 pairs of atoms; degrees 2, 2, 2, 2 against 3, 1, 1, 1.
    assert kernel.fit_transform([ring, star]).tolist() == [[32, 16], [16, 26]]


def test_graphs_without_labels() -> None:
    graphs = [nx.path_graph(3, create_using=nx.DiGraph), nx.DiGraph([(0, 1), (0, 2)])]
    for labels in ("degree", "uniform"):
        kernel = WLKernel(n_iter=0, labels=labels, normalize=False)
        assert kernel.fit_transform(graphs)[0, 1] == {"degree": 2, "uniform": 9}[labels]
    assert "op" not in graphs[0].nodes[0]  # The user's graphs are left as they were.
    with pytest.raises(ValueError, match=r"graph 0 of X: must have the attribute 'op'"):
        WLKernel().fit(graphs)


def test_unseen_labels_match_nothing_but_count() -> None:
    seen, partly, new = (CellBatch.from_cells([Cell(tuple(ops))]) for ops in ("aa", "ab", "bc"))
    kernel = WLKernel(n_iter=0).fit(seen)
    assert kernel.transform(partly) == 2 / np.sqrt(2 * 4)
    assert kernel.transform(new) == 0


@pytest.mark.parametrize("as_list", [False, True])
def test_cross_validates_in_a_pipeline(as_list: bool) -> None:
    cells = SPACE.sample(60)
    targets = cells.num_edges > np.median(cells.num_edges)
    pipeline = make_pipeline(WLKernel(n_iter=1, labels="degree"), SVC(kernel="precomputed"))
    data = [cell.to_networkx() for cell in cells] if as_list else cells
    assert cross_val_score(pipeline, data, targets, cv=3).mean() > 0.8


def test_pickles_and_names_its_columns() -> None:
    cells = SPACE.sample(4)
    kernel = WLKernel().fit(cells[:2])
    twin = pickle.loads(pickle.dumps(kernel))
    np.testing.assert_array_equal(twin.transform(cells), kernel.transform(cells))
    assert kernel.get_feature_names_out().tolist() == ["wlkernel0", "wlkernel1"]


def test_scikit_learn_is_imported_when_the_kernel_is() -> None:
    code = """
import sys, gemcore
assert "WLKernel" in gemcore.__all__ and "sklearn" not in sys.modules
assert gemcore.WLKernel is __import__("gemcore.wl_kernel").wl_kernel.WLKernel
"""
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
    with pytest.raises(AttributeError, match="module 'gemcore' has no attribute 'WLKernels'"):
        gemcore.WLKernels  # noqa: B018


CYCLE = nx.DiGraph([(0, 1), (1, 0)])
nx.set_node_attributes(CYCLE, "a", "op")


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([], ValueError, "X must hold at least one graph, got none"),
        (3, TypeError, r"X must be a CellBatch or a sequence of graphs \(.*\), got int 3"),
        ("graphs", TypeError, "X must be a CellBatch or a sequence of .* got str 'graphs'"),
        (nx.DiGraph(), TypeError, "X must be a CellBatch or a sequence of .* got DiGraph"),
        ([1.5], TypeError, r"graph 0 of X: must be a Cell, a networkx graph or .* got float 1\.5"),
        (
            [nx.path_graph(2)],
            ValueError,
            "graph 0 of X: direction must be 'undirected' for undirected graphs, got 'in_out'",
        ),
        ([Cell(("a",)), CYCLE], ValueError, "graph 1 of X: edges must not close a cycle"),
    ],
)
def test_rejects_what_is_no_graph(data: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        WLKernel().fit(data)


def test_rejects_bad_parameters_in_fit_and_use_before_fit() -> None:
    cells = SPACE.sample(2)
    with pytest.raises(ValueError, match="n_iter must be in 0"):
        WLKernel(n_iter=-1).fit(cells)
    with pytest.raises(ValueError, match=r"length n_iter \+ 1 = 4, got 1"):
        WLKernel(round_weights=[1]).fit(cells)
    with pytest.raises(NotFittedError, match="WLKernel instance is not fitted yet"):
        WLKernel().transform(cells)


class RowsAsPaths(WLKernel):
    """Reads each row of a matrix as a path whose labels are the signs of its numbers."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags

    def fit(self, X: Any, y: object = None) -> "RowsAsPaths":
        validate_data(self, X)
        return super().fit(X)

    def transform(self, X: Any) -> NDArray[Any]:
        return super().transform(X)

    def _read_graphs(self, X: Any) -> CellBatch:
        rows = validate_data(self, X, reset=False)
        chain = np.eye(rows.shape[1], k=1, dtype=np.uint8)
        signs = np.sign(rows).astype(int) + 1
        return CellBatch.from_dense(np.stack([chain] * len(rows)), signs, op_names=("-", "0", "+"))


def test_keeps_scikit_learns_contract() -> None:
    # Its checks feed matrices of numbers and so skip WLKernel; they are run on the same estimator
    # behind a reader of matrices. Not applicable: check_array_api_input, which skips itself.
    with pytest.warns(SkipTestWarning, match="Can't test estimator WLKernel which requires input"):
        check_estimator(WLKernel())
    results = check_estimator(RowsAsPaths(), on_fail=None, on_skip=None)
    bad = {r["check_name"]: r["exception"] for r in results if r["status"] != "passed"}
    assert bad.keys() <= {"check_array_api_input"}, bad
    assert len(results) > 40
