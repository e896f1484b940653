"""Tables of a traits model and of its scores, 80 columns wide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from lacunar.cli.console import figure, out

if TYPE_CHECKING:
    from lacunar.traits.confidence.measures import Confidence
    from lacunar.traits.data.schema import Attribute, Schema
    from lacunar.traits.evaluate.evaluation import Evaluation
    from lacunar.traits.evaluate.operating_points import OperatingPoints
    from lacunar.traits.json_schema import Measure
    from lacunar.traits.model import TraitsModel

# Columns in the order of lacunar.traits.evaluate.metrics.FIGURES.
_ACCURACY, _MACRO_F1, _MACRO_F1_ALL, _BALANCED = range(4)
# A longer label would make a table wider than 80 columns.
_NAME = 24


def print_counts(model: TraitsModel) -> None:
    """Print the number of images with each label, by part."""
    table = _table("Number of images with each label", ["class", *model.counts], n_names=2)
    for position, attribute in enumerate(model.schema.attributes):
        for row, name in enumerate(("unknown", *attribute.classes)):
            counts = (str(found[position][row]) for found in model.counts.values())
            table.add_row("" if row else attribute.name, name, *counts)
        table.add_section()
    out.print(table)


def print_scores(found: Evaluation, what: str) -> None:
    """Print accuracy, macro F1 and balanced accuracy of each output, next to the baseline."""
    n = int(found.confusions[0].sum() + found.unknown[0])
    out.print(
        f"{what}: {n}.\nIn parentheses: 95 % intervals. baseline: always predicting the most\n"
        "common class of the training labels. Unknown labels are ignored.",
    )
    _print_figures(found, "Accuracy, and macro F1 over the classes present")
    table = _table(None, ["macro F1 of\nall classes", "baseline", "balanced\naccuracy"])
    table.add_column("known", justify="right")
    table.add_column("unknown", justify="right")
    known = [str(int(confusion.sum())) for confusion in found.confusions]
    unknown = [str(count) for count in found.unknown.tolist()]
    for row, name in enumerate(_names(found)):
        table.add_row(
            name,
            _with_interval(found, row, _MACRO_F1_ALL),
            figure(found.baseline[row, _MACRO_F1_ALL]),
            _with_interval(found, row, _BALANCED),
            *((known[row], unknown[row]) if row < len(known) else ("", "")),
        )
    out.print(table)


def print_points(schema: Schema, points: OperatingPoints) -> None:
    """Print the effect of favouring rare classes: means at each tau, then each output."""
    out.print(
        "tau: each probability is divided by the share of its class to this power, so that\n"
        "rare classes are predicted more often. The model itself uses tau ="
        f" {points.as_answered:g},\n'traits predict --balanced' any tau.",
    )
    means = Table(title="Operating points, means over the outputs", title_justify="left")
    for column in ("tau", "accuracy", "macro F1", "balanced accuracy"):
        means.add_column(column, justify="right", no_wrap=True)
    for tau, scores in zip(points.taus, points.scores, strict=True):
        columns = (_ACCURACY, _MACRO_F1, _BALANCED)
        means.add_row(f"{tau:g}", *(figure(float(scores[-1, column])) for column in columns))
    out.print(means)
    each = _table("Accuracy/macro F1 at each tau", [f"{tau:g}" for tau in points.taus])
    for row, name in enumerate(schema.names):
        cells = ((scores[row, _ACCURACY], scores[row, _MACRO_F1]) for scores in points.scores)
        each.add_row(name, *("/".join(figure(value, ".2f") for value in pair) for pair in cells))
    out.print(each)


def print_confidence(found: Sequence[Confidence]) -> None:
    """Print calibration and selective accuracy of each output."""
    from lacunar.traits.to_json import confidence_document

    document = confidence_document(found)
    out.print(
        "ECE: expected calibration error, before and after calibration, and by chance alone.\n"
        "at 80 %: accuracy of the most confident 80 %. coverage: share of predictions without\n"
        "abstention. correct: accuracy of these.",
    )
    columns = ["ECE before", "after", "chance", "at 80 %", "coverage", "correct"]
    keys: tuple[Measure, ...] = (
        "ece_before", "ece", "ece_chance", "accuracy_at_80", "coverage", "kept_accuracy",
    )  # fmt: skip
    table = _table("Confidence", columns)
    for name, figures in (*document["outputs"].items(), ("mean", document["mean"])):
        values = (figures[key] for key in keys)
        table.add_row(name, *("none" if value is None else figure(value) for value in values))
    out.print(table)


def print_classes(found: Evaluation) -> None:
    """Print precision, recall and F1 of each class of each output."""
    from lacunar.traits.evaluate.metrics import class_table

    columns = ["class", "images", "precision", "recall", "F1"]
    table = _table("Scores of each class (images: images with this label)", columns, n_names=2)
    for attribute, confusion in zip(found.schema.attributes, found.confusions, strict=True):
        classes = class_table(confusion)
        for row, name in enumerate(attribute.classes):
            table.add_row(
                "" if row else attribute.name,
                name,
                str(classes.support[row]),
                *(
                    figure(float(values[row]))
                    for values in (classes.precision, classes.recall, classes.f1)
                ),
            )
        table.add_section()
    out.print(table)


def print_confusions(found: Evaluation) -> None:
    """Print a confusion matrix per output: a row per label, a column per prediction."""
    for attribute, confusion in zip(found.schema.attributes, found.confusions, strict=True):
        _print_confusion(attribute, confusion.tolist())


def _print_confusion(attribute: Attribute, confusion: list[list[int]]) -> None:
    out.print(f"\n{attribute.name}: rows are labels, columns are predictions, by number")
    table = Table(box=None, padding=(0, 1))
    table.add_column("", no_wrap=True, max_width=_NAME)
    for position in range(len(confusion)):
        table.add_column(str(position), justify="right")
    for position, (label, counts) in enumerate(zip(attribute.classes, confusion, strict=True)):
        table.add_row(f"{position} {label}", *(str(count) if count else "." for count in counts))
    out.print(table)


def _print_figures(found: Evaluation, title: str) -> None:
    table = _table(title, ["accuracy", "baseline", "macro F1", "baseline"])
    for row, name in enumerate(_names(found)):
        table.add_row(
            name,
            _with_interval(found, row, _ACCURACY),
            figure(found.baseline[row, _ACCURACY]),
            _with_interval(found, row, _MACRO_F1),
            figure(found.baseline[row, _MACRO_F1]),
        )
    out.print(table)


def _names(found: Evaluation) -> tuple[str, ...]:
    return (*found.schema.names, "mean")


def _table(title: str | None, columns: Sequence[str], *, n_names: int = 1) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("output", max_width=_NAME)
    for position, column in enumerate(columns, start=1):
        if position < n_names:
            table.add_column(column, max_width=_NAME)
        else:
            table.add_column(column, justify="right", no_wrap=True)
    return table


def _with_interval(found: Evaluation, row: int, column: int) -> str:
    low, high = found.intervals[row, column].tolist()
    value = figure(float(found.scores[row, column]))
    return value if math.isnan(low) else f"{value} ({figure(low, '.2f')}-{figure(high, '.2f')})"
