"""Requests on an audit, shared by pages and the API: query parameters and decisions."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import Response

from lacunar.web.audit.book import AuditBook, FindingFilter, State
from lacunar.web.audit.items import Kind
from lacunar.web.problems import Refusal
from lacunar.web.state import WithTraits

_LONGEST_NAME = 200


def none_if_empty(value: object) -> object:
    """Read an empty form field as None."""
    return None if value == "" else value


def _zero_if_empty(value: object) -> object:
    return 0 if value == "" else value


_Name = Annotated[str, Field(max_length=_LONGEST_NAME)]
Text = Annotated[_Name | None, BeforeValidator(none_if_empty)]
_Anchor = Annotated[str, Field(max_length=30)]
_Share = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[_Share, BeforeValidator(_zero_if_empty)]
PageNumber = Annotated[int, Field(ge=1, le=1_000_000)]


class AuditQuery(BaseModel):
    """Filters of the findings, and the number of a page."""

    kind: Kind = Field("wrong_labels", description="Kind of the findings.")
    attribute: Text = Field(
        None, description="Attribute of the label; for duplicates, one whose labels differ."
    )
    reason: Text = Field(None, description="Reason of low quality, such as dark.")
    at_least: Share = Field(
        0.0,
        description="Lowest probability of the suggested class; for duplicates, correlation.",
    )
    marked: State = Field("any", description="Whether all labels of a finding have a decision.")
    page: PageNumber = 1
    also: Annotated[_Anchor | None, BeforeValidator(none_if_empty)] = Field(
        None, description="Identifier of a finding that `marked` never leaves out."
    )

    @property
    def filters(self) -> FindingFilter:
        """The filters without the page."""
        return FindingFilter(
            self.kind, self.attribute, self.reason, self.at_least, self.marked, self.also
        )

    def fields(self, **changed: object) -> dict[str, str]:
        """Fields that differ from their defaults, as strings for a URL or a form."""
        query = self.model_copy(update=changed)
        given = query.model_dump(exclude_defaults=True, exclude_none=True)
        return {"kind": self.kind, **{name: str(value) for name, value in given.items()}}

    def address(self, *, anchor: str = "", **changed: object) -> str:
        """URL of the page of findings, with some fields changed.

        Examples
        --------
        >>> AuditQuery(kind="gaps", at_least=0.5).address(page=2, anchor="gaps-31")
        '/traits/audit?kind=gaps&at_least=0.5&page=2#gaps-31'
        """
        return f"/traits/audit?{urlencode(self.fields(**changed))}{'#' if anchor else ''}{anchor}"


WithAuditQuery = Annotated[AuditQuery, Query()]


async def audit_of(traits: WithTraits) -> AuditBook:
    """The audit; refused with 404 where the server has none."""
    if traits.audit is None:
        raise Refusal(
            404,
            "No audit",
            "The server was started without data to audit;"
            " lacunar serve --traits MODEL --audit DATA audits some.",
        )
    return traits.audit


WithAudit = Annotated[AuditBook, Depends(audit_of)]


def csv_response(content: str) -> Response:
    """A CSV file that the browser downloads."""
    return Response(
        content,
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="corrections.csv"'},
    )


def decide(book: AuditBook, place: tuple[int, int], label: int | None) -> None:
    """Decide on a label.

    Raises
    ------
    InputError
        See :meth:`lacunar.web.audit.decisions.Decisions.decide`.
    Refusal
        If the file of decisions cannot be written.
    """
    try:
        book.decisions.decide(place, label)
    except OSError as error:
        raise Refusal(
            500, "Not kept", "The file of corrections cannot be written; nothing was decided."
        ) from error
