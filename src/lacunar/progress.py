"""Who hears of progress where nobody asked to."""

from __future__ import annotations


def say_nothing(*told: object) -> None:
    """Take no note, whatever is told.

    Examples
    --------
    >>> say_nothing("map", 1, 2)
    """
    del told
