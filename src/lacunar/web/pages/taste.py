"""Pages on segments: overview with map, one segment, comparison of two."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from lacunar.web.list_requests import segment_at
from lacunar.web.rendering import render
from lacunar.web.state import State, WithTaste, WithTasteViews

router = APIRouter(prefix="/taste")


@router.get("")
async def overview(request: Request, views: WithTasteViews, state: State) -> HTMLResponse:
    """Show the map and a card for each segment."""
    found = await state.pool.run(lambda: views.overview)
    return render(request, "taste_overview.html", title="Tastes", segments=views.links, **found)


@router.get("/segments/{segment}")
async def segment(
    request: Request, segment: int, model: WithTaste, views: WithTasteViews, state: State
) -> HTMLResponse:
    """Show one segment."""
    found = await state.pool.run(views.segment, segment_at(model, segment))
    name = model.segments.names[segment]
    return render(request, "taste_segment.html", title=name, **found)


@router.get("/compare")
async def compare(
    request: Request,
    model: WithTaste,
    views: WithTasteViews,
    state: State,
    a: Annotated[int, Query()] = 0,
    b: Annotated[int, Query()] = 1,
) -> HTMLResponse:
    """Show two segments side by side."""
    # A model with one segment compares it with itself.
    second = b if "b" in request.query_params else min(b, model.segments.n_segments - 1)
    found = await state.pool.run(views.compare, segment_at(model, a), segment_at(model, second))
    return render(
        request, "taste_compare.html", title="Two segments", segments=views.links, **found
    )
