"""Means with their spread, and paired tests of whether one method is better than another."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import ttest_rel, wilcoxon


@dataclass(frozen=True)
class Summary:
    """Mean and standard deviation (of a sample; 0 for one number) over repeats.

    Example:
        >>> str(Summary.of([0.5, 0.7]))
        '0.6000 +- 0.1414'
    """

    mean: float
    std: float
    repeats: int

    @classmethod
    def of(cls, values: ArrayLike) -> "Summary":
        """Of at least one number."""
        array = np.asarray(values, dtype=np.float64)
        std = float(array.std(ddof=1)) if len(array) > 1 else 0.0
        return cls(float(array.mean()), std, len(array))

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return self.std / math.sqrt(self.repeats)

    def __str__(self) -> str:
        return f"{self.mean:.4f} +- {self.std:.4f}"


@dataclass(frozen=True)
class Paired:
    """One method against another, repeat by repeat: the difference and two two-sided tests.

    Example:
        >>> paired = Paired.of([1.0, 2.0, 3.5], [0.0, 1.0, 2.0])
        >>> round(paired.difference.mean, 4), paired.won, round(paired.t_test, 3)
        (1.1667, '3/0/0', 0.02)
    """

    difference: Summary
    won: str
    t_test: float
    wilcoxon: float

    @classmethod
    def of(cls, ours: ArrayLike, theirs: ArrayLike) -> "Paired":
        """Of as many numbers; where all are tied both p are 1, and NaN for a single repeat."""
        first, second = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
        difference = first - second
        signs = [int((np.sign(difference) == sign).sum()) for sign in (1, 0, -1)]
        return cls(Summary.of(difference), "/".join(map(str, signs)), *_p_values(first, second))

    @property
    def p(self) -> str:
        """Both p, of the t-test and Wilcoxon's, for a table."""
        return f"{self.t_test:.1e} / {self.wilcoxon:.1e}"


def _p_values(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float]:
    difference = first - second
    if len(difference) < 2:
        return float("nan"), float("nan")
    if not difference.any():
        return 1.0, 1.0
    # Equal differences have no spread, which the t-test takes for certainty; Wilcoxon's does not.
    t_test = 0.0 if np.ptp(difference) == 0 else float(ttest_rel(first, second).pvalue)
    return t_test, float(wilcoxon(difference).pvalue)
