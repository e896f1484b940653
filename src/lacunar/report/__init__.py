"""Reports as single HTML files, with SVG figures and tables of their numbers.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.lazy import lazy_names

if TYPE_CHECKING:
    from lacunar.report.index import Entry, index_page
    from lacunar.report.taste.page import taste_report
    from lacunar.report.traits.audit import audit_report
    from lacunar.report.traits.page import traits_report


__all__ = [
    "Entry",
    "audit_report",
    "index_page",
    "taste_report",
    "traits_report",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Entry": "lacunar.report.index",
        "audit_report": "lacunar.report.traits.audit",
        "index_page": "lacunar.report.index",
        "taste_report": "lacunar.report.taste.page",
        "traits_report": "lacunar.report.traits.page",
    },
)
