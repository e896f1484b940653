"""``--config``: options of a command from a TOML file."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from lacunar.errors import InputError


def _apply(ctx: typer.Context, path: Path | None) -> Path | None:
    """Make the values of a file the defaults of the command."""
    if path is not None:
        ctx.default_map = _defaults(ctx, path)
    return path


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        # Read before the other options, whose defaults it changes.
        is_eager=True,
        callback=_apply,
        help="TOML file with options.",
    ),
]


def _defaults(ctx: typer.Context, path: Path) -> dict[str, Any]:
    """Values by the names of parameters, from keys that are names of options.

    Raises
    ------
    InputError
    """
    from lacunar.files.toml import read_toml

    options = {
        option.lstrip("-"): parameter
        for parameter in ctx.command.params
        for option in parameter.opts
        if option.startswith("--") and option != "--config"
    }
    defaults: dict[str, Any] = {}
    for key, value in read_toml(path, "options").items():
        name = key.replace("_", "-")
        if name not in options:
            near = get_close_matches(name, options, n=1)
            hint = f", similar to {near[0]!r}" if near else ""
            raise InputError(f"{path}: expected names of options of the command, got {key!r}{hint}")
        parameter: Any = options[name]
        defaults[parameter.name] = _value(value, path, key, parameter)
    return defaults


def _value(value: object, path: Path, key: str, parameter: Any) -> object:
    values = value if isinstance(value, list) and parameter.multiple else [value]
    for one in values:
        if not isinstance(one, bool | int | float | str):
            raise InputError(f"{path}: expected one value of {key!r}, got {one!r}")
    # Text is checked as on the command line; numbers could be rounded to the type of the option.
    texts = [one if isinstance(one, bool) and parameter.is_flag else str(one) for one in values]
    return texts if parameter.multiple else texts[0]
