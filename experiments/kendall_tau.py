"""How well do predictors rank all of NAS-Bench-101 after seeing a few cells of it?

    python experiments/kendall_tau.py --jobs 2

For every split and size, random training cells are drawn among the two thirds of the cells on which
nothing was tuned, and all the rest of these two thirds is ranked; Kendall's tau-b of predicted and
measured accuracy (test accuracy of one run), 20 splits. Published numbers were trained on the
validation accuracy of one fixed split and tested on all cells.
"""

from harness.experiment import Report, main
from harness.ranking import RankingContext, RankingSettings, ranking_experiment
from harness.ranking_report import report_ranking
from harness.rows import Row

NAME = "kendall_tau"
# As compiled in the supplement of Lu et al., "PINAT", AAAI 2023 (tables 1 and 9), and in Xu et al.,
# "NN-Former", CVPR 2025.
PUBLISHED = {
    "Neural Predictor (GCN)": {100: 0.391, 172: 0.545, 424: 0.679, 4236: 0.769},
    "TNASP, ranking loss": {100: 0.676, 172: 0.691, 424: 0.747, 4236: 0.824},
    "PINAT": {100: 0.679, 172: 0.715, 424: 0.772, 4236: 0.846},
    "PINAT, ranking loss": {100: 0.717, 172: 0.764, 424: 0.812, 4236: 0.854},
    "NN-Former": {100: 0.709, 172: 0.765, 424: 0.809, 4236: 0.877},
}


def report(context: RankingContext, rows: list[Row]) -> Report:
    """Tau beside published ones, calibration and times."""
    return report_ranking(NAME, context, rows, PUBLISHED)


EXPERIMENT = ranking_experiment(NAME, RankingSettings, report)

if __name__ == "__main__":
    main(EXPERIMENT, __doc__)
