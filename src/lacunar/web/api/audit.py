"""API of an audit: findings in pages, and decisions on labels."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from lacunar.traits.audit.correction_sheet import read_cell
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.json_schema import BadImage, CopyPair, Gap, ImageName, WrongLabel
from lacunar.traits.data.dataset import SplitName
from lacunar.web.audit.book import AuditBook
from lacunar.web.audit.decisions import Place
from lacunar.web.audit.items import Item, Kind, item_document
from lacunar.web.audit_requests import AuditQuery, WithAudit, csv_response, decide
from lacunar.web.problems import Refusal
from lacunar.web.state import State

router = APIRouter(tags=["traits"])


class Decision(ImageName):
    """A label with a decision; ``corrected`` is its cell in the correction sheet."""

    attribute: str
    given: str | None
    corrected: str


class AuditItem(TypedDict):
    """A finding as in `lacunar traits audit --json`, and the decisions on its labels."""

    id: str
    finding: WrongLabel | Gap | CopyPair | BadImage
    decided: list[Decision]


class AuditPage(TypedDict):
    """A page of findings of one kind; ``unjudged`` says why wrong labels and gaps are missing."""

    images: int
    findings: dict[Kind, int]
    unjudged: str | None
    kind: Kind
    total: int
    page: int
    pages: int
    items: list[AuditItem]


class Decisions(TypedDict):
    """All decisions; ``kept`` is true if a file keeps them."""

    kept: bool
    corrections: list[Decision]


class ApiAuditQuery(AuditQuery):
    """Filters of the findings, and the page and its size."""

    size: Annotated[int, Field(ge=1, le=200, description="Findings per page.")] = 50


class Correction(BaseModel):
    """A decision on a label that the audit flags."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"part": "train", "image": "a.png", "attribute": "coat", "corrected": "closed"}
            ]
        },
    )

    part: Literal["train", "test"] = "train"
    image: Annotated[str, Field(max_length=4096, description="Name of the image in the data.")]
    attribute: Annotated[str, Field(max_length=200)]
    corrected: Annotated[
        str | None,
        Field(
            max_length=200,
            description="A class, right, wrong, suggested or unknown, as in the correction"
            " sheet; null withdraws the decision.",
        ),
    ]


@router.get("/audit", summary="Findings of the audit", response_model=AuditPage)
async def findings(
    state: State, book: WithAudit, query: Annotated[ApiAuditQuery, Query()]
) -> AuditPage:
    """Filtered findings of one kind in pages; the last page if the number is too large."""
    return await state.pool.run(_page, book, query)


@router.get("/audit/corrections", summary="All decisions", response_model=Decisions)
async def corrections(state: State, book: WithAudit) -> Decisions:
    """Decisions on flagged labels, in the order of the audit."""
    return await state.pool.run(_decisions, book)


@router.get(
    "/audit/corrections.csv",
    summary="All decisions as the sheet that `lacunar traits correct` reads",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def corrections_csv(state: State, book: WithAudit) -> Response:
    """Cells that a spreadsheet would execute begin with a quote, which reading removes."""
    return csv_response(await state.pool.run(book.decisions.csv))


@router.post("/audit/corrections", summary="Decide on a label", response_model=Decisions)
async def correct(state: State, book: WithAudit, correction: Correction) -> Decisions:
    """Decide on a flagged label or withdraw a decision; the answer holds all decisions."""
    return await state.pool.run(_correct, book, correction)


def _page(book: AuditBook, query: ApiAuditQuery) -> AuditPage:
    page = book.page(query.filters, query.page, query.size)
    return {
        "images": len(book.findings.images),
        "findings": book.counts,
        "unjudged": book.unjudged or None,
        "kind": query.kind,
        "total": page.total,
        "page": page.number,
        "pages": page.pages,
        "items": [_item(book, item) for item in page.items],
    }


def _item(book: AuditBook, item: Item) -> AuditItem:
    return {
        "id": item.anchor,
        "finding": item_document(book.findings, item),
        "decided": [
            _decision(book, place)
            for place in item.places
            if book.decisions.decision(place) is not None
        ],
    }


def _decisions(book: AuditBook) -> Decisions:
    places = [(label.image, label.attribute) for label, _ in book.decisions.rows()]
    return {
        "kept": book.decisions.file is not None,
        "corrections": [_decision(book, place) for place in places],
    }


def _decision(book: AuditBook, place: Place) -> Decision:
    image, position = place
    part, name = book.findings.images.place(image)
    attribute = book.findings.schema.attributes[position]
    given = int(book.findings.images.labels[place])
    return {
        "image": name,
        "part": part,
        "attribute": attribute.name,
        "given": None if given < 0 else attribute.classes[given],
        "corrected": book.decisions.cell(place),
    }


def _correct(book: AuditBook, correction: Correction) -> Decisions:
    place = _place(book.findings, correction.part, correction.image, correction.attribute)
    flagged = None if place is None else book.decisions.flagged(place)
    if place is None or flagged is None:
        raise Refusal(
            404, "No such label", "The audit does not flag a label of this image and attribute."
        )
    attribute = book.findings.schema.attributes[place[1]]
    label = read_cell(correction.corrected or "", attribute, flagged.given, flagged.suggested)
    decide(book, place, label)
    return _decisions(book)


def _place(findings: AuditFindings, part: SplitName, name: str, attribute: str) -> Place | None:
    dataset = findings.images.datasets.get(part)
    if dataset is None or name not in dataset.names or attribute not in findings.schema.names:
        return None
    first = 0 if part == "train" else len(findings.images.train)
    return first + dataset.names.index(name), findings.schema.names.index(attribute)
