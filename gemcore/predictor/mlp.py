"""The paper's predictor P, and an ensemble of it: ReLU networks on an embedding of the cells."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from gemcore.atomic_files import read_tensors, write_document, write_tensors
from gemcore.cell_batch import CellBatch
from gemcore.embedding.protocol import Embedding
from gemcore.predictor.config import PredictorConfig
from gemcore.predictor.constant import DOCUMENT, VERSION
from gemcore.predictor.fitting import fit_members
from gemcore.predictor.members import Members
from gemcore.predictor.one_thread import one_torch_thread
from gemcore.predictor.protocol import check_scores, require_fitted
from gemcore.predictor.ranks import RankScale


class MLPPredictor:
    r"""Predicts a score as the mean of M networks on the cell's embedding (R-14).

    .. math::
        P(A) = \mu + \sigma \frac{1}{M} \sum_m f_m(E(A))

    with the mean and standard deviation of the scores it was fitted to; the standard deviation of
    a prediction is the spread of its members, 0 for a single one. Fitted to ranks
    (``config.targets``), these are those of the ranks, and what comes out is mapped back to scores
    (:class:`RankScale`). If all scores are equal, that score is predicted for every cell, with
    standard deviation 0.

    Args:
        embedding: Maps cells to vectors.
        config: Shape and fitting of the members.
        name: Under which :func:`make_predictor` makes it.
        seed: Of the first weights and of the order of the data.
    """

    def __init__(
        self, embedding: Embedding, config: PredictorConfig, *, name: str, seed: int
    ) -> None:
        self.embedding = embedding
        self.config = config
        self.name = name
        self.seed = seed
        self._members: Members | None = None
        self._scale = (0.0, 0.0)  # Mean and standard deviation of the targets.
        self._ranks: RankScale | None = None  # From ranks to scores, where ranks are the targets.
        self._input_scale: Tensor | None = None  # [2, d]: mean, standard deviation of inputs.

    def fit(self, cells: CellBatch, scores: ArrayLike, *, fine_tune: bool = False) -> Self:
        """Learns from cells and their scores; see :class:`Predictor`.

        Raises:
            ValueError: If a score is not finite, there is none, or numbers disagree.
        """
        values = check_scores(cells, scores)
        inputs = self.embedding.embed(cells)
        self._ranks = None
        are_equal = bool(np.ptp(values) == 0)
        if self.config.targets == "ranks" and not are_equal:
            self._ranks = RankScale.of(values)
            values = self._ranks.to_ranks(values)
        # The standard deviation of equal numbers is not always 0 to the last bit.
        mean, std = float(values.mean()), 0.0 if are_equal else float(values.std())
        goes_on = fine_tune and self._members is not None
        if not goes_on:
            self._input_scale = _input_scale(inputs)
            self._members = Members.initial(inputs.shape[1], self.config, seed=self.seed)
        self._scale = (mean, std)
        if std > 0:
            assert self._members is not None
            targets = torch.from_numpy((values - mean) / std).float()
            epochs = self.config.fine_tune_epochs if goes_on else self.config.epochs
            rows = self._scaled(inputs)
            with one_torch_thread():
                fit_members(
                    self._members, rows, targets, self.config, epochs=epochs, seed=self.seed
                )
        return self

    def predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation over the members, float64 ``[B]`` each."""
        require_fitted(self._members is not None)
        assert self._members is not None
        mean, std = self._scale
        if len(cells) == 0 or std == 0:
            return np.full(len(cells), mean), np.zeros(len(cells))
        inputs = self._scaled(self.embedding.embed(cells))
        with one_torch_thread():
            outputs = self._members.predict(inputs).double().numpy()
        predicted, spread = mean + std * outputs.mean(axis=0), std * outputs.std(axis=0)
        return self._ranks.to_scores(predicted, spread) if self._ranks else (predicted, spread)

    def lipschitz_bound(self) -> float:
        r"""A bound K of how fast the predicted score changes with the embedding (eqs. 6-13).

        .. math::
            |P(x) - P(x')| \le K |x - x'|, \qquad
            \operatorname{Var} P(X) \le K^2 \, \operatorname{E} |X - \operatorname{E} X|^2

        for any two embeddings x, x', and any distribution of the embedding X. K is the mean over
        members of the product of the spectral norms of their layers, times the scales of inputs
        and targets and, where ranks are the targets, the steepest part of the map to scores.

        A small K alone says nothing: a predictor that tells no cell from another has K = 0.

        Returns:
            Units of the score per unit of the embedding; 0 if all scores were equal.

        Source: Cheng et al., "NASGEM", AAAI 2021, section 3.2.
        """
        require_fitted(self._members is not None)
        assert self._members is not None
        assert self._input_scale is not None
        if self._scale[1] == 0:
            return 0.0
        inner = self._members.lipschitz_bounds().mean() / self._input_scale[1].double().min()
        steepest = self._ranks.steepest() if self._ranks else 1.0
        return self._scale[1] * float(inner) * steepest

    def save(self, directory: str | Path) -> None:
        """Writes ``predictor.json``, ``predictor.safetensors`` and the encoder, if there is one."""
        require_fitted(self._members is not None)
        assert self._members is not None
        assert self._input_scale is not None
        directory = Path(directory)
        self.embedding.save(directory / "embedding")
        tensors = self._members.to_tensors() | {"input_scale": self._input_scale}
        if self._ranks is not None:
            tensors["ranks"] = torch.from_numpy(self._ranks.ranks)
            tensors["scores"] = torch.from_numpy(self._ranks.scores)
        write_tensors(directory / "predictor.safetensors", tensors)
        content: dict[str, Any] = {
            "name": self.name,
            "embedding": self.embedding.name,
            "seed": self.seed,
            "config": asdict(self.config),
            "score_mean": self._scale[0],
            "score_std": self._scale[1],
        }
        path = directory / "predictor.json"
        write_document(path, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, directory: Path, content: dict[str, Any], embedding: Embedding) -> Self:
        """The predictor of a saved document and the tensors beside it."""
        config = PredictorConfig(
            **{**content["config"], "hidden": tuple(content["config"]["hidden"])}
        )
        predictor = cls(embedding, config, name=content["name"], seed=int(content["seed"]))
        tensors = read_tensors(directory / "predictor.safetensors")
        predictor._input_scale = tensors.pop("input_scale")
        if "ranks" in tensors:
            ranks, scores = tensors.pop("ranks"), tensors.pop("scores")
            predictor._ranks = RankScale(ranks.numpy(), scores.numpy())
        predictor._members = Members.from_tensors(tensors)
        predictor._scale = (float(content["score_mean"]), float(content["score_std"]))
        return predictor

    def _scaled(self, inputs: Tensor) -> Tensor:
        assert self._input_scale is not None
        return (inputs - self._input_scale[0]) / self._input_scale[1]


def _input_scale(inputs: Tensor) -> Tensor:
    """Mean of each input and one spread for all of them, float32 ``[2, d]``.

    One spread, since a direction in which the few labelled cells hardly differ would otherwise be
    blown up; 1 where all cells are alike.
    """
    mean = inputs.double().mean(dim=0)
    spread = (inputs.double() - mean).square().mean().sqrt()
    if not spread > 0:
        spread = torch.ones_like(spread)
    return torch.stack([mean, spread.expand_as(mean)]).float()
