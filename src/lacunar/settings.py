"""Base of the settings of fits, whose invalid values raise ``InputError``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from lacunar.errors import InputError, did_you_mean


class Settings(BaseModel):
    """Immutable settings; an invalid one raises an ``InputError`` that names it.

    Examples
    --------
    >>> class Sizes(Settings):
    ...     width: int = 3
    >>> Sizes(width="wide")
    Traceback (most recent call last):
    lacunar.errors.InputError: width: expected a valid integer, ..., got 'wide'
    >>> Sizes(widht=4)
    Traceback (most recent call last):
    lacunar.errors.InputError: widht: expected no such setting, got 4; did you mean 'width'?
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # Type checkers see the arguments that pydantic derives from the fields.
    if not TYPE_CHECKING:

        def __init__(self, **settings: Any) -> None:
            try:
                super().__init__(**settings)
            except ValidationError as error:
                raise invalid_setting(error, type(self).model_fields) from error


def invalid_setting(error: ValidationError, names: Any) -> InputError:
    """Return the first error of a validation, in one sentence.

    Parameters
    ----------
    error : pydantic.ValidationError
    names : iterable of str
        Names of the settings that exist.
    """
    first = error.errors()[0]
    field = "_".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        sentence = f"expected no such setting, got {first['input']!r}{did_you_mean(field, names)}"
        return InputError(sentence, field=field)
    # Errors of a parser within a setting are whole sentences, and may name it.
    if isinstance(cause := first.get("ctx", {}).get("error"), InputError):
        return InputError(cause.sentence, field=field or cause.field)
    message = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected", 1)
    if not first["loc"]:
        return InputError(message)
    got = "" if ", got " in message else f", got {first['input']!r}"
    return InputError(f"{message}{got}", field=field)
