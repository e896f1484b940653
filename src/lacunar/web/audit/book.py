"""Findings of an audit by kind, filtered and paginated, for pages and the API."""

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
# Cached thumbnails, some kilobytes each.
_PICTURES = 512


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Filters of findings.

    Parameters
    ----------
    kind : {'wrong_labels', 'gaps', 'duplicates', 'low_quality'}
    attribute : str, optional
        Attribute of the label; for duplicates, an attribute whose labels differ.
    reason : str, optional
        Reason of low quality.
    at_least : float
        Lowest probability of the suggested or likely class; for duplicates, lowest correlation.
    marked : {'any', 'open', 'marked'}
        Whether all labels of a finding have a decision.
    also : str, optional
        Anchor of a finding that ``marked`` never leaves out, so that a finding stays in its place
        right after the decision on it.
    """

    kind: Kind = "wrong_labels"
    attribute: str | None = None
    reason: str | None = None
    at_least: float = 0.0
    marked: State = "any"
    also: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of findings; page numbers begin at 1, and there is at least one page."""

    items: Sequence[Item]
    number: int
    pages: int
    total: int


class AuditBook:
    """Findings of an audit, with thumbnails and decisions; thread-safe.

    Parameters
    ----------
    findings : AuditFindings
    decisions : Decisions
    unjudged : str
        Why no predictions judge labels and gaps; empty if some do.
    """

    def __init__(self, findings: AuditFindings, decisions: Decisions, unjudged: str = "") -> None:
        self.findings = findings
        self.decisions = decisions
        self.unjudged = unjudged
        self._items: dict[Kind, tuple[Item, ...]] = items_of(findings)
        self.picture: Callable[[int], Markup] = lru_cache(_PICTURES)(self._draw)

    @property
    def counts(self) -> dict[Kind, int]:
        """Findings of each kind."""
        return {kind: len(items) for kind, items in self._items.items()}

    @property
    def reasons(self) -> dict[str, int]:
        """Number of low-quality images by reason, without reasons that no image has."""
        found: dict[str, int] = {}
        for line in self.findings.thresholds:
            n = sum(line.reason in item.reasons for item in self._items["low_quality"])
            if n:
                found[line.reason] = n
        return found

    def find(self, filters: FindingFilter) -> list[Item]:
        """Findings that pass the filters, in the order of the audit.

        Raises
        ------
        InputError
            If there is no such attribute or reason.
        """
        names, reasons = self.findings.schema.names, [t.reason for t in self.findings.thresholds]
        for what, value, known in (
            ("attribute", filters.attribute, names),
            ("reason", filters.reason, reasons),
        ):
            if value is not None and value not in known:
                raise InputError(f"{what}: expected one of {', '.join(known)}, got {value!r}")
        return [item for item in self._items[filters.kind] if self._fits(item, filters)]

    def page(self, filters: FindingFilter, number: int, size: int) -> Page:
        """A page of what :meth:`find` returns; the last page if the number is too large."""
        found = self.find(filters)
        pages = max(1, -(-len(found) // size))
        number = min(max(number, 1), pages)
        return Page(found[(number - 1) * size : number * size], number, pages, len(found))

    def open(self, item: Item) -> bool:
        """Whether a label of a finding has no decision yet."""
        return any(self.decisions.decision(place) is None for place in item.places)

    def _fits(self, item: Item, filters: FindingFilter) -> bool:
        names = self.findings.schema.names
        if filters.attribute is not None and filters.attribute not in (
            names[position] for position in item.attributes
        ):
            return False
        if filters.reason is not None and filters.reason not in item.reasons:
            return False
        if item.confidence is not None and item.confidence < filters.at_least:
            return False
        if filters.marked == "any" or item.anchor == filters.also:
            return True
        return bool(item.places) and self.open(item) == (filters.marked == "open")

    def _draw(self, image: int) -> Markup:
        parts = self.findings.images
        name = image_name(self.findings, image)
        try:
            pixels = read_image(parts.picture(image), where=parts.where(image))
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
    """Audit labelled images, with a model's out-of-fold predictions where it has some.

    Parameters
    ----------
    data : Path
        See :func:`lacunar.traits.data.dataset.read_layout`.
    model : TraitsModel, optional
        Judges labels and gaps if it was fitted to these data in folds; otherwise these findings
        are left out and ``unjudged`` says why.
    default : Schema
        Schema of the data where no ``schema.toml`` gives one.
    schema : Path, optional
        A ``schema.toml`` outside the data directory.
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
            # Clients must not see where the data lie on the server.
            unjudged = str(error).replace(f"{Path(train.origin).parent}{os.sep}", "")
    findings = audit_images(
        train, test, probabilities, test_probabilities=of_test, progress=progress
    )
    return AuditBook(findings, Decisions(findings, corrections), unjudged)
