"""The model card of a traits model."""

from __future__ import annotations

import math

import numpy as np

from lacunar.traits.config import TraitsConfig
from lacunar.traits.evaluate.evaluation import Evaluation, evaluated_images
from lacunar.traits.model import TraitsModel
from lacunar.traits.training.history import common_epoch, kept_span


def model_card(model: TraitsModel) -> str:
    """Describe a model in Markdown: data, gaps, scores and baseline, limits, use."""
    sections = [
        _head(model),
        _labels(model),
        *(
            _scores(part, found, model.config)
            for part, found in reversed(model.evaluations.items())
        ),
        _limits(model),
        _uses(),
    ]
    return "\n".join(sections)


def _head(model: TraitsModel) -> str:
    config = model.config
    images = {part: int(counts[0].sum()) for part, counts in model.counts.items()}
    total = sum(images.values())
    cells = sum(int(count.sum()) for counts in model.counts.values() for count in counts)
    unknown = sum(int(count[0]) for counts in model.counts.values() for count in counts)
    split = ", ".join(f"{n} {part}" for part, n in images.items())
    repeated = sum(intake.repeated for intake in model.intake.values())
    versions = ", ".join(f"{name} {version}" for name, version in model.versions.items())
    machine = f" Trained on {model.machine}." if model.machine else ""
    return f"""# Traits model

Answers {", ".join(model.schema.names)} of one image each, learned from labels with gaps.

- Data: {total} images ({split}), fitted into {config.height} x {config.width} pixels.
- Unknown: {unknown} of {cells} labels ({unknown / cells:.1%}); they enter no loss and no figure.
- Rows left out on reading: {repeated}, of images that an earlier row names.
- {_networks(model)}
- {_start(model)}
- {_epochs(model)}
- Preset `{config.preset}`, seed {config.seed}, {versions}.{machine}
- Fingerprint of the training data: `{model.fingerprint}`.
"""


def _epochs(model: TraitsModel) -> str:
    config, n = model.config, len(model.history)
    kept = common_epoch(model.histories, config)
    if kept is None:
        own = kept_span(model.histories, config)
        return f"Each network kept its epoch of the lowest validation loss: {own}."
    lowest = ", the one with the lowest validation loss" * config.chooses_epoch
    return f"Epoch {kept} of {n}{lowest}."


def _networks(model: TraitsModel) -> str:
    size = f"{sum(layer.parameters for layer in model.layers):,} numbers"
    if len(model.states) == 1:
        return f"Network `{model.config.network}`, {size}."
    each = f"{len(model.states)} networks `{model.config.network}` of {size} each"
    if model.config.refit:
        return (
            f"{each}, trained on all images; answers are means of their probabilities."
            f" {len(model.histories)} others, trained without parts of the images, judged those."
        )
    return (
        f"{each}, every one trained without other parts of the images; answers are means of their"
        " probabilities."
    )


def _start(model: TraitsModel) -> str:
    if model.start is None:
        return "Weights started from chance."
    known = ", ".join(model.start.attributes) or "none of the attributes"
    return (
        f"Weights started from `{model.start.name}` (`{model.start.digest}`), which come with"
        f" Lacunar and were learned from drawn pictures alone; they could tell {known}."
    )


def _labels(model: TraitsModel) -> str:
    parts = list(model.counts)
    lines = [
        "## Labels",
        "",
        f"| attribute | class | {' | '.join(parts)} |",
        f"|---|---|{'---|' * len(parts)}",
    ]
    for position, attribute in enumerate(model.schema.attributes):
        for row, name in enumerate(("unknown", *attribute.classes)):
            cells = (str(model.counts[part][position][row]) for part in parts)
            shown = f"*{name}*" if row == 0 else _cell(name)
            lines.append(f"| {_cell(attribute.name)} | {shown} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _scores(part: str, found: Evaluation, config: TraitsConfig) -> str:
    lines = [
        f"## Scores: {part}",
        "",
        f"On {evaluated_images(part, config)}.",
        "Intervals hold 95 %. *Largest* answers the largest class of the training labels every",
        "time. Macro F1 is over the classes that occur.",
        "",
        "| attribute | accuracy | largest | macro F1 | largest | known | unknown |",
        "|---|---|---|---|---|---|---|",
    ]
    known = [int(confusion.sum()) for confusion in found.confusions]
    counted = [*zip(known, found.unknown.tolist(), strict=True), ("", "")]
    rows = zip(
        (*map(_cell, found.schema.names), "**mean**"),
        found.scores[:, :2],
        found.baseline[:, :2],
        found.intervals[:, :2],
        counted,
        strict=True,
    )
    for name, figures, baseline, intervals, (n_known, n_unknown) in rows:
        cells = []
        for value, largest, ends in zip(figures, baseline, intervals, strict=True):
            cells += [_with_interval(value, *ends), _figure(largest)]
        lines.append(f"| {name} | {' | '.join(cells)} | {n_known} | {n_unknown} |")
    return "\n".join([*lines, ""])


def _limits(model: TraitsModel) -> str:
    rare = [
        f"{attribute.name} {name} ({count})"
        for attribute, counts in zip(model.schema.attributes, model.counts["train"], strict=True)
        for name, count in zip(attribute.classes, counts[1:].tolist(), strict=True)
        if count < 10
    ]
    lines = [
        "## Limits",
        "",
        "- It answers every image, also one that shows no person, and one unlike all it has seen.",
        "- Its probabilities are calibrated for images like the training images: there .9 means",
        "  right about nine times in ten. They say nothing of images of another kind.",
        "- What it learned holds for images like the training images: same cameras, same people,",
        "  same years. Nothing here says how it does on others.",
        "- The classes are those of the labels, and so are their errors and their simplifications.",
    ]
    if rare:
        lines.append(f"- Learned from fewer than 10 labels: {', '.join(rare)}.")
    return "\n".join([*lines, ""])


def _uses() -> str:
    return """## Use

Meant for research on learning from incomplete labels, for comparing methods, and for browsing one's
own images where an error costs nothing.

Unfit for any decision about a person: no decision about anybody may rest on an answer of this
model. It is not for identifying, tracking, rating or sorting people, nor for surveillance,
policing, hiring, access or advertising to individuals.
"""


def _cell(name: str) -> str:
    return name.replace("|", r"\|")


def _figure(value: float) -> str:
    return "none" if math.isnan(value) else f"{value:.3f}"


def _with_interval(value: float, low: float, high: float) -> str:
    if np.isnan([value, low, high]).any():
        return _figure(value)
    return f"{value:.3f} ({low:.3f} to {high:.3f})"
