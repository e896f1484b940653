"""What programs ask of an audit: its findings page by page, and decisions on labels."""

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
    """A label that was decided on; ``corrected`` is what the sheet of corrections says."""

    attribute: str
    given: str | None
    corrected: str


class AuditItem(TypedDict):
    """A finding as ``lacunar traits audit --json`` has it, and what was decided about it."""

    id: str
    finding: WrongLabel | Gap | CopyPair | BadImage
    decided: list[Decision]


class AuditPage(TypedDict):
    """Some findings of one kind; ``unjudged`` says why there are no wrong labels and gaps."""

    images: int
    findings: dict[Kind, int]
    unjudged: str | None
    kind: Kind
    total: int
    page: int
    pages: int
    items: list[AuditItem]


class Decisions(TypedDict):
    """All decisions; ``kept`` where they outlast the server."""

    kept: bool
    corrections: list[Decision]


class ApiAuditQuery(AuditQuery):
    """Which findings, and how many at once."""

    size: Annotated[int, Field(ge=1, le=200, description="Findings of a page.")] = 50


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
    image: Annotated[str, Field(max_length=4096, description="As the data name it.")]
    attribute: Annotated[str, Field(max_length=200)]
    corrected: Annotated[
        str | None,
        Field(
            max_length=200,
            description="A class, right, wrong, suggested or unknown, as in the sheet of"
            " corrections; null takes a decision back.",
        ),
    ]


@router.get("/audit", summary="What the audit flags", response_model=AuditPage)
async def findings(
    state: State, book: WithAudit, asked: Annotated[ApiAuditQuery, Query()]
) -> AuditPage:
    """Findings of one kind, filtered, page by page; the last page where the number is past it."""
    return await state.pool.run(_page, book, asked)


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
    """Cells that a spreadsheet would run begin with a quote, which is taken off again."""
    return csv_response(await state.pool.run(book.marks.csv))


@router.post("/audit/corrections", summary="Decide on a label", response_model=Decisions)
async def correct(state: State, book: WithAudit, correction: Correction) -> Decisions:
    """Decide on a label that the audit flags, or take a decision back; tell all there are."""
    return await state.pool.run(_correct, book, correction)


def _page(book: AuditBook, asked: ApiAuditQuery) -> AuditPage:
    page = book.page(asked.wanted, asked.page, asked.size)
    return {
        "images": len(book.findings.parts),
        "findings": book.counts,
        "unjudged": book.unjudged or None,
        "kind": asked.kind,
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
            if book.marks.decision(place) is not None
        ],
    }


def _decisions(book: AuditBook) -> Decisions:
    places = [(label.image, label.attribute) for label, _ in book.marks.rows()]
    return {
        "kept": book.marks.file is not None,
        "corrections": [_decision(book, place) for place in places],
    }


def _decision(book: AuditBook, place: Place) -> Decision:
    image, position = place
    part, name = book.findings.parts.place(image)
    attribute = book.findings.schema.attributes[position]
    given = int(book.findings.parts.labels[place])
    return {
        "image": name,
        "part": part,
        "attribute": attribute.name,
        "given": None if given < 0 else attribute.classes[given],
        "corrected": book.marks.cell(place),
    }


def _correct(book: AuditBook, asked: Correction) -> Decisions:
    place = _place(book.findings, asked.part, asked.image, asked.attribute)
    flagged = None if place is None else book.marks.flagged(place)
    if place is None or flagged is None:
        raise Refusal(404, "No such label", "The audit flags no label of this image and attribute.")
    attribute = book.findings.schema.attributes[place[1]]
    label = read_cell(asked.corrected or "", attribute, flagged.given, flagged.suggested)
    decide(book, place, label)
    return _decisions(book)


def _place(findings: AuditFindings, part: SplitName, name: str, attribute: str) -> Place | None:
    dataset = findings.parts.datasets.get(part)
    if dataset is None or name not in dataset.names or attribute not in findings.schema.names:
        return None
    first = 0 if part == "train" else len(findings.parts.train)
    return first + dataset.names.index(name), findings.schema.names.index(attribute)
