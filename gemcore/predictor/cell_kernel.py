"""How alike two cells are, as far as their scores go: the covariance of the Gaussian process."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gemcore.cell_batch import CellBatch
from gemcore.feature_scale import FeatureScale, prune_for
from gemcore.wl import wl_gram

WL_ROUNDS = (1, 2, 4)
PRIOR_SCALE = 0.5  # Spread of the logarithm of a feature's length scale.
WL_SHARE = math.exp(-1.5)  # What is expected of each WL kernel's part before scores are seen.


class Described(NamedTuple):
    """Pruned cells with their features at scale, float64 ``[B, F]``."""

    cells: CellBatch
    features: Tensor

    @classmethod
    def of(cls, cells: CellBatch, scale: FeatureScale) -> Self:
        """The cells as a kernel sees them."""
        pruned = prune_for(cells, scale.op_names)
        return cls(pruned, scale.features(pruned))

    def only(self, index: NDArray[np.integer]) -> "Described":
        """The cells of an index array."""
        return Described(self.cells[index], self.features[torch.from_numpy(index)])


class Fixed(NamedTuple):
    """What does not change while the kernel is learned, float64 ``[A, B]`` each."""

    linear: Tensor
    wl: tuple[Tensor, ...]


class CellKernel:
    r"""A sum of kernels on the features f of a cell and on its graph.

    .. math::
        k(x, y) = s_m\, m_{5/2}(\lVert (f_x - f_y) / \ell \rVert) + s_l \frac{f_x \cdot f_y}{F}
        + s_c + \sum_h w_h\, k_{WL}^{(h)}(x, y)

    with a length scale for each feature (automatic relevance determination), the Matern function

    .. math:: m_{5/2}(r) = (1 + \sqrt 5 r + 5 r^2 / 3) e^{-\sqrt 5 r},

    and normalized WL kernels of 1, 2 and 4 rounds. What the features know sets the course; the
    graphs' own kernel tells apart what the features hold for equal.

    Args:
        logs: Logarithms of the F length scales, of (s_m, s_l, s_c), of the WL weights and of the
            standard deviation of the noise, float64.

    Source: Rasmussen and Williams 2006, sections 4.2 and 5.1; Shervashidze et al. 2011.
    """

    def __init__(self, logs: dict[str, Tensor]) -> None:
        self.logs = logs

    @classmethod
    def initial(cls, num_features: int) -> Self:
        """What is expected before scores are seen."""
        expected = {
            "lengths": [0.5 * math.log(max(1, num_features))] * num_features,
            "sizes": [0.0, math.log(0.05), -1.0],
            "wl": [math.log(WL_SHARE)] * len(WL_ROUNDS),
            "noise": math.log(0.3),
        }
        return cls({n: torch.tensor(v, dtype=torch.float64) for n, v in expected.items()})

    @property
    def noise(self) -> Tensor:
        """Variance of what a score has that the cell does not explain."""
        return torch.exp(2 * self.logs["noise"])

    def prior(self, expected: "CellKernel") -> Tensor:
        """Negative logarithm of the density of these values, up to a constant."""
        widths = {"lengths": PRIOR_SCALE, "sizes": 1.0, "wl": 1.0, "noise": 2.0}
        parts = [
            ((self.logs[name] - expected.logs[name]) / width).square().sum()
            for name, width in widths.items()
        ]
        return 0.5 * torch.stack(parts).sum()

    def between(self, a: Described, b: Described, fixed: Fixed | None = None) -> Tensor:
        """Covariances without noise, float64 ``[A, B]``."""
        fixed = fixed or fixed_parts(a, b)
        sizes, wl = torch.exp(self.logs["sizes"]), torch.exp(self.logs["wl"])
        lengths = torch.exp(self.logs["lengths"])
        near = matern(a.features / lengths, b.features / lengths)
        parts = torch.addcmul(sizes[2], near, sizes[0])
        for weight, part in zip((sizes[1], *wl), (fixed.linear, *fixed.wl), strict=True):
            parts = torch.addcmul(parts, part, weight)
        return parts

    def diagonal(self, a: Described) -> Tensor:
        """Variance of each cell without noise, float64 ``[A]``."""
        sizes, wl = torch.exp(self.logs["sizes"]), torch.exp(self.logs["wl"])
        linear = a.features.square().mean(dim=1) if a.features.shape[1] else 0.0
        return sizes[0] + sizes[1] * linear + sizes[2] + wl.sum()


def fixed_parts(a: Described, b: Described, rounds: Sequence[int] = WL_ROUNDS) -> Fixed:
    """The parts of the kernel that nothing is learned of."""
    linear = a.features @ b.features.T / max(1, a.features.shape[1])
    same = b.cells is a.cells
    wl = (wl_gram(a.cells, None if same else b.cells, n_iter=h) for h in rounds)
    return Fixed(linear, tuple(torch.from_numpy(gram) for gram in wl))


def matern(a: Tensor, b: Tensor) -> Tensor:
    """Matern 5/2 of all pairs of rows, float64 ``[A, B]``."""
    squares = a.square().sum(dim=1)[:, None] + b.square().sum(dim=1) - 2 * (a @ b.T)
    # Where rows are equal the root has no slope: the floor keeps the gradient finite.
    scaled = (5 * squares.clamp(min=1e-12)).sqrt()
    return (1 + scaled + scaled.square() / 3) * torch.exp(-scaled)
