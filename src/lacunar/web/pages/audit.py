"""Pages of the audit of labelled images: findings, and decisions on labels."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator, Field, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lacunar.errors import InputError
from lacunar.report.tables import count
from lacunar.report.traits.audit_sheets import low_quality
from lacunar.report.traits.words import spoken
from lacunar.web.audit.book import KINDS, AuditBook
from lacunar.web.audit.items import Kind
from lacunar.web.audit_requests import (
    AuditQuery,
    WithAudit,
    WithAuditQuery,
    csv_response,
    decide,
    none_if_empty,
)
from lacunar.web.rendering import render
from lacunar.web.state import State
from lacunar.web.uploads import read_fields
from lacunar.web.views.traits_audit import finding_view

router = APIRouter()

_SIZE = 24
_NAMES: dict[Kind, str] = {
    "wrong_labels": "Likely wrong",
    "gaps": "Gaps",
    "duplicates": "Copies",
    "low_quality": "Low quality",
}
_HEADINGS: dict[Kind, str] = {
    "wrong_labels": "Labels that are likely wrong",
    "gaps": "Gaps worth filling",
    "duplicates": "Copies",
    "low_quality": "Images of low quality",
}


Label = Annotated[int, Field(ge=0)]


class DecisionForm(AuditQuery):
    """A decision, with the query of the page that sent it."""

    image: Annotated[int, Field(ge=0)]
    of: Annotated[int, Field(ge=0)]
    decision: Annotated[str, Field(max_length=9, pattern=r"^(other|-1|\d*)$")]
    other: Annotated[Label | None, BeforeValidator(none_if_empty)] = None
    anchor: Annotated[str, Field(max_length=30, pattern=r"^[a-z_]+-\d+$")]

    @property
    def label(self) -> int | None:
        """The decided label; None to withdraw a decision."""
        if self.decision == "other":
            if self.other is None:
                raise InputError("other: expected a class, got none")
            return self.other
        return int(self.decision) if self.decision else None


@router.get("/traits/audit")
async def show(
    request: Request, state: State, book: WithAudit, query: WithAuditQuery
) -> HTMLResponse:
    """Show a page of findings."""
    context = await state.pool.run(_context, book, query)
    return render(request, "audit.html", title="Audit", **context)


@router.post("/traits/audit/marks")
async def decide_label(request: Request, state: State, book: WithAudit) -> Response:
    """Decide on a label, then redirect to the page that showed it."""
    fields = await read_fields(request, state.settings)
    try:
        form = DecisionForm.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    await state.pool.run(decide, book, (form.image, form.of), form.label)
    query = AuditQuery.model_validate(form.model_dump(include=set(AuditQuery.model_fields)))
    also = None if form.marked == "any" else form.anchor
    return RedirectResponse(query.address(anchor=form.anchor, also=also), 303)


@router.get("/traits/audit/corrections.csv")
async def corrections(state: State, book: WithAudit) -> Response:
    """All decisions as a CSV file."""
    return csv_response(await state.pool.run(book.decisions.csv))


def _context(book: AuditBook, query: AuditQuery) -> dict[str, Any]:
    findings, filters = book.findings, query.filters
    page = book.page(filters, query.page, _SIZE)
    shown = query.model_copy(update={"page": page.number, "also": None})
    thresholds = low_quality(findings, 0)["thresholds"] if filters.kind == "low_quality" else None
    return {
        "n_images": count(len(findings.images)),
        "n_attributes": len(findings.schema.names),
        "kinds": [(kind, _NAMES[kind], count(book.counts[kind])) for kind in KINDS],
        "heading": _HEADINGS[filters.kind],
        "attributes": [(name, spoken(name)) for name in findings.schema.names],
        "reasons": [(name, spoken(name), count(n)) for name, n in book.reasons.items()],
        "unjudged": book.unjudged,
        "filters": filters,
        "query": shown.fields(),
        "page": page,
        "earlier": shown.address(page=page.number - 1) if page.number > 1 else "",
        "later": shown.address(page=page.number + 1),
        "findings": [finding_view(book, item) for item in page.items],
        "thresholds": thresholds,
        "n_decided": len(book.decisions),
        "file": "" if book.decisions.file is None else book.decisions.file.name,
    }
