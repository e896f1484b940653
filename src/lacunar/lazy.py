"""Packages whose public names are imported on first use (PEP 562)."""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def lazy_names(
    package: str, file: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]], Any]:
    """Make the ``__getattr__``, ``__dir__`` and ``__all__`` of a package.

    Parameters
    ----------
    package, file : str
        Its ``__name__`` and ``__file__``. The stub ``__init__.pyi`` beside the file has one
        ``from module import name as name`` for each public name: one list, for type checkers too.

    Returns
    -------
    getattr, dir, all : callable, callable, list of str
        The first imports a name's module when the name is first used. The others have the public
        names, and no module.
    """
    stub = ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8"))
    homes = {
        name.name: str(node.module)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
        if not name.name.startswith("__")
    }

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    public = sorted(homes)
    return get, lambda: public, public
