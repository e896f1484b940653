"""Reports: one self-contained page each, with figures as SVG and their numbers as tables."""

from lacunar.report.index import Entry, index_page
from lacunar.report.taste import taste_report

__all__ = ["Entry", "index_page", "taste_report"]
