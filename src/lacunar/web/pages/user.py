"""A user's page: profile compared with the segment, memberships, recommendations."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lacunar.report.taste.users import profile_beside_segment, user_name
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.web.addresses import user_path
from lacunar.web.list_requests import MOST_LETTERS, WithListRequest, list_query, user_at
from lacunar.web.rendering import render
from lacunar.web.state import State, WithTaste, WithTasteViews
from lacunar.web.views.lists import list_controls, shown_list
from lacunar.web.views.tastes import TasteViews

router = APIRouter(prefix="/taste")

_TIDY = 303


@router.get("/users")
async def find_user(
    model: WithTaste, user: Annotated[str, Query(max_length=MOST_LETTERS)] = ""
) -> RedirectResponse:
    """Redirect from the search form to the user's page."""
    if not user.strip():
        return RedirectResponse("/taste#users", _TIDY)
    position = user_at(model, user)
    return RedirectResponse(user_path(str(model.ratings.users[position])), _TIDY)


@router.get("/users/{user_id:path}")
async def user(
    request: Request,
    user_id: Annotated[str, Path(max_length=MOST_LETTERS)],
    list_request: WithListRequest,
    model: WithTaste,
    views: WithTasteViews,
    state: State,
) -> Response:
    """Show a user of the ratings."""
    position = user_at(model, user_id)
    query = list_query(list_request)
    if query != request.query_params.multi_items():
        tidy = urlencode(query)
        return RedirectResponse(user_path(user_id) + (f"?{tidy}" if tidy else ""), _TIDY)
    found = await state.pool.run(_user, views, position, list_request)
    return render(
        request,
        "user.html",
        title=user_name(model, position),
        user_id=user_id,
        action=user_path(user_id),
        controls=list_controls(model, list_request),
        **found,
    )


def _user(views: TasteViews, user: int, list_request: ListRequest) -> dict[str, Any]:
    model: TasteModel = views.model
    profiles, segments = model.profiles, model.segments
    means, counts = profiles.means[user].tolist(), profiles.counts[user].tolist()
    rows = model.ratings.rows_of(user)
    name = user_name(model, user)
    return {
        "n_ratings": rows.stop - rows.start,
        "n_known": sum(n > 0 for n in counts),
        "n_genres": len(counts),
        "gaps": [genre for genre, n in zip(model.ratings.genres, counts, strict=True) if not n],
        "belonging": views.belonging(name, segments.responsibilities[user]),
        "profile": profile_beside_segment(model, name, int(segments.labels[user]), means, counts),
        "found": shown_list(model, user, list_request),
    }
