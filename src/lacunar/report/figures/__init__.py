"""SVG figures, as wide as a phone screen and readable in grey."""

from lacunar.report.figures.bars import k_frequency_bars, ranked_bars
from lacunar.report.figures.confusion import confusion_cells
from lacunar.report.figures.fit_grid import bic_strips
from lacunar.report.figures.history import history_lines
from lacunar.report.figures.intervals import mean_intervals
from lacunar.report.figures.labels import label_bars
from lacunar.report.figures.membership import membership_bars
from lacunar.report.figures.operating_points import operating_path
from lacunar.report.figures.pairs import paired_shares
from lacunar.report.figures.profile import segment_profile, user_profile
from lacunar.report.figures.reliability import reliability_plot
from lacunar.report.figures.risk_coverage import risk_coverage_plot
from lacunar.report.figures.scores import score_dots
from lacunar.report.figures.user_map import user_map

__all__ = [
    "bic_strips",
    "confusion_cells",
    "history_lines",
    "k_frequency_bars",
    "label_bars",
    "mean_intervals",
    "membership_bars",
    "operating_path",
    "paired_shares",
    "ranked_bars",
    "reliability_plot",
    "risk_coverage_plot",
    "score_dots",
    "segment_profile",
    "user_map",
    "user_profile",
]
