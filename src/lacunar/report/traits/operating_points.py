"""Section of the traits report on operating points for rare classes."""

from __future__ import annotations

from lacunar.report.figures import operating_path
from lacunar.report.tables import Table, ratio, table
from lacunar.report.traits.words import reported_split, spoken
from lacunar.traits.evaluate.operating_points import OperatingPoints
from lacunar.traits.model import TraitsModel

Context = dict[str, object]

# Columns of the scores, in the order of lacunar.traits.evaluate.metrics.FIGURES.
_ACCURACY, _MACRO_F1, _MACRO_F1_ALL, _BALANCED = range(4)


def operating_points(model: TraitsModel) -> Context | None:
    """Scores at each operating point by split, the reported split first, with a figure.

    None for a model without operating points.
    """
    reported = reported_split(model)
    measured = [part for part in model.evaluations if part in model.operating_points]
    if not measured:
        return None
    parts = sorted(measured, key=lambda part: part != reported)
    first = model.operating_points[parts[0]]
    means = first.scores[:, -1]
    return {
        "trained": bool(first.as_answered),
        "as_answered": f"{first.as_answered:g}",
        "figure": operating_path(
            first.taus,
            means[:, _ACCURACY].tolist(),
            means[:, _MACRO_F1].tolist(),
            as_answered=first.taus.index(first.as_answered),
        ),
        "parts": [
            {
                "name": part,
                "mean": _means(model.operating_points[part], part),
                "outputs": _outputs(model, part),
            }
            for part in parts
        ],
    }


def _means(points: OperatingPoints, part: str) -> Table:
    return table(
        f"Means over the outputs at each operating point, {part} images",
        ["Tau", "Accuracy", "Macro F1", "F1 of all classes", "Balanced accuracy"],
        [
            (_named(points, tau), *map(ratio, found[-1].tolist()))
            for tau, found in zip(points.taus, points.scores, strict=True)
        ],
    )


def _outputs(model: TraitsModel, part: str) -> Table:
    points = model.operating_points[part]
    columns = (_ACCURACY, _MACRO_F1, _BALANCED)
    return table(
        f"Each output at each operating point, {part} images",
        ["Output", "Tau", "Accuracy", "Macro F1", "Balanced accuracy"],
        [
            (spoken(name), _named(points, tau), *(ratio(float(found[row, at])) for at in columns))
            for row, name in enumerate(model.schema.names)
            for tau, found in zip(points.taus, points.scores, strict=True)
        ],
        text_columns=(1,),
    )


def _named(points: OperatingPoints, tau: float) -> str:
    return f"{tau:g}" + " (as answered)" * (tau == points.as_answered)
