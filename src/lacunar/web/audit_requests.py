"""What pages and the API of an audit share: which findings are wanted, and how to decide."""

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
    """Take what a form left empty for nothing."""
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
    """Which findings, and which page of them."""

    kind: Kind = Field("wrong_labels", description="What is looked for.")
    attribute: Text = Field(None, description="Of the label; of copies, one they differ in.")
    reason: Text = Field(None, description="Of low quality, such as dark.")
    at_least: Share = Field(
        0.0, description="Probability of what is suggested or likely; correlation of copies."
    )
    marked: State = Field("any", description="Whether all labels of a finding are decided on.")
    page: PageNumber = 1
    also: Annotated[_Anchor | None, BeforeValidator(none_if_empty)] = Field(
        None, description="Identifier of a finding that is wanted whatever was decided on it."
    )

    @property
    def wanted(self) -> FindingFilter:
        """The same without its page."""
        return FindingFilter(
            self.kind, self.attribute, self.reason, self.at_least, self.marked, self.also
        )

    def fields(self, **changed: object) -> dict[str, str]:
        """What differs from the defaults, as an address or a form has it."""
        told = self.model_copy(update=changed).model_dump(exclude_defaults=True, exclude_none=True)
        return {"kind": self.kind, **{name: str(value) for name, value in told.items()}}

    def address(self, *, anchor: str = "", **changed: object) -> str:
        """Where the findings are shown, with some of what is asked for changed.

        Examples
        --------
        >>> AuditQuery(kind="gaps", at_least=0.5).address(page=2, anchor="gaps-31")
        '/traits/audit?kind=gaps&at_least=0.5&page=2#gaps-31'
        """
        return f"/traits/audit?{urlencode(self.fields(**changed))}{'#' if anchor else ''}{anchor}"


ListRequest = Annotated[AuditQuery, Query()]


async def audit_of(traits: WithTraits) -> AuditBook:
    """The audit, or a refusal where no data were named."""
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
    """A file to be kept."""
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
        book.marks.decide(place, label)
    except OSError as error:
        raise Refusal(
            500, "Not kept", "The file of corrections cannot be written; nothing was decided."
        ) from error
