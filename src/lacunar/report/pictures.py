"""Single figures of the reports."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lacunar.errors import InputError
from lacunar.report.figures import confusion_cells, mean_intervals
from lacunar.report.taste.segments import (
    choosing_k,
    column_means,
    map_of_users,
    profile_domain,
    segment_means,
)
from lacunar.report.traits.confidence import confidence
from lacunar.report.traits.history import training_history
from lacunar.report.traits.words import spoken
from lacunar.reprs import short_repr
from lacunar.taste.evaluate.comparison import METRICS, Comparison
from lacunar.taste.evaluate.comparison_plot import METRIC_NAMES
from lacunar.taste.model import TasteModel
from lacunar.traits.data.schema import Schema
from lacunar.traits.model import EvaluationResult, TraitsModel

# In a notebook, in pixels; a figure without a width would fill the window.
_WIDTH = 520


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """A figure that notebooks show.

    Parameters
    ----------
    name : str
    svg : str
        The figure as an SVG document.

    Examples
    --------
    >>> Picture("map", "<svg/>")
    <Picture: map, 6 characters of SVG>
    """

    name: str
    svg: str

    def __repr__(self) -> str:
        return short_repr("Picture", [self.name, f"{len(self.svg):,} characters of SVG"])

    def _repr_svg_(self) -> str:
        return self.svg


def picture(
    source: TasteModel | Comparison | TraitsModel | EvaluationResult,
    name: str,
    part: str | int | None = None,
) -> Picture:
    """Draw one figure of a report, as SVG; this needs no other library.

    ``source.plot`` draws with Matplotlib instead.

    Parameters
    ----------
    source : TasteModel, Comparison, TraitsModel or EvaluationResult
    name : str
        Of a taste model: ``map``, ``criteria``, ``profile``. Of a comparison: ``intervals``. Of a
        traits model or an evaluation: ``reliability``, ``confusion``, ``risk_coverage``; of a
        traits model also ``history``.
    part : str or int, optional
        The segment of ``profile``, by default 0; the metric of ``intervals``, by default
        ``ndcg@10``; the attribute of the other figures, by default the first, and of ``history``
        all together.

    Raises
    ------
    InputError
        If the source has no such figure or part.

    Examples
    --------
    >>> from lacunar.taste.config import TasteConfig
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> from lacunar.taste.fit import fit_taste
    >>> config = TasteConfig(max_components=2, n_seeds=2, refits=0)
    >>> model = fit_taste(sampled_ratings(n_users=50, n_movies=200), config)
    >>> picture(model, "map")
    <Picture: map, ... characters of SVG>
    >>> picture(model, "map").svg[:35]
    '<svg width="520" xmlns="http://www...'
    """
    drawers = next((found for kind, found in _FIGURES.items() if isinstance(source, kind)), None)
    if drawers is None:
        kinds = ", ".join(kind.__name__ for kind in _FIGURES)
        raise InputError(f"expected one of {kinds}, got {type(source).__name__}", field="source")
    _check(name, list(drawers), "name")
    svg = str(drawers[name](source, part))
    return Picture(name, svg.replace("<svg ", f'<svg width="{_WIDTH}" ', 1))


def _map(model: TasteModel, part: object) -> object:
    del part
    return map_of_users(model)["figure"]


def _criteria(model: TasteModel, part: object) -> object:
    del part
    return choosing_k(model)["surface_figure"]


def _profile(model: TasteModel, part: Any) -> object:
    segment = 0 if part is None else part
    _check(segment, list(range(model.segments.n_segments)), "part")
    everyone = column_means(model.profiles.means)
    return segment_means(model, segment, everyone, profile_domain(model))["figure"]


def _intervals(comparison: Comparison, part: Any) -> object:
    metric = part or METRICS[0]
    _check(metric, METRICS, "part")
    name = METRIC_NAMES[metric]
    rows = {method: summary[metric] for method, summary in comparison.summary().items()}
    return mean_intervals(
        {
            method: (one.mean, one.low, one.high)
            for method, one in rows.items()
            if not math.isnan(one.mean)
        },
        title=f"{name} of each method",
        unit=name,
    )


def _reliability(result: TraitsModel | EvaluationResult, part: Any) -> object:
    return _confidence_figure(result, part, "reliability_figure")


def _risk_coverage(result: TraitsModel | EvaluationResult, part: Any) -> object:
    return _confidence_figure(result, part, "coverage_figure")


def _confidence_figure(
    result: TraitsModel | EvaluationResult, attribute: str | None, figure: str
) -> object:
    plots = result.plot
    position = _position(plots.evaluation.schema, attribute)
    outputs: Any = confidence([plots.confidences[position]], plots.images)["outputs"]
    return outputs[0][figure]


def _confusion(result: TraitsModel | EvaluationResult, attribute: Any) -> object:
    evaluation = result.plot.evaluation
    position = _position(evaluation.schema, attribute)
    found = evaluation.schema.attributes[position]
    return confusion_cells(
        spoken(found.name), found.classes, evaluation.confusions[position].tolist()
    )


def _history(model: TraitsModel, attribute: Any) -> object:
    section: Any = training_history(model)
    if attribute is None:
        return section["total"]["figure"]
    return section["outputs"][_position(model.schema, attribute)]["loss_figure"]


def _position(schema: Schema, attribute: str | None) -> int:
    if attribute is None:
        return 0
    _check(attribute, schema.names, "part")
    return schema.names.index(attribute)


def _check(given: object, expected: Any, field: str) -> None:
    if given not in expected:
        raise InputError(
            f"expected one of {', '.join(map(str, expected))}, got {given}", field=field
        )


Drawer = Callable[[Any, Any], object]
_OF_EVALUATION: dict[str, Drawer] = {
    "reliability": _reliability,
    "confusion": _confusion,
    "risk_coverage": _risk_coverage,
}
_FIGURES: Mapping[type, Mapping[str, Drawer]] = {
    TasteModel: {"map": _map, "criteria": _criteria, "profile": _profile},
    Comparison: {"intervals": _intervals},
    TraitsModel: {**_OF_EVALUATION, "history": _history},
    EvaluationResult: _OF_EVALUATION,
}
