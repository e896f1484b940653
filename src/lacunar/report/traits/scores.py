"""Sections of the traits report on scores and confusion matrices."""

from __future__ import annotations

import math

from lacunar.report.figures import confusion_cells, score_dots
from lacunar.report.tables import Table, count, ratio, table
from lacunar.report.traits.words import anchor, reported_split, spoken
from lacunar.traits.data.schema import Attribute
from lacunar.traits.evaluate.evaluation import Evaluation, evaluated_images
from lacunar.traits.evaluate.metrics import class_table
from lacunar.traits.model import TraitsModel

Context = dict[str, object]

# Columns of the scores, in the order of lacunar.traits.evaluate.metrics.FIGURES.
_ACCURACY, _MACRO_F1, _MACRO_F1_ALL, _BALANCED = range(4)


def scores(model: TraitsModel) -> Context:
    """Scores of every evaluated split, the reported one first, with figures."""
    part = reported_split(model)
    found = model.evaluations[part]
    names = _names(found)
    return {
        "part": part,
        "whose": evaluated_images(part, model.config),
        "accuracy_figure": _dots(found, _ACCURACY, "accuracy"),
        "f1_figure": _dots(found, _MACRO_F1, "macro F1"),
        "parts": [
            {
                "name": other,
                "whose": _whose(other, model),
                "tables": _tables(model.evaluations[other], other),
            }
            for other in sorted(model.evaluations, key=lambda name: name != part)
        ],
        "largest": ", ".join(
            f"{name}: {attribute.classes[position]}"
            for name, attribute, position in zip(
                names[:-1], found.schema.attributes, found.largest.tolist(), strict=True
            )
        ),
    }


def confusions(model: TraitsModel) -> Context:
    """A confusion matrix and the scores of each class, for each output."""
    part = reported_split(model)
    found = model.evaluations[part]
    pairs = zip(found.schema.attributes, found.confusions, strict=True)
    return {
        "part": part,
        "outputs": [
            {
                "anchor": anchor("confusion", position),
                "name": spoken(attribute.name),
                "known": count(int(confusion.sum())),
                "unknown": count(int(found.unknown[position])),
                "figure": confusion_cells(
                    spoken(attribute.name), attribute.classes, confusion.tolist()
                ),
                "classes": _classes(found, position),
                "matrix": _matrix(attribute, confusion.tolist()),
            }
            for position, (attribute, confusion) in enumerate(pairs)
        ],
    }


def _whose(part: str, model: TraitsModel) -> str:
    sentence = f"Figures of {evaluated_images(part, model.config)}."
    if part == "out-of-fold" and not model.config.chooses_epoch:
        sentence += " All networks together do somewhat better on new images."
    return sentence


def _dots(found: Evaluation, column: int, figure: str) -> str:
    ends = found.intervals[:, column].tolist()
    return score_dots(
        _names(found),
        found.scores[:, column].tolist(),
        [(low, high) for low, high in ends],
        found.baseline[:, column].tolist(),
        figure=figure,
    )


def _tables(found: Evaluation, part: str) -> list[Table]:
    known = [count(int(confusion.sum())) for confusion in found.confusions]
    unknown = [count(n) for n in found.unknown.tolist()]
    n_outputs = len(found.confusions)
    mean = _names(found)[-1]
    rows = []
    more = []
    for row, name in enumerate(_names(found)):
        shown = (known[row], unknown[row]) if row < n_outputs else ("", "")
        rows.append((name, *_cells(found, row, _ACCURACY), *_cells(found, row, _MACRO_F1), *shown))
        more.append((name, *_cells(found, row, _MACRO_F1_ALL), *_cells(found, row, _BALANCED)))
    head, ends, largest = "Output", "95 % interval", "Largest class"
    return [
        table(
            f"Accuracy and macro F1, {part} images; {mean}: over the outputs",
            [head, "Accuracy", ends, largest, "Macro F1", ends, largest, "Known", "Unknown"],
            rows,
        ),
        table(
            f"Two other figures, {part} images",
            [head, "F1 of all classes", ends, largest, "Balanced accuracy", ends, largest],
            more,
        ),
    ]


def _cells(found: Evaluation, row: int, column: int) -> tuple[str, str, str]:
    low, high = found.intervals[row, column].tolist()
    return (
        ratio(float(found.scores[row, column])),
        "none" if math.isnan(low) else f"{low:.2f} to {high:.2f}",
        ratio(float(found.baseline[row, column])),
    )


def _classes(found: Evaluation, position: int) -> Table:
    attribute = found.schema.attributes[position]
    classes = class_table(found.confusions[position])
    rows = [
        (
            name,
            count(int(classes.support[row])),
            *(ratio(float(v[row])) for v in (classes.precision, classes.recall, classes.f1)),
        )
        for row, name in enumerate(attribute.classes)
    ]
    return table(
        f"Each class of {spoken(attribute.name)}",
        ["Class", "Images", "Precision", "Recall", "F1"],
        rows,
    )


def _matrix(attribute: Attribute, confusion: list[list[int]]) -> Table:
    return table(
        f"Answers of {spoken(attribute.name)}: a row per label, a column per answer",
        ["Label", *attribute.classes],
        [
            (name, *(count(n) for n in line))
            for name, line in zip(attribute.classes, confusion, strict=True)
        ],
    )


def _names(found: Evaluation) -> tuple[str, ...]:
    return (*map(spoken, found.schema.names), "mean")
