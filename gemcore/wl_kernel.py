"""The Weisfeiler-Lehman kernel as a scikit-learn transformer."""

from typing import Any, Self

import networkx as nx  # noqa: F401 (doctests)
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from gemcore.cell_batch import CellBatch
from gemcore.graph_forms import Graphs, read_graphs
from gemcore.wl import wl_gram


class WLKernel(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]  # scikit-learn has no types.
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Similarities of graphs to those that were fitted, for any estimator of a precomputed kernel.

    The same numbers as :func:`gemcore.wl_gram`. Labels are matched by equality between ``fit`` and
    ``transform``; one that ``fit`` has not seen matches nothing, but counts in its graph's own
    kernel, which normalization divides by.

    Graphs are a :class:`gemcore.CellBatch`, or a sequence of graphs in any of the forms that
    :func:`gemcore.wl_gram` takes: networkx graphs, GraKeL's ``[edges, node_labels]``, ``Cell``.

    Args:
        n_iter: Rounds of refinement, 0 .. 16.
        direction: Neighbors that are read: ``"in_out"``, ``"out"``, ``"in"`` or ``"undirected"``.
        normalize: Whether to divide by sqrt(k(x, x) k(y, y)).
        round_weights: Weights of the rounds, ``[n_iter + 1]``, finite and >= 0; default 1.
        labels: Colors before the first round: ``"ops"``, ``"degree"`` or ``"uniform"``.

    Attributes:
        cells_: The fitted graphs, a CellBatch.

    Source:
        Shervashidze et al., "Weisfeiler-Lehman Graph Kernels", JMLR 12, 2011.

    Example:
        >>> chain = nx.DiGraph([(0, 1), (1, 2)])
        >>> fork = nx.DiGraph([(0, 1), (0, 2)])
        >>> kernel = WLKernel(n_iter=1, labels="uniform", normalize=False).fit([chain])
        >>> kernel.transform([chain, fork])
        array([[12],
               [11]])
    """

    def __init__(
        self,
        *,
        n_iter: int = 3,
        direction: str = "in_out",
        normalize: bool = True,
        round_weights: ArrayLike | None = None,
        labels: str = "ops",
    ) -> None:
        self.n_iter = n_iter
        self.direction = direction
        self.normalize = normalize
        self.round_weights = round_weights
        self.labels = labels

    def fit(self, X: Graphs, y: object = None) -> Self:
        """Keeps the graphs.

        Args:
            X: Graphs, at least one.
            y: Not used.

        Raises:
            TypeError: If ``X`` or a parameter is of the wrong kind.
            ValueError: If there is no graph, one is not acyclic, or a parameter is out of range.
        """
        cells = self._read_graphs(X)
        if len(cells) == 0:
            raise ValueError("X must hold at least one graph, got none")
        self._gram(cells[:1])  # Bad parameters are an error now, not at the first transform.
        self.cells_ = cells
        return self

    def transform(self, X: Graphs) -> NDArray[Any]:
        """Similarities of graphs to the fitted ones.

        Args:
            X: B graphs.

        Returns:
            ``[B, number of fitted graphs]``, of the dtype of :func:`gemcore.wl_gram`.

        Raises:
            TypeError: If ``X`` is of the wrong kind.
            ValueError: If a graph is not acyclic.
            sklearn.exceptions.NotFittedError: If nothing was fitted.
        """
        check_is_fitted(self)
        return self._gram(self._read_graphs(X), self.cells_)

    def fit_transform(self, X: Graphs, y: object = None) -> NDArray[Any]:
        """``fit(X).transform(X)`` at half the price: the symmetric matrix of similarities."""
        return self.fit(X)._gram(self.cells_)

    @property
    def _n_features_out(self) -> int:
        return len(self.cells_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False  # Graphs are no rows of numbers.
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _gram(self, cells: CellBatch, other: CellBatch | None = None) -> NDArray[Any]:
        return wl_gram(
            cells,
            other,
            n_iter=self.n_iter,
            direction=self.direction,
            normalize=self.normalize,
            round_weights=self.round_weights,
            labels=self.labels,
        )

    def _read_graphs(self, X: Graphs) -> CellBatch:
        return read_graphs("X", X, direction=self.direction, labels=self.labels)
