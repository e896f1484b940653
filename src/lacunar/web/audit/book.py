"""The audit of a data set as pages and programs leaf through it: by kind, filtered, in pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from markupsafe import Markup

from lacunar.aliases import StageProgress
from lacunar.errors import InputError
from lacunar.report.traits.audit_sheets import image_name
from lacunar.report.traits.thumbnails import thumbnail
from lacunar.traits.audit.findings import AuditFindings, audit_images
from lacunar.traits.audit.unseen_predictions import unseen_probabilities
from lacunar.traits.data.dataset import read_layout
from lacunar.traits.data.images import read_image
from lacunar.traits.data.schema import Schema, read_schema
from lacunar.traits.model import TraitsModel
from lacunar.web.audit.decisions import Decisions
from lacunar.web.audit.items import Item, Kind, items_of

State = Literal["any", "open", "marked"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Drawn pictures that are kept, some kilobytes each.
_PICTURES = 512


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are asked for.

    Parameters
    ----------
    kind : {'wrong_labels', 'gaps', 'duplicates', 'low_quality'}
    attribute : str, optional
        Of the label; of copies, one in which they differ.
    reason : str, optional
        Of low quality.
    at_least : float
        Probability of what is suggested or likely; of copies, their correlation.
    marked : {'any', 'open', 'marked'}
        Whether all its labels are decided on.
    also : str, optional
        Anchor of a finding that is wanted whatever was decided: whoever has just decided on it
        shall find it where it was.
    """

    kind: Kind = "wrong_labels"
    attribute: str | None = None
    reason: str | None = None
    at_least: float = 0.0
    marked: State = "any"
    also: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found; pages count from 1, and there is always one."""

    items: Sequence[Item]
    number: int
    pages: int
    total: int


class AuditBook:
    """Findings of an audit with their pictures and the decisions on them; any thread may ask.

    Parameters
    ----------
    findings : AuditFindings
    marks : Decisions
    unjudged : str
        Why there are no predictions to judge labels and gaps by; empty where there are.
    """

    def __init__(self, findings: AuditFindings, marks: Decisions, unjudged: str = "") -> None:
        self.findings = findings
        self.marks = marks
        self.unjudged = unjudged
        self._items: dict[Kind, tuple[Item, ...]] = items_of(findings)
        self.picture: Callable[[int], Markup] = lru_cache(_PICTURES)(self._draw)

    @property
    def counts(self) -> dict[Kind, int]:
        """Findings of each kind."""
        return {kind: len(items) for kind, items in self._items.items()}

    @property
    def reasons(self) -> dict[str, int]:
        """Images of low quality under each reason that has some."""
        found: dict[str, int] = {}
        for line in self.findings.thresholds:
            n = sum(line.reason in item.reasons for item in self._items["low_quality"])
            if n:
                found[line.reason] = n
        return found

    def find(self, wanted: FindingFilter) -> list[Item]:
        """Findings that are asked for, in the order of the audit.

        Raises
        ------
        InputError
            If there is no such attribute or reason.
        """
        names, reasons = self.findings.schema.names, [t.reason for t in self.findings.thresholds]
        for what, value, known in (
            ("attribute", wanted.attribute, names),
            ("reason", wanted.reason, reasons),
        ):
            if value is not None and value not in known:
                raise InputError(f"{what}: expected one of {', '.join(known)}, got {value!r}")
        return [item for item in self._items[wanted.kind] if self._fits(item, wanted)]

    def page(self, wanted: FindingFilter, number: int, size: int) -> Page:
        """A page of what :meth:`find` finds; the last one where the number is past it."""
        found = self.find(wanted)
        pages = max(1, -(-len(found) // size))
        number = min(max(number, 1), pages)
        return Page(found[(number - 1) * size : number * size], number, pages, len(found))

    def open(self, item: Item) -> bool:
        """Whether a label of a finding waits for a decision."""
        return any(self.marks.decision(place) is None for place in item.places)

    def _fits(self, item: Item, wanted: FindingFilter) -> bool:
        names = self.findings.schema.names
        if wanted.attribute is not None and wanted.attribute not in (
            names[position] for position in item.attributes
        ):
            return False
        if wanted.reason is not None and wanted.reason not in item.reasons:
            return False
        if item.confidence is not None and item.confidence < wanted.at_least:
            return False
        if wanted.marked == "any" or item.anchor == wanted.also:
            return True
        return bool(item.places) and self.open(item) == (wanted.marked == "open")

    def _draw(self, image: int) -> Markup:
        parts = self.findings.parts
        name = image_name(self.findings, image)
        try:
            pixels = read_image(parts.path(image), where=parts.where(image))
        except InputError:
            return Markup('<span class="gone">{} cannot be read any more</span>').format(name)
        return thumbnail(pixels, alt=name)


def open_audit(
    data: Path,
    model: TraitsModel | None,
    *,
    default: Schema,
    schema: Path | None = None,
    corrections: Path | None = None,
    cache_dir: Path | None = None,
    progress: StageProgress | None = None,
) -> AuditBook:
    """Audit labelled images, with predictions where a model has some that may judge them.

    Parameters
    ----------
    data : Path
        See :func:`lacunar.traits.data.dataset.read_layout`.
    model : TraitsModel, optional
        Judges labels and gaps if it was fitted to these data in folds; otherwise they are left
        out, and the book says why.
    default : Schema
        Of the data, unless a ``schema.toml`` says otherwise.
    schema : Path, optional
        A ``schema.toml`` that is not beside the data.
    corrections : Path, optional
        See :class:`lacunar.web.audit.decisions.Decisions`.
    cache_dir : Path, optional
        See :func:`lacunar.traits.data.image_cache.default_cache_dir`.
    progress : callable, optional
        Called with a stage, the steps that are done and their number.

    Raises
    ------
    InputError
        If the data, an image of them or the file of corrections cannot be read.
    """
    train, test = read_layout(data, read_schema(schema) if schema else None, default=default)
    probabilities = of_test = None
    unjudged = "an ONNX file holds no predictions of images that its networks had not seen"
    if model is not None:
        try:
            probabilities, of_test = unseen_probabilities(model, train, test, cache_dir=cache_dir)
            unjudged = ""
        except InputError as error:
            # Where the data lie is nobody's business but the owner's.
            unjudged = str(error).replace(f"{train.source.parent}{os.sep}", "")
    findings = audit_images(
        train, test, probabilities, test_probabilities=of_test, progress=progress
    )
    return AuditBook(findings, Decisions(findings, corrections), unjudged)
