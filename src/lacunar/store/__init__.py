"""Saved models: the only code that writes or reads one.

Names are imported on first use, so that a command of one application does not load the libraries
of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.lazy import lazy_names

if TYPE_CHECKING:
    from lacunar.store.directory import check_destination
    from lacunar.store.taste import load_taste, save_taste, taste_log
    from lacunar.store.traits import load_traits, save_traits


__all__ = [
    "check_destination",
    "load_taste",
    "load_traits",
    "save_taste",
    "save_traits",
    "taste_log",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "check_destination": "lacunar.store.directory",
        "load_taste": "lacunar.store.taste",
        "load_traits": "lacunar.store.traits",
        "save_taste": "lacunar.store.taste",
        "save_traits": "lacunar.store.traits",
        "taste_log": "lacunar.store.taste",
    },
)
