"""Packages whose public names are imported on first use (PEP 562)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the ``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : mapping of str to str
        Each public name, and the module that defines it.

    Returns
    -------
    getattr, dir : callable
        The first imports a name's module when the name is first used. The second lists the public
        names.

    Examples
    --------
    >>> get, names = lazy_names("lacunar", {"InputError": "lacunar.errors"})
    >>> get("InputError").__name__, names()
    ('InputError', ['InputError'])
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    def names() -> list[str]:
        return sorted(homes)

    return get, names
