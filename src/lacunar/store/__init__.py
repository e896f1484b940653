"""Saved models: the only code that writes or reads one."""

from lacunar.store.directory import check_destination
from lacunar.store.taste import load_taste, save_taste

__all__ = ["check_destination", "load_taste", "save_taste"]
