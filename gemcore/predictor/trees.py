"""Trees on the features of the graph: steps, where a Gaussian process sees slopes."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from gemcore.atomic_files import read_tensors, write_document, write_tensors
from gemcore.cell_batch import CellBatch
from gemcore.feature_scale import FeatureScale, prune_for
from gemcore.philox import Stream, derived_seed, numpy_generator
from gemcore.predictor.constant import DOCUMENT, VERSION
from gemcore.predictor.in_parts import predict_parts
from gemcore.predictor.one_thread import one_openmp_thread
from gemcore.predictor.protocol import check_scores, require_fitted
from gemcore.predictor.ranks import RankScale

KINDS = ("extra_trees", "gradient_boosting")
NUM_BOOSTED = 3
BOOSTING: dict[str, Any] = {
    "max_iter": 100,
    "learning_rate": 0.1,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 5,
    "max_features": 0.3,  # Of the features at each split: what makes the members differ.
    "early_stopping": False,
}
FOREST: dict[str, Any] = {
    "n_estimators": 100,
    "min_samples_leaf": 2,
    "max_features": 0.5,
}
NUM_FOLDS = 4
PART = 1536  # Cells whose features stay in a cache while all trees look at them.


class TreesPredictor:
    """Fits trees to the ranks of the scores: a hundred random ones, or three boosted ensembles.

    The prediction is their mean, its standard deviation their spread.

    Args:
        kind: ``"extra_trees"`` or ``"gradient_boosting"``.
        scale: Describes cells by their features.
        seed: Of the features that splits may use.

    Source: scikit-learn (Geurts et al., "Extremely randomized trees", 2006; Ke et al., "LightGBM",
    NeurIPS 2017).
    """

    def __init__(self, kind: str, scale: FeatureScale, *, seed: int = 0) -> None:
        self.name = kind
        self.scale = scale
        self.seed = seed
        self._ranks = RankScale.of([0.0])
        self._learned: tuple[NDArray[np.float32], NDArray[np.float64]] | None = None
        self._members: list[Any] = []

    def fit(self, cells: CellBatch, scores: ArrayLike, *, fine_tune: bool = False) -> Self:
        """Learns from cells and their scores; trees have no fine-tuning, they start afresh."""
        values = check_scores(cells, scores)
        self._ranks = RankScale.of(values)
        return self._grow(self._features(cells), self._ranks.to_ranks(values))

    def predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation over the members, float64 ``[B]`` each."""
        return self._ranks.to_scores(*self.predict_ranks(cells))

    def predict_ranks(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The same on the scale of :class:`RankScale`."""
        require_fitted(self._learned is not None)
        if len(cells) == 0:
            return np.zeros(0), np.zeros(0)
        ranks = np.concatenate(predict_parts(self._predict_part, cells, PART), axis=1)
        return ranks.mean(axis=0), ranks.std(axis=0)

    def left_out_ranks(self) -> NDArray[np.float64] | None:
        """What a member that did not see a known cell says of it, if there are four cells."""
        assert self._learned is not None
        features, targets = self._learned
        if len(targets) < NUM_FOLDS:
            return None
        generator = numpy_generator(self.seed, Stream.PREDICTOR_BATCHES, 1)
        fold = generator.permutation(len(targets)) % NUM_FOLDS
        ranks = np.empty(len(targets))
        with one_openmp_thread():
            for i in range(NUM_FOLDS):
                member = self._new_member(0).fit(features[fold != i], targets[fold != i])
                ranks[fold == i] = member.predict(features[fold == i])
        return ranks

    def save(self, directory: str | Path) -> None:
        """Writes what was learned from; trees are grown again from it, to the same bits."""
        require_fitted(self._learned is not None)
        assert self._learned is not None
        directory = Path(directory)
        features, targets = self._learned
        tensors = self.scale.to_tensors() | {
            "features": torch.from_numpy(features),
            "targets": torch.from_numpy(targets),
            "ranks": torch.from_numpy(self._ranks.ranks),
            "scores": torch.from_numpy(self._ranks.scores),
        }
        write_tensors(directory / "predictor.safetensors", tensors)
        content = {"name": self.name, "seed": self.seed, "op_names": list(self.scale.op_names)}
        path = directory / "predictor.json"
        write_document(path, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, directory: Path, content: dict[str, Any]) -> Self:
        """The predictor of a saved document and the tensors beside it."""
        tensors = read_tensors(directory / "predictor.safetensors")
        scale = FeatureScale.from_tensors(tensors, tuple(content["op_names"]))
        predictor = cls(content["name"], scale, seed=int(content["seed"]))
        predictor._ranks = RankScale(tensors["ranks"].numpy(), tensors["scores"].numpy())
        return predictor._grow(tensors["features"].numpy(), tensors["targets"].numpy())

    def _predict_part(self, cells: CellBatch) -> NDArray[np.float64]:
        """What each member says of some cells, float64 ``[M, B]``."""
        features = self._features(cells)
        with one_openmp_thread():
            return np.stack([member.predict(features) for member in self._members])

    def _features(self, cells: CellBatch) -> NDArray[np.float32]:
        # Trees of scikit-learn split in single precision, and copy what is not.
        pruned = prune_for(cells, self.scale.op_names)
        return self.scale.features(pruned).numpy().astype(np.float32)

    def _grow(self, features: NDArray[np.float32], targets: NDArray[np.float64]) -> Self:
        self._learned = features, targets
        num_members = NUM_BOOSTED if self.name == "gradient_boosting" else 1
        with one_openmp_thread():
            self._members = [self._new_member(i).fit(features, targets) for i in range(num_members)]
        if self.name == "extra_trees":
            self._members = list(self._members[0].estimators_)
        return self

    def _new_member(self, index: int) -> Any:
        # Late: scikit-learn takes half a second to import.
        from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor

        seed = derived_seed(self.seed, Stream.PREDICTOR_WEIGHTS, index) % 2**32
        if self.name == "extra_trees":
            return ExtraTreesRegressor(random_state=seed, **FOREST)
        return HistGradientBoostingRegressor(random_state=seed, **BOOSTING)
