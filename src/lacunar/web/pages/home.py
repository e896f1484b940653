"""The home page: summaries of the loaded models."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from lacunar.web.addresses import OPENAPI_URL
from lacunar.web.rendering import render
from lacunar.web.state import State

router = APIRouter()


@router.get("/")
async def home(request: Request, state: State) -> HTMLResponse:
    """Show the loaded models."""
    return render(request, "home.html", title="People's tastes and traits", cards=state.cards)


@router.get("/api-docs")
async def api_docs() -> RedirectResponse:
    """Redirect a bookmark of the former API page to the OpenAPI document."""
    return RedirectResponse(OPENAPI_URL, 308)
