"""Building a config from options; invalid options raise ``InputError``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from lacunar.errors import InputError

Config = TypeVar("Config", bound=BaseModel)


def validated(config: Callable[..., Config], **options: Any) -> Config:
    """Build a config from the options that are not None.

    Raises
    ------
    InputError
        For the first invalid option.
    """
    try:
        return config(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        message = message.replace("Input should be", "expected", 1)
        if not first["loc"]:
            raise InputError(message) from error
        field = "_".join(map(str, first["loc"]))
        got = "" if ", got " in message else f", got {first['input']!r}"
        raise InputError(f"{message}{got}", field=field) from error
