"""Contact sheets of the audit report: images to review, with captions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from lacunar.report.tables import count, ratio, table
from lacunar.report.traits.thumbnails import thumbnail
from lacunar.report.traits.words import spoken
from lacunar.traits.audit.duplicates import Duplicate
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.missing_labels import RankedGaps
from lacunar.traits.audit.wrong_labels import RankedLabels
from lacunar.traits.data.images import read_image

Context = dict[str, object]

_ARROW = "\N{RIGHTWARDS ARROW}"


@dataclass(frozen=True, slots=True)
class Card:
    """An image with a caption.

    Parameters
    ----------
    image : Markup
    title : str
    lines : tuple of str
    name : str
        File name, with its split.
    """

    image: Markup
    title: str
    lines: tuple[str, ...]
    name: str


def wrong_labels(findings: AuditFindings, ranked: RankedLabels, top: int) -> Context:
    """The most suspicious labels, and the number of flagged labels of each output."""
    flagged = np.flatnonzero(ranked.flagged)
    cards, rows = [], []
    for row in flagged[:top].tolist():
        attribute = findings.schema.attributes[ranked.attribute[row]]
        given, suggested = (
            attribute.classes[label[row]] for label in (ranked.given, ranked.suggested)
        )
        image, sure = int(ranked.image[row]), float(ranked.confidence[row])
        cards.append(
            _card(
                findings,
                image,
                spoken(attribute.name),
                f"{given} {_ARROW} {suggested}",
                f"{whole(sure)} against {whole(float(ranked.given_probability[row]))}",
            )
        )
        rows.append(
            (image_name(findings, image), spoken(attribute.name), given, suggested, ratio(sure),
             ratio(float(ranked.given_probability[row])))
        )  # fmt: skip
    known = np.bincount(ranked.attribute, minlength=len(findings.schema.names))
    of_attribute = np.bincount(
        ranked.attribute[ranked.flagged], minlength=len(findings.schema.names)
    )
    return {
        "cards": cards,
        "flagged": count(len(flagged)),
        "table": table(
            f"The {len(rows)} most suspicious labels",
            ["Image", "Output", "Label", "Suggested", "Probability", "of the label"],
            rows,
            text_columns=(1, 2, 3),
        ),
        "outputs": table(
            "Flagged labels by output",
            ["Output", "Flagged", "Known"],
            [
                (spoken(name), count(n), count(of))
                for name, n, of in zip(
                    findings.schema.names, of_attribute.tolist(), known.tolist(), strict=True
                )
            ],
        ),
    }


def low_quality(findings: AuditFindings, top: int) -> Context:
    """Low-quality images by reason, the worst first, and the thresholds."""
    reasons = []
    for line in findings.thresholds:
        found = [
            (image.values[image.reasons.index(line.reason)], image.image)
            for image in findings.low_quality
            if line.reason in image.reasons
        ]
        found.sort(key=lambda pair: (-line.side * pair[0], pair[1]))
        if found:
            reasons.append(
                {
                    "name": spoken(line.reason),
                    "n": count(len(found)),
                    "quantity": line.quantity,
                    "cards": [
                        _card(findings, image, f"{value:.3g}", image_size(findings, image))
                        for value, image in found[:top]
                    ],
                }
            )
    return {
        "reasons": reasons,
        "n": count(len(findings.low_quality)),
        "thresholds": table(
            "Where the lines are in these data",
            ["Reason", "What is measured", "Usual", "Outlier", "Limit", "Flagged", "Images"],
            [
                (
                    spoken(line.reason),
                    line.quantity,
                    _number(line.usual),
                    _number(line.outlier),
                    _number(line.limit),
                    f"{'under' if line.side < 0 else 'over'} {_number(line.line)}",
                    count(sum(line.reason in found.reasons for found in findings.low_quality)),
                )
                for line in findings.thresholds
            ],
            text_columns=(1,),
        ),
    }


def copies(findings: AuditFindings, top: int) -> Context:
    """Duplicate pairs, those across the splits first."""
    in_test = findings.images.in_test
    # A test image that is also a training image makes test scores too good: these come first.
    ordered = sorted(
        findings.duplicates, key=lambda pair: bool(in_test[pair.first] == in_test[pair.second])
    )
    return {
        "n": count(len(ordered)),
        "exact": count(sum(pair.exact for pair in ordered)),
        "across": count(len(findings.across)),
        "conflicts": count(sum(bool(findings.conflicts(pair)) for pair in ordered)),
        "shown": min(top, len(ordered)),
        "pairs": [
            {
                "cards": [_card(findings, image, "") for image in (pair.first, pair.second)],
                "kind": kind_of(pair),
                "differ": ", ".join(
                    spoken(findings.schema.names[a]) for a in findings.conflicts(pair)
                ),
            }
            for pair in ordered[:top]
        ],
    }


def gaps(findings: AuditFindings, ranked: RankedGaps, top: int) -> Context:
    """The missing labels most worth filling."""
    cards, rows = [], []
    largest = float(ranked.value[0]) if len(ranked) and ranked.value[0] > 0 else 1.0
    for row in np.flatnonzero(ranked.value)[:top].tolist():
        attribute = findings.schema.attributes[ranked.attribute[row]]
        likely = attribute.classes[ranked.likely[row]]
        image, chance = int(ranked.image[row]), float(ranked.probability[row])
        worth = float(ranked.value[row]) / largest
        cards.append(
            _card(findings, image, f"{spoken(attribute.name)}?", f"{likely}, {whole(chance)}")
        )
        rows.append(
            (
                image_name(findings, image),
                spoken(attribute.name),
                ratio(worth),
                likely,
                ratio(chance),
            )
        )
    return {
        "cards": cards,
        "n": count(len(ranked)),
        "idle": count(int(np.count_nonzero(ranked.value == 0))),
        "table": table(
            f"The {len(rows)} gaps most worth filling",
            ["Image", "Output", "Value, the first as 1", "For the sake of", "Probability"],
            rows,
            text_columns=(1, 3),
        ),
    }


def _card(findings: AuditFindings, image: int, title: str, *lines: str) -> Card:
    parts = findings.images
    pixels = read_image(parts.picture(image), where=parts.where(image))
    name = image_name(findings, image)
    return Card(thumbnail(pixels, alt=name), title, lines, name)


def image_name(findings: AuditFindings, image: int) -> str:
    """File name of an image, marked if it is a test image."""
    part, name = findings.images.place(image)
    return name if part == "train" else f"{name} (test)"


def image_size(findings: AuditFindings, image: int) -> str:
    """Width and height of the image file in pixels."""
    return f"{findings.measures.width[image]} x {findings.measures.height[image]}"


def kind_of(pair: Duplicate) -> str:
    """Similarity of a duplicate pair in words."""
    if pair.exact:
        return "exact"
    return ("mirrored, " if pair.mirrored else "") + f"correlation {pair.correlation:.3f}"


def whole(chance: float) -> str:
    """Format a probability as a whole percentage."""
    return f"{100 * chance:.0f}\N{NO-BREAK SPACE}%" if chance >= 0.005 else "<1\N{NO-BREAK SPACE}%"


def _number(value: float) -> str:
    return "none" if math.isnan(value) else f"{value:.3g}"
