"""The API's page, made from its own description and served from here."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from lacunar.web.rendering import render
from lacunar.web.views.api_docs import subjects, types

router = APIRouter()


@router.get("/api-docs")
async def api_docs(request: Request) -> HTMLResponse:
    """Show every route of the API."""
    document = request.app.openapi()
    return render(
        request,
        "api_docs.html",
        title="The API",
        subjects=subjects(document),
        types=types(document),
        document_url=request.app.openapi_url,
    )
