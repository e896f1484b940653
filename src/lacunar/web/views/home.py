"""Cards of the home page: a summary of each model, with links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lacunar.report.tables import count
from lacunar.report.taste.page import summary as taste_summary
from lacunar.report.traits.page import summary as traits_summary
from lacunar.report.traits.words import spoken
from lacunar.taste.model import TasteModel
from lacunar.web.traits_service import TraitsService


@dataclass(frozen=True, slots=True)
class Card:
    """A summary of a model.

    Parameters
    ----------
    title : str
    lead : str
        What the model predicts, in a sentence.
    figures : tuple of (str, str)
        Numbers with their descriptions.
    parts_are : str
        Heading of ``parts``.
    parts : tuple of str
        Names of its segments, or of its attributes.
    notes : tuple of str
        Notes on training data and reliability.
    links : tuple of (str, str)
        Paths with their labels.
    """

    title: str
    lead: str
    figures: tuple[tuple[str, str], ...]
    parts_are: str
    parts: tuple[str, ...]
    notes: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


def taste_card(model: TasteModel) -> Card:
    """Summary of a taste model."""
    facts, plural = taste_summary(model), model.ratings.noun.plural
    return Card(
        title="Tastes",
        lead=f"Segments of users by their taste, and {plural} to recommend to them.",
        figures=_figures(facts["figures"]),
        parts_are="Segments",
        parts=model.segments.names,
        notes=(
            f"{model.criterion}.",
            f"It learned from {facts['rows']} rows of ratings of {facts['scale']}; what a user has "
            "not rated stays unknown.",
        ),
        links=(
            ("/taste", "Segments and the map of users"),
            ("/taste/try", f"Rate some {plural} yourself"),
        ),
    )


def traits_card(service: TraitsService) -> Card:
    """Summary of a traits model; an ONNX file has no figures."""
    names = tuple(spoken(name) for name in service.schema.names)
    if service.model is None:
        figures: tuple[tuple[str, str], ...] = ((count(len(names)), "attributes"),)
        note = "An ONNX file does not tell what it learned from, nor how well it does."
    else:
        facts = traits_summary(service.model)
        figures = _figures(facts["figures"])
        note = Markup(
            "Had every answer been the largest class, the mean accuracy of the {} images would be "
            "{}."
        ).format(facts["part"], facts["accuracy_largest"])
    links = [("/traits", "How well it does"), ("/traits/try", "Try your own images")]
    if service.audit is not None:
        links.append(("/traits/audit", "The audit of its labels"))
    return Card(
        title="Traits",
        lead="Attributes of images, with the probability of each answer.",
        figures=figures,
        parts_are="Attributes",
        parts=names,
        notes=(note, "No decision about a person may rest on an answer of this model."),
        links=tuple(links),
    )


def _figures(pairs: object) -> tuple[tuple[str, str], ...]:
    assert isinstance(pairs, Sequence)
    return tuple((value, what) for value, what in pairs)
