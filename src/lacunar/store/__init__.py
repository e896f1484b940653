"""Saved models: the only code that writes or reads one.

An application's libraries are loaded when one of its names is first asked for: a command of one
application need not wait for those of the other.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

_HOMES = {
    "check_destination": "directory",
    "load_taste": "taste",
    "load_traits": "traits",
    "save_taste": "taste",
    "save_traits": "traits",
    "taste_log": "taste",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
