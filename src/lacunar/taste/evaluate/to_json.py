"""The JSON document of an evaluation. Keys may be added, never renamed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.taste.evaluate.bootstrap import Interval
from lacunar.taste.evaluate.comparison import Comparison, Summary


def evaluation_document(
    protocol: str,
    seeds: Sequence[int],
    comparison: Comparison,
    *,
    cold_start: Mapping[int, Comparison] | None = None,
    controls: Comparison | None = None,
    fingerprint: str | None = None,
    config: TasteConfig | None = None,
) -> dict[str, Any]:
    """Return an evaluation as JSON types; missing values are null.

    Parameters
    ----------
    protocol : str
    seeds : sequence of int
        Seeds of the splits; empty for protocols that are not random.
    comparison : Comparison
    cold_start : mapping of int to Comparison, optional
        By the number of ratings in the history.
    controls : Comparison, optional
        Of :func:`lacunar.taste.evaluate.control_methods.control_methods`, on the same splits.
    fingerprint : str, optional
        Of the log; a report compares it with that of the model.
    config : TasteConfig, optional
        Settings of the segments; by default those of ``TasteConfig()``.

    Returns
    -------
    document : dict
        ``protocol``, ``seeds``;
        ``users``: number of users tested on any split; ``fingerprint`` of the log;
        ``config``: settings of the segments;
        ``methods``: by name and metric ``{"mean", "low", "high"}``, the mean over users and its
        95 % interval (for ``coverage`` the range over splits, null for one split);
        ``differences``: the same by ``"A - B"`` for every method A and every B before it, paired
        by user;
        ``slices``: by number of ratings in the history (such as ``"20-49"``) the number of
        ``users`` and the ``methods`` for them;
        ``seconds``: by method ``{"fit", "rank"}``, mean over splits;
        ``cold_start``, if given: by number of ratings in the history, then as ``methods``;
        ``controls``, if given: by control and level (such as ``"adventure 0.5"``), then
        as ``methods``.
    """
    names = list(comparison.results)
    differences = {
        f"{name} - {reference}": _summary(found[name])
        for place, reference in enumerate(names)
        for found in [comparison.differences(reference)]
        for name in names[place + 1 :]
    }
    document: dict[str, Any] = {
        "protocol": protocol,
        "seeds": list(seeds),
        "users": comparison.n_users,
        "fingerprint": fingerprint,
        "config": (config or TasteConfig()).model_dump(mode="json"),
        "methods": _by_method(comparison.summary()),
        "differences": differences,
        "slices": {
            part.name: {"users": part.n_users, "methods": _by_method(part.summary)}
            for part in comparison.by_history()
        },
        "seconds": {
            name: {"fit": result.seconds.fit, "rank": result.seconds.rank}
            for name, result in comparison.results.items()
        },
    }
    if cold_start is not None:
        document["cold_start"] = {
            str(given): _by_method(found.summary()) for given, found in cold_start.items()
        }
    if controls is not None:
        document["controls"] = _by_method(controls.summary())
    return document


def _by_method(summary: Mapping[str, Summary]) -> dict[str, Any]:
    return {name: _summary(found) for name, found in summary.items()}


def _summary(summary: Summary) -> dict[str, Any]:
    return {metric: _interval(found) for metric, found in summary.items()}


def _interval(interval: Interval) -> dict[str, float | None]:
    mean = None if math.isnan(interval.mean) else interval.mean
    return {"mean": mean, "low": interval.low, "high": interval.high}


class Figure(BaseModel):
    """A mean and its interval; null if missing."""

    mean: float | None
    low: float | None = None
    high: float | None = None


# By method and metric.
Figures = dict[str, dict[str, Figure]]


class Evaluation(BaseModel):
    """The parts of an :func:`evaluation_document` that reports show.

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
        By number of ratings in the history, method and metric.
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
    """Read an evaluation file of ``lacunar taste evaluate``.

    Raises
    ------
    InputError
        If the file is missing or no evaluation.
    """
    try:
        return Evaluation.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: expected a file to read, got: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "document"
        raise InputError(
            f"{path}: expected an evaluation of lacunar taste evaluate, got an invalid "
            f"{where}: {first['msg']}"
        ) from error
