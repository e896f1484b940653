"""Section of the traits report on confidence: calibration and abstention of each output."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lacunar.report.figures import reliability_plot, risk_coverage_plot
from lacunar.report.tables import Table, count, percent, probability, ratio, table
from lacunar.report.traits.words import anchor, spoken
from lacunar.traits.confidence.measures import Calibration, Confidence
from lacunar.traits.confidence.reliability import wilson_interval
from lacunar.traits.confidence.selective import USUAL_COVERAGE

Context = dict[str, object]

# Maximum rows of a curve's table; the figure shows all points.
_ROWS = 20


def confidence(found: Sequence[Confidence], part: str) -> Context:
    """Tables of all outputs, then both figures of each.

    Parameters
    ----------
    found : sequence of Confidence
    part : str
        Split of the measured answers, such as ``test`` or ``out-of-fold``.
    """
    known = [one for one in found if one.known]
    beyond = [
        spoken(one.name)
        for one in known
        if _number(one.after.ece) > _number(one.after.ece_chance_high)
    ]
    return {
        "part": part,
        "beyond": ", ".join(beyond),
        "ece_before": ratio(_mean([one.before.ece for one in known])),
        "ece_after": ratio(_mean([one.after.ece for one in known])),
        "ece_chance": ratio(_mean([one.after.ece_chance for one in known])),
        "accuracy": ratio(_mean([one.accuracy for one in known])),
        "accuracy_at_80": ratio(_mean([one.accuracy_at_80 for one in known])),
        "calibration": _calibration(found, part),
        "abstention": _abstention(found, part),
        "more": _more(found, part),
        "outputs": [_output(one, position) for position, one in enumerate(found)],
    }


def _calibration(found: Sequence[Confidence], part: str) -> Table:
    return table(
        f"Calibration, {part} images",
        ["Output", "Temperature", "Error before", "Error after", "By chance", "Known", "Unknown"],
        [
            (
                spoken(one.name),
                ratio(one.temperature),
                ratio(_number(one.before.ece)),
                ratio(_number(one.after.ece)),
                _chance(one.after),
                count(one.known),
                count(one.unknown),
            )
            for one in found
        ],
    )


def _abstention(found: Sequence[Confidence], part: str) -> Table:
    return table(
        f"Answers kept back, {part} images",
        ["Output", "Accuracy", "Of the surest 80 %", "Threshold", "Answers given", "Right of them"],
        [
            (
                spoken(one.name),
                ratio(_number(one.accuracy)),
                ratio(_number(one.accuracy_at_80)),
                "out of reach" if one.threshold is None else ratio(one.threshold),
                "none" if one.coverage is None else percent(one.coverage),
                ratio(_number(one.kept_accuracy)),
            )
            for one in found
        ],
    )


def _more(found: Sequence[Confidence], part: str) -> Table:
    pairs = [(spoken(one.name), state, of) for one in found for state, of in _states(one)]
    return table(
        f"Other figures of the probabilities, {part} images",
        [
            "Output",
            "Temperature",
            "Mean confidence",
            "Error, 10 equal widths",
            "15",
            "Brier",
            "Loss",
        ],
        [
            (
                name,
                state,
                *(
                    ratio(_number(value))
                    for value in (
                        of.confidence,
                        of.ece_width_10,
                        of.ece_width_15,
                        of.brier,
                        of.loss,
                    )
                ),
            )
            for name, state, of in pairs
        ],
        text_columns=(1,),
    )


def _output(one: Confidence, position: int) -> Context:
    name = spoken(one.name)
    return {
        "anchor": anchor("confidence", position),
        "name": name,
        "known": one.known,
        "unknown": count(one.unknown),
        "reliability_figure": reliability_plot(
            name,
            _bins(one.before),
            _bins(one.after),
            one.before.histogram,
            one.after.histogram,
        ),
        "reliability_table": _reliability(one, name),
        "coverage_figure": risk_coverage_plot(
            name,
            [
                (
                    point.coverage,
                    point.accuracy,
                    *wilson_interval(round(point.accuracy * point.kept), point.kept),
                )
                for point in one.curve
            ],
            kept=[point.kept for point in one.curve],
            usual=_usual(one),
            threshold=None
            if one.coverage is None or one.kept_accuracy is None
            else (one.coverage, one.kept_accuracy),
        ),
        "coverage_table": _curve(one, name),
    }


def _bins(of: Calibration) -> list[tuple[float, float, float, float]]:
    return [(one.confidence, one.accuracy, one.low, one.high) for one in of.bins]


def _usual(one: Confidence) -> tuple[float, float] | None:
    place = next((p for p in one.curve if p.coverage >= USUAL_COVERAGE - 1e-9), None)
    return None if place is None else (place.coverage, place.accuracy)


def _reliability(one: Confidence, name: str) -> Table:
    return table(
        f"Bins of the answers on {name}",
        ["Bin", "Temperature", "Confidence", "Accuracy", "95 % interval", "Answers"],
        [
            (
                str(position),
                state,
                probability(of.confidence),
                probability(of.accuracy),
                f"{of.low:.2f} to {of.high:.2f}",
                count(of.count),
            )
            for state, calibration in _states(one)
            for position, of in enumerate(calibration.bins, start=1)
        ],
        text_columns=(1,),
    )


def _curve(one: Confidence, name: str) -> Table:
    every = max(1, -(-len(one.curve) // _ROWS))
    # Counted from the last point, which includes all answers.
    chosen = one.curve[::-1][::every][::-1]
    return table(
        f"Answers on {name}, the surest first",
        ["Answers given", "Least confidence", "Number", "Accuracy"],
        [
            (percent(p.coverage), probability(p.threshold), count(p.kept), probability(p.accuracy))
            for p in chosen
        ],
    )


def _states(one: Confidence) -> tuple[tuple[str, Calibration], tuple[str, Calibration]]:
    return ("1 (before)", one.before), (f"{one.temperature:.2f} (after)", one.after)


def _chance(of: Calibration) -> str:
    if of.ece_chance is None or of.ece_chance_high is None:
        return "none"
    return f"{of.ece_chance:.3f}, up to {of.ece_chance_high:.3f}"


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else math.nan
