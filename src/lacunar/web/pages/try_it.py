"""The page where a visitor rates items and sees segment and recommendations."""

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
# The menus of films without a rating send an empty rating each.
_MOST_SENT = 2 * MOST_RATED


@router.get(PATH)
async def try_it(
    request: Request,
    list_request: WithListRequest,
    model: WithTaste,
    views: WithTasteViews,
    state: State,
    q: Annotated[str, Query(max_length=MOST_LETTERS)] = "",
    rate: Annotated[
        list[Annotated[str, Query(max_length=MOST_LETTERS)]] | None, Query(max_length=_MOST_SENT)
    ] = None,
) -> Response:
    """Show segment and recommendations for the ratings in the URL."""
    stars = ratings_of(rate or [])
    if len(stars) > MOST_RATED:
        raise Refusal(
            422,
            "Unprocessable Content",
            f"rate: expected at most {MOST_RATED} ratings, got {len(stars)}",
        )
    trying = Trying(stars, q.strip(), list_request)
    if trying.query() != request.query_params.multi_items():
        # Forms also send empty fields: redirect to a URL without them.
        return RedirectResponse(trying.path, _TIDY)
    found = await state.pool.run(trying_view, views, trying)
    return render(
        request,
        "try_it.html",
        title=f"Rate {model.ratings.noun.plural}",
        q=trying.q,
        action=PATH,
        controls=list_controls(model, list_request),
        **found,
    )
