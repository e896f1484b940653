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
        message = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
        if not first["loc"]:
            raise InputError(message) from error
        # Errors of a parser within a setting say what they got, and name the setting.
        if isinstance(cause := first.get("ctx", {}).get("error"), InputError):
            raise InputError(cause.sentence, field=str(first["loc"][0])) from error
        field = "_".join(map(str, first["loc"]))
        raise InputError(f"{message}, got {first['input']!r}", field=field) from error
