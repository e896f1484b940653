"""What the page of posted images shows: answers with probabilities, and where each lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lacunar.report.tables import probability
from lacunar.report.traits.audit_sheets import whole
from lacunar.report.traits.explained import Look, looks_of
from lacunar.report.traits.words import spoken
from lacunar.traits.json_schema import Answer, BrokenImage
from lacunar.traits.predict.predictor import Thresholds
from lacunar.web.traits_service import AnsweredImage

# Classes besides the answer that are told, and from which probability on.
_OTHERS, _WORTH_TELLING = 2, 0.01
# Of the pictures, against those of a report, which shows many in a row.
_SCALE = 1.5


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer.

    Parameters
    ----------
    attribute, label : str
    probability : Markup
    meter : str
        The probability as a plain number.
    abstain : bool
    threshold : str
        Under which it is kept back.
    others : str
        The next most probable classes, in words.
    look : Look, optional
        The picture of its places; None where none were asked for.
    """

    attribute: str
    label: str
    probability: Markup
    meter: str
    abstain: bool
    threshold: str
    others: str
    look: Look | None


@dataclass(frozen=True, slots=True)
class ImageView:
    """An image with its answers."""

    name: str
    picture: Markup
    answers: tuple[AnswerView, ...]


@dataclass(frozen=True, slots=True)
class TryView:
    """All images of one form, those that are broken apart."""

    images: tuple[ImageView, ...]
    broken: tuple[BrokenImage, ...]
    places: bool


def try_view(told: Sequence[AnsweredImage | BrokenImage], thresholds: Thresholds) -> TryView:
    """Draw the pictures of answers and write down their figures."""
    whole_images = [one for one in told if isinstance(one, AnsweredImage)]
    return TryView(
        images=tuple(_image(one, thresholds) for one in whole_images),
        broken=tuple(one for one in told if not isinstance(one, AnsweredImage)),
        places=any(one.image.answers for one in whole_images),
    )


def _image(told: AnsweredImage, thresholds: Thresholds) -> ImageView:
    itself, *looks = looks_of(told.image, scale=_SCALE)
    answers = told.prediction["attributes"]
    places: Sequence[Look | None] = looks or [None] * len(answers)
    return ImageView(
        name=told.prediction["image"],
        picture=itself.picture,
        answers=tuple(
            _answer(name, answer, threshold, look)
            for (name, answer), threshold, look in zip(
                answers.items(), thresholds, places, strict=True
            )
        ),
    )


def _answer(name: str, answer: Answer, threshold: float | None, look: Look | None) -> AnswerView:
    others = sorted(
        (
            (chance, label)
            for label, chance in answer["probabilities"].items()
            if label != answer["label"] and chance >= _WORTH_TELLING
        ),
        key=lambda pair: -pair[0],
    )
    return AnswerView(
        attribute=spoken(name),
        label=answer["label"],
        probability=probability(answer["probability"]),
        meter=f"{answer['probability']:.3f}",
        abstain=answer["abstain"],
        threshold="any answer can be" if threshold is None else f"{threshold:.3f}",
        others=", ".join(f"{label} {whole(chance)}" for chance, label in others[:_OTHERS]),
        look=look,
    )
