"""View of posted images: answers with probabilities and heat maps."""

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

# Number of other classes to show, and their lowest probability.
_OTHERS, _MIN_SHOWN = 2, 0.01
# Size of the pictures, relative to those of a report.
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
        Probability below which the answer abstains.
    others : str
        The next most probable classes, in words.
    look : Look, optional
        The picture with the heat map; None if it was not requested.
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
    """All images of a form, with broken ones separate."""

    images: tuple[ImageView, ...]
    broken: tuple[BrokenImage, ...]
    places: bool


def try_view(answered: Sequence[AnsweredImage | BrokenImage], thresholds: Thresholds) -> TryView:
    """The view of answers, with pictures and probabilities."""
    whole_images = [one for one in answered if isinstance(one, AnsweredImage)]
    return TryView(
        images=tuple(_image(one, thresholds) for one in whole_images),
        broken=tuple(one for one in answered if not isinstance(one, AnsweredImage)),
        places=any(one.image.answers for one in whole_images),
    )


def _image(answered: AnsweredImage, thresholds: Thresholds) -> ImageView:
    itself, *looks = looks_of(answered.image, scale=_SCALE)
    answers = answered.prediction["attributes"]
    places: Sequence[Look | None] = looks or [None] * len(answers)
    return ImageView(
        name=answered.prediction["image"],
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
            if label != answer["label"] and chance >= _MIN_SHOWN
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
