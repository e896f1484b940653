"""Errors as problem documents (RFC 9457) for programs, and as pages for people."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lacunar.aliases import shortened
from lacunar.errors import InputError
from lacunar.web.rendering import render

PROBLEM_JSON = "application/problem+json"
_log = logging.getLogger("lacunar.web")
# Limits for the errors of a hostile document.
_MAX_ERRORS, _MAX_LENGTH = 20, 300
_CLIENT_GONE = 499


class Refusal(HTTPException):
    """A refused request, with the reason in one sentence.

    Parameters
    ----------
    status : int
        HTTP status, 400 or more.
    title : str
        Kind of the problem, always the same text.
    detail : str
        What was expected and what came, in one sentence.
    headers : mapping of str to str, optional
    reason : str, optional
        Label of the refusal in the metrics; None leaves it out.

    Examples
    --------
    >>> Refusal(404, "No such user", "expected a user of the log, got '7'").status_code
    404
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        *,
        reason: str | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.title = title
        self.reason = reason


class Mistake(BaseModel):
    """One wrong value of a request."""

    where: str = Field(description="Path to the value, such as query.top.")
    what: str


class Problem(BaseModel):
    """Why a request was refused or failed (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "detail": "query.top: input should be less than or equal to 100",
                }
            ]
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="What was expected and what came, in one sentence.")
    errors: list[Mistake] | None = Field(None, description="The wrong values, if any.")


#: Error responses of every route under ``/api``.
API_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, description in {
        "4XX": "The request is refused.",
        "5XX": "The server is busy, or failed.",
    }.items()
}


def for_programs(path: str) -> bool:
    """Whether a path belongs to the API and gets JSON instead of pages."""
    return path.startswith("/api/") or path in {"/api", "/healthz", "/readyz", "/metrics"}


def problem_response(
    request: Request,
    status: int,
    title: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mistake] = (),
) -> Response:
    """The response to a problem: a JSON document for API paths, else a page."""
    response: Response
    if for_programs(request.scope["path"]):
        problem = Problem(title=title, status=status, detail=detail, errors=list(errors) or None)
        response = JSONResponse(
            problem.model_dump(exclude_none=True), status, media_type=PROBLEM_JSON
        )
    else:
        response = render(
            request, "problem.html", title=title, status=status, detail=detail, errors=errors
        )
    response.headers.update(headers or {})
    return response


def install_problems(app: FastAPI) -> None:
    """Make an app answer errors of its routes with problem responses."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(InputError, _input)
    app.add_exception_handler(RequestValidationError, _validation)


class ProblemsMiddleware:
    """Turn refusals of inner middlewares and unexpected errors into problem responses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting_start)
        except Exception as error:
            if started:
                raise
            request = Request(scope)
            if isinstance(error, HTTPException):
                response = await _http(request, error)
            elif isinstance(error, ClientDisconnect):
                # Not a failure, and no client reads it: the status of nginx, for the metrics.
                response = Response(status_code=_CLIENT_GONE)
            else:
                _log.exception("%s %r failed", scope["method"], scope["path"])
                response = problem_response(
                    request,
                    500,
                    "Internal Server Error",
                    "The server failed; its log has the details.",
                )
            await response(scope, receive, send)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    if isinstance(error, Refusal):
        if error.reason:
            request.app.state.lacunar.metrics.refused.labels(error.reason).inc()
        title, detail = error.title, str(error.detail)
    else:
        title = HTTPStatus(status).phrase
        detail = _PLAIN.get(status, str(error.detail))
    return problem_response(request, status, title, detail, headers=error.headers)


_PLAIN = {
    404: "There is nothing at this address.",
    405: "This address does not accept this method.",
}


async def _input(request: Request, error: Exception) -> Response:
    return problem_response(
        request, 422, "Unprocessable Content", shortened(str(error), _MAX_LENGTH)
    )


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    mistakes = [
        Mistake(
            where=shortened(".".join(map(str, wrong["loc"])), _MAX_LENGTH),
            what=shortened(_lower_first(wrong["msg"]), _MAX_LENGTH),
        )
        for wrong in error.errors()[:_MAX_ERRORS]
    ]
    first = mistakes[0]
    return problem_response(
        request,
        422,
        "Unprocessable Content",
        f"{first.where}: {first.what}",
        errors=mistakes,
    )


def _lower_first(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
