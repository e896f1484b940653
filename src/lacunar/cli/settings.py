"""Building a config from options; invalid options raise ``InputError``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

Config = TypeVar("Config", bound="BaseModel")


def validated(config: Callable[..., Config], **options: Any) -> Config:
    """Build a config from the options that are not None.

    Raises
    ------
    InputError
        For the first invalid option.
    """
    from pydantic import ValidationError

    from lacunar.settings import invalid_setting

    given = {name: value for name, value in options.items() if value is not None}
    try:
        return config(**given)
    except ValidationError as error:
        raise invalid_setting(error, given) from error
