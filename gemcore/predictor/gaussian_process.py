"""A Gaussian process over cells: the member of the default predictor that knows most from least."""

import math
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from gemcore.atomic_files import read_tensors, write_document, write_tensors
from gemcore.cell_batch import CellBatch
from gemcore.feature_scale import FeatureScale
from gemcore.philox import Stream, numpy_generator
from gemcore.predictor.cell_kernel import CellKernel, Described, Fixed, fixed_parts
from gemcore.predictor.constant import DOCUMENT, VERSION
from gemcore.predictor.in_parts import predict_parts
from gemcore.predictor.one_thread import one_torch_thread
from gemcore.predictor.protocol import check_scores, require_fitted
from gemcore.predictor.ranks import RankScale

NUM_STEPS = 60
LEARNING_RATE = 0.05
MOST_LEARNED_FROM = (
    600  # Cells that the kernel is learned from; all of them are then conditioned on.
)
ENTRIES_AT_ONCE = 2**18  # Covariances of cells to predict that fit into a cache together.
FEWEST_AT_ONCE = 64
JITTER = 1e-8


class GaussianProcessPredictor:
    r"""Conditions a Gaussian process on the ranks of the scores.

    The kernel (:class:`CellKernel`) is learned by ascent of the marginal likelihood,

    .. math:: -\tfrac12 t^\top (K + \sigma^2 I)^{-1} t - \tfrac12 \log |K + \sigma^2 I|

    with a prior on its logarithms, so that a dozen labelled cells can't bend it. The prediction of
    a cell x is :math:`k_x^\top (K + \sigma^2 I)^{-1} t`, mapped back from ranks to scores; the
    standard deviation is that of the expected score, without the noise of a single training run.

    Args:
        scale: Brings features to mean 0 and spread 1 over the space.
        seed: Of the choice of cells that the kernel is learned from, where there are very many.

    Source: Rasmussen and Williams 2006, algorithm 2.1 and section 5.4.
    """

    name = "gaussian_process"

    def __init__(self, scale: FeatureScale, *, seed: int = 0) -> None:
        self.scale = scale
        self.seed = seed
        self._known: Described | None = None
        self._ranks = RankScale.of([0.0])
        self._kernel: CellKernel | None = None
        self._factor: Tensor | None = None  # Cholesky factor of K + noise.
        self._weights: Tensor | None = None  # (K + noise)^-1 t
        self._targets: Tensor | None = None

    def fit(self, cells: CellBatch, scores: ArrayLike, *, fine_tune: bool = False) -> Self:
        """Learns from cells and their scores; see :class:`gemcore.Predictor`.

        With ``fine_tune`` the kernel of the fit before is kept, and only the cells are new.
        """
        values = check_scores(cells, scores)
        self._ranks = RankScale.of(values)
        self._known = Described.of(cells, self.scale)
        with one_torch_thread():
            targets = torch.from_numpy(self._ranks.to_ranks(values))
            if self._kernel is None or not fine_tune:
                self._kernel = self._learn(self._known, targets)
            self._condition(targets)
        return self

    def predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation of the expected score, float64 ``[B]`` each."""
        return self._ranks.to_scores(*self.predict_ranks(cells))

    def predict_ranks(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The same on the scale of :class:`RankScale`."""
        require_fitted(self._known is not None)
        assert self._known is not None
        size = max(FEWEST_AT_ONCE, ENTRIES_AT_ONCE // len(self._known.cells))
        parts = predict_parts(self._predict, cells, size)
        means, variances = zip(*parts, strict=True) if parts else ((), ())
        mean = np.concatenate([np.zeros(0), *means])
        return mean, np.sqrt(np.concatenate([np.zeros(0), *variances]))

    def left_out_ranks(self) -> NDArray[np.float64]:
        """Rank of each known cell, predicted from all the others."""
        return self.leave_one_out()[0]

    def leave_one_out(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rank and standard deviation, noise included, of each known cell from all the others.

        The kernel is the one that was learned from all of them (Rasmussen and Williams eq. 5.12).
        """
        assert self._factor is not None
        assert self._weights is not None
        assert self._targets is not None
        with one_torch_thread():
            precision = torch.cholesky_inverse(self._factor).diagonal()
            mean = self._targets - self._weights / precision
        return mean.numpy(), precision.rsqrt().numpy()

    @property
    def noise(self) -> float:
        """Standard deviation of the noise of a score, on the scale of the ranks."""
        assert self._kernel is not None
        return math.sqrt(float(self._kernel.noise))

    def save(self, directory: str | Path) -> None:
        """Writes ``predictor.json``, and kernel, cells and ranks as ``predictor.safetensors``."""
        require_fitted(self._known is not None)
        assert self._known is not None
        assert self._kernel is not None
        assert self._targets is not None
        directory = Path(directory)
        cells = self._known.cells
        tensors = {f"kernel.{name}": value for name, value in self._kernel.logs.items()}
        tensors |= self.scale.to_tensors()
        tensors |= {
            "adjacency": torch.tensor(cells.adjacency.view(np.int64)),
            "ops": torch.tensor(cells.ops),
            "sizes": torch.from_numpy(cells.sizes.astype(np.int64)),
            "ranks": torch.from_numpy(self._ranks.ranks),
            "scores": torch.from_numpy(self._ranks.scores),
            "targets": self._targets,
        }
        write_tensors(directory / "predictor.safetensors", tensors)
        content = {"name": self.name, "seed": self.seed, "op_names": list(self.scale.op_names)}
        path = directory / "predictor.json"
        write_document(path, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, directory: Path, content: dict[str, Any]) -> Self:
        """The predictor of a saved document and the tensors beside it."""
        tensors = read_tensors(directory / "predictor.safetensors")
        names = tuple(content["op_names"])
        predictor = cls(FeatureScale.from_tensors(tensors, names), seed=int(content["seed"]))
        cells = CellBatch.from_native(
            tensors["adjacency"].numpy().view(np.uint64),
            tensors["ops"].numpy(),
            tensors["sizes"].numpy().astype(np.uint16),
            names,
        )
        predictor._known = Described.of(cells, predictor.scale)
        predictor._ranks = RankScale(tensors["ranks"].numpy(), tensors["scores"].numpy())
        logs = {n.removeprefix("kernel."): t for n, t in tensors.items() if n.startswith("kernel.")}
        predictor._kernel = CellKernel(logs)
        with one_torch_thread():
            predictor._condition(tensors["targets"])
        return predictor

    def _learn(self, known: Described, targets: Tensor) -> CellKernel:
        """The kernel of the highest posterior density, found by Adam."""
        if len(targets) > MOST_LEARNED_FROM:
            generator = numpy_generator(self.seed, Stream.PREDICTOR_BATCHES)
            chosen = np.sort(generator.permutation(len(targets))[:MOST_LEARNED_FROM])
            known, targets = known.only(chosen), targets[torch.from_numpy(chosen)]
        expected = CellKernel.initial(known.features.shape[1])
        kernel = CellKernel(
            {n: v.detach().clone().requires_grad_() for n, v in expected.logs.items()}
        )
        optimizer = torch.optim.Adam(kernel.logs.values(), lr=LEARNING_RATE)
        fixed = fixed_parts(known, known)
        with torch.enable_grad():
            for _ in range(NUM_STEPS):
                optimizer.zero_grad()
                loss = _surprise(kernel, known, targets, fixed) + kernel.prior(expected)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        return CellKernel({name: value.detach() for name, value in kernel.logs.items()})

    def _condition(self, targets: Tensor) -> None:
        assert self._kernel is not None
        assert self._known is not None
        self._factor = _factor(self._kernel, self._kernel.between(self._known, self._known))
        self._targets = targets
        self._weights = torch.cholesky_solve(targets[:, None], self._factor)[:, 0]

    @torch.inference_mode()
    def _predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        assert self._kernel is not None
        assert self._known is not None
        assert self._factor is not None
        assert self._weights is not None
        asked = Described.of(cells, self.scale)
        covariance = self._kernel.between(asked, self._known)
        mean = covariance @ self._weights
        explained = torch.linalg.solve_triangular(self._factor, covariance.T, upper=False)
        variance = self._kernel.diagonal(asked) - explained.square().sum(dim=0)
        return mean.numpy(), variance.clamp(min=0).numpy()


def _factor(kernel: CellKernel, covariance: Tensor) -> Tensor:
    eye = torch.eye(len(covariance), dtype=torch.float64)
    factor: Tensor = torch.linalg.cholesky(covariance + (kernel.noise + JITTER) * eye)
    return factor


def _surprise(kernel: CellKernel, known: Described, targets: Tensor, fixed: Fixed) -> Tensor:
    """Negative logarithm of the marginal likelihood, up to a constant."""
    factor = _factor(kernel, kernel.between(known, known, fixed))
    weights = torch.cholesky_solve(targets[:, None], factor)[:, 0]
    return 0.5 * targets @ weights + factor.diagonal().log().sum()
