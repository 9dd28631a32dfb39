"""How well do predictors rank NAS-Bench-201 after seeing a few cells of it?

    python experiments/nasbench201.py --table NAS-Bench-201-v1_1-096897.pth --jobs 2

As kendall_tau.py, on the table of NAS-Bench-201, which everybody has to download for themselves:
its official file, or what ``NASBench201.save`` kept of it. Many of its 15,625 cells are the same
network; here none is tested that a training cell is the twin of, while published numbers keep them.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from gemcore.tables import CellTable
from harness.experiment import Report, main
from harness.ranking import RankingContext, RankingSettings, ranking_experiment
from harness.ranking_report import report_ranking
from harness.rows import Row
from harness.tables import open_nasbench201

NAME = "nasbench201"
# On CIFAR-10. Lu et al., "PINAT", AAAI 2023, supplement; Xu et al., "NN-Former", CVPR 2025.
PUBLISHED = {
    "TNASP": {78: 0.539, 156: 0.589, 469: 0.640, 781: 0.689, 1563: 0.724},
    "Graphormer": {78: 0.505, 156: 0.630, 469: 0.680, 781: 0.719, 1563: 0.776},
    "PINAT": {78: 0.549, 156: 0.631, 469: 0.706, 781: 0.761, 1563: 0.784},
    "NAR-Former V2": {156: 0.752, 1563: 0.888},
    "NN-Former": {156: 0.804, 1563: 0.890},
}


@dataclass(frozen=True)
class NB201Settings(RankingSettings):
    """Settings of the ranking of NAS-Bench-201."""

    table: Path = Path("../shared/data/nb201.npz")
    """The table; with --quick a made-up one of its form stands in where it is missing."""

    sizes: tuple[int, ...] = (78, 156, 469, 781, 1563)
    """Numbers of training cells."""

    dataset: str = "cifar10"
    """What its networks were trained on."""

    @property
    def identity(self) -> dict[str, Any]:
        """What all rows have in common."""
        return {**super().identity, "dataset": self.dataset}

    def quickened(self) -> Self:
        """Three methods."""
        return dataclasses.replace(super().quickened(), methods=("fast", "paper", "adjacency"))

    def open_table(self) -> CellTable:
        """The table of trained cells."""
        return open_nasbench201(self.table, self.dataset, quick=self.quick)


def report(context: RankingContext, rows: list[Row]) -> Report:
    """Tau beside published ones, calibration and times."""
    assert isinstance(context.settings, NB201Settings)
    published = PUBLISHED if context.settings.dataset == "cifar10" else {}
    return report_ranking(NAME, context, rows, published)


EXPERIMENT = ranking_experiment(NAME, NB201Settings, report)

if __name__ == "__main__":
    main(EXPERIMENT, __doc__)
