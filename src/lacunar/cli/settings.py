"""Command line options into a config, refusals told in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from lacunar.errors import InputError

Config = TypeVar("Config", bound=BaseModel)


def validated(config: Callable[..., Config], **options: Any) -> Config:
    """Build a config from the options that were named (are not None).

    Raises
    ------
    InputError
        With the first option that does not fit.
    """
    try:
        return config(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        said = first["msg"].removeprefix("Value error, ")
        if not first["loc"]:
            raise InputError(said) from error
        field = "_".join(map(str, first["loc"]))
        raise InputError(f"{said}, got {first['input']!r}", field=field) from error
