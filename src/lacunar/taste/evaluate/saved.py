"""An evaluation that was written to a file."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from lacunar.errors import InputError


class Figure(BaseModel):
    """A mean and its interval; null where there is none."""

    mean: float | None
    low: float | None = None
    high: float | None = None


# By method and metric.
Figures = dict[str, dict[str, Figure]]


class Evaluation(BaseModel):
    """What :func:`lacunar.taste.evaluate.document.describe_evaluation` made, as far as it is shown.

    Parameters
    ----------
    protocol : str
    seeds : list of int
    users : int
    fingerprint : str, optional
        Of the log.
    methods : dict
        By method and metric.
    cold_start : dict, optional
        By number of ratings shown, method and metric.
    controls : dict, optional
        By control and metric.
    """

    protocol: str
    seeds: list[int]
    users: int
    fingerprint: str | None = None
    methods: Figures = Field(min_length=1)
    cold_start: dict[str, Figures] | None = None
    controls: Figures | None = None


def read_evaluation(path: Path) -> Evaluation:
    """Read what ``lacunar taste evaluate -o`` wrote.

    Raises
    ------
    InputError
        If the file is missing or holds something else.
    """
    try:
        return Evaluation.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: expected a file to read, got: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "document"
        raise InputError(
            f"{path}: expected an evaluation by `lacunar taste evaluate -o`, got one whose "
            f"{where} is wrong: {first['msg']}"
        ) from error
