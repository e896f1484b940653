"""Pages of a traits model: its scores, and its predictions for posted images."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from lacunar.errors import InputError
from lacunar.report.traits.explained import where_it_looks
from lacunar.traits.data.images import MAX_PIXELS
from lacunar.web.problems import Refusal
from lacunar.web.rendering import render
from lacunar.web.state import AppState, State, WithTraits, WithTraitsViews
from lacunar.web.traits_service import TraitsService
from lacunar.web.uploads import Upload, most_images, read_upload
from lacunar.web.views.traits_overview import OutputView, Overview, answers_table
from lacunar.web.views.traits_try import TryView, try_view

router = APIRouter()

Name = Annotated[str | None, Query(max_length=200)]


@router.get("/traits")
async def show(
    request: Request,
    state: State,
    traits: WithTraits,
    views: WithTraitsViews,
    attribute: Name = None,
) -> HTMLResponse:
    """Show the training data, the scores, and one attribute in detail."""
    found = await state.pool.run(lambda: views.overview)
    return render(
        request,
        "traits_overview.html",
        title="Traits",
        traits=traits,
        answers=answers_table(traits.predictor),
        overview=found,
        shown=None if found is None else _shown(found, attribute),
    )


@router.get("/traits/try")
async def try_form(request: Request, state: State, traits: WithTraits) -> HTMLResponse:
    """Show the form for images."""
    return _try_page(request, state, traits, None)


@router.post("/traits/try")
async def try_images(request: Request, state: State, traits: WithTraits) -> HTMLResponse:
    """Show predictions for the images of the form."""
    upload = await read_upload(request, state.settings)
    if not upload.images:
        raise Refusal(422, "No image", "expected one image or more to answer for, got none")
    tried = await state.pool.run(_tried, traits, upload)
    return _try_page(request, state, traits, tried)


def _tried(traits: TraitsService, upload: Upload) -> TryView:
    answered = traits.answer(upload.images, heat_maps=bool(upload.fields.get("places")))
    return try_view(answered, traits.predictor.thresholds)


def _try_page(
    request: Request, state: AppState, traits: TraitsService, tried: TryView | None
) -> HTMLResponse:
    return render(
        request,
        "traits_try.html",
        title="Try images",
        most=most_images(state.settings),
        pixels=MAX_PIXELS // 1_000_000,
        can_explain=traits.explainer is not None,
        tried=tried,
        looks=None if traits.model is None else where_it_looks(traits.model, ()),
    )


def _shown(found: Overview, name: str | None) -> OutputView:
    if name is None:
        return found.outputs[0]
    chosen = next((output for output in found.outputs if output.name == name), None)
    if chosen is None:
        known = ", ".join(output.name for output in found.outputs)
        raise InputError(f"attribute: expected one of {known}, got {name!r}")
    return chosen
