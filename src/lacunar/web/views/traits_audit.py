"""Views of audit findings: pictures, texts, and the decisions that a label offers."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from lacunar.report.traits.audit_sheets import image_name, image_size, kind_of, whole
from lacunar.report.traits.words import spoken
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.data.schema import UNKNOWN
from lacunar.web.audit.book import AuditBook
from lacunar.web.audit.decisions import Place
from lacunar.web.audit.items import Item

_ARROW = "\N{RIGHTWARDS ARROW}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A possible decision on a label; ``value`` is the value in the form."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class LabelView:
    """A label with its possible decisions.

    Parameters
    ----------
    image, attribute : int
        Positions of the image and of the attribute.
    about : str
        Attribute and image, where a finding has more than one label.
    choices : tuple of Choice
        Likely decisions, shown as buttons.
    others : tuple of Choice
        All other classes, shown as a menu.
    decided : str
        The decision in words; empty without one.
    """

    image: int
    attribute: int
    about: str
    choices: tuple[Choice, ...]
    others: tuple[Choice, ...]
    decided: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding as a card.

    Parameters
    ----------
    anchor : str
    pictures : tuple of (Markup, str)
        Each with the name of its image.
    title : str
    lines : tuple of str
    labels : tuple of LabelView
    done : bool
        Whether all its labels have a decision.
    """

    anchor: str
    pictures: tuple[tuple[Markup, str], ...]
    title: str
    lines: tuple[str, ...]
    labels: tuple[LabelView, ...]
    done: bool


def finding_view(book: AuditBook, item: Item) -> FindingView:
    """The view of a finding; reads image files whose thumbnails are not cached."""
    findings = book.findings
    title, lines = _words(findings, item)
    return FindingView(
        anchor=item.anchor,
        pictures=tuple((book.picture(i), image_name(findings, i)) for i in item.images),
        title=title,
        lines=lines,
        labels=tuple(_label(book, item, place) for place in item.places),
        done=bool(item.places) and not book.open(item),
    )


def _words(findings: AuditFindings, item: Item) -> tuple[str, tuple[str, ...]]:
    if item.kind == "wrong_labels":
        ranked = findings.wrong_labels
        assert ranked is not None
        attribute = findings.schema.attributes[item.attributes[0]]
        given, suggested = (
            attribute.classes[label[item.row]] for label in (ranked.given, ranked.suggested)
        )
        sure, own = float(ranked.confidence[item.row]), float(ranked.given_probability[item.row])
        return spoken(attribute.name), (
            f"{given} {_ARROW} {suggested}",
            f"{whole(sure)} against {whole(own)}",
        )
    if item.kind == "gaps":
        gaps = findings.gaps
        assert gaps is not None
        attribute = findings.schema.attributes[item.attributes[0]]
        likely, chance = attribute.classes[gaps.likely[item.row]], float(gaps.probability[item.row])
        return f"{spoken(attribute.name)}?", (f"{likely}, {whole(chance)}",)
    if item.kind == "duplicates":
        pair = findings.duplicates[item.row]
        differ = ", ".join(spoken(findings.schema.names[a]) for a in item.attributes)
        lines = (f"Labels differ: {differ}",) if differ else ("No labels differ",)
        return kind_of(pair).capitalize(), lines
    image = item.images[0]
    reasons = ", ".join(map(spoken, item.reasons))
    values = findings.low_quality[item.row].values
    lines_of = {line.reason: line for line in findings.thresholds}
    return reasons, (
        *(
            f"{lines_of[reason].quantity}: {value:.3g}"
            for reason, value in zip(item.reasons, values, strict=True)
        ),
        f"{image_size(findings, image)} pixels",
    )


def _label(book: AuditBook, item: Item, place: Place) -> LabelView:
    findings, (image, position) = book.findings, place
    attribute = findings.schema.attributes[position]
    flagged, decided = book.decisions.flagged(place), book.decisions.decision(place)
    assert flagged is not None
    given = int(findings.images.labels[place])
    likely = [flagged.suggested]
    choices = [_choice(f"It is {attribute.classes[flagged.suggested]}", flagged.suggested, decided)]
    if given != UNKNOWN:
        choices.insert(0, _choice(f"Right: {attribute.classes[given]}", given, decided))
        likely.append(given)
    choices.append(_choice("Cannot tell", UNKNOWN, decided))
    others = tuple(
        _choice(name, label, decided)
        for label, name in enumerate(attribute.classes)
        if label not in likely
    )
    about = ""
    if len(item.places) > 1:
        about = f"{spoken(attribute.name)} of {image_name(findings, image)}"
    decision = "" if decided is None else _decided(decided, given, attribute.classes)
    return LabelView(image, position, about, tuple(choices), others, decision)


def _choice(text: str, label: int, decided: int | None) -> Choice:
    return Choice(str(label), text, label == decided)


def _decided(label: int, given: int, classes: tuple[str, ...]) -> str:
    if label == UNKNOWN:
        return "nobody can tell"
    return f"{classes[label]} is right" if label == given else f"it is {classes[label]}"
