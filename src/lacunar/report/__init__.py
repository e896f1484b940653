"""Reports: one self-contained page each, with figures as SVG and their numbers as tables.

An application's libraries are loaded when its report is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lacunar.report.index import Entry, index_page
    from lacunar.report.taste import taste_report
    from lacunar.report.traits import traits_report
    from lacunar.report.traits_audit import audit_report

__all__ = ["Entry", "audit_report", "index_page", "taste_report", "traits_report"]

_HOMES = {
    "Entry": "index",
    "audit_report": "traits_audit",
    "index_page": "index",
    "taste_report": "taste",
    "traits_report": "traits",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
