"""A page to rate some films on, and to see where that leads."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lacunar.web.list_requests import MOST_LETTERS, WithListRequest, ratings_of
from lacunar.web.problems import Refusal
from lacunar.web.rendering import render
from lacunar.web.state import State, WithTaste, WithTasteViews
from lacunar.web.views.lists import list_controls
from lacunar.web.views.trying import MOST_RATED, PATH, Trying, trying_view

router = APIRouter()

_TIDY = 303
# Menus of films that are not rated send an empty rating each.
_MOST_SENT = 2 * MOST_RATED


@router.get(PATH)
async def try_it(
    request: Request,
    asked: WithListRequest,
    model: WithTaste,
    views: WithTasteViews,
    state: State,
    q: Annotated[str, Query(max_length=MOST_LETTERS)] = "",
    rate: Annotated[
        list[Annotated[str, Query(max_length=MOST_LETTERS)]] | None, Query(max_length=_MOST_SENT)
    ] = None,
) -> Response:
    """Show where the ratings in the address lead."""
    stars = ratings_of(rate or [])
    if len(stars) > MOST_RATED:
        raise Refusal(
            422,
            "Unprocessable Content",
            f"rate: expected at most {MOST_RATED} ratings, got {len(stars)}",
        )
    trying = Trying(stars, q.strip(), asked)
    if trying.query() != request.query_params.multi_items():
        # Forms send what is empty, too; an address to keep or to share has no use for it.
        return RedirectResponse(trying.path, _TIDY)
    found = await state.pool.run(trying_view, views, trying)
    return render(
        request,
        "try_it.html",
        title="Try films",
        q=trying.q,
        action=PATH,
        controls=list_controls(model, asked),
        **found,
    )
