"""State of a running server: settings, work pool, metrics and models."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from lacunar.taste.model import TasteModel
from lacunar.web.metrics import Metrics
from lacunar.web.problems import Refusal
from lacunar.web.settings import ServeSettings
from lacunar.web.traits_service import TraitsService
from lacunar.web.views.home import Card, taste_card, traits_card
from lacunar.web.views.tastes import TasteViews
from lacunar.web.views.traits_overview import TraitsViews
from lacunar.web.work import WorkPool


@dataclass(frozen=True, slots=True)
class AppState:
    """State that all requests share, built once at the start.

    Parameters
    ----------
    settings : ServeSettings
    pool : WorkPool
    metrics : Metrics
    taste : TasteModel, optional
    traits : TraitsService, optional
    taste_views : TasteViews, optional
        Views of the taste model, computed before the first request.
    traits_views : TraitsViews, optional
        Views of the traits model.
    cards : tuple of Card
        Summaries of the models for the home page.
    started : datetime
    """

    settings: ServeSettings
    pool: WorkPool
    metrics: Metrics
    taste: TasteModel | None = None
    traits: TraitsService | None = None
    taste_views: TasteViews | None = None
    traits_views: TraitsViews | None = None
    cards: tuple[Card, ...] = ()
    started: datetime = field(default_factory=lambda: datetime.now(UTC))


def build_state(
    settings: ServeSettings,
    *,
    taste: TasteModel | None = None,
    traits: TraitsService | None = None,
) -> AppState:
    """Build the work pool, the metrics and the views of the models."""
    pool = WorkPool(settings.workers, settings.queue, settings.work_timeout)
    metrics = Metrics(lambda: pool.held)
    for kind, model in (("taste", taste), ("traits", traits)):
        metrics.models.labels(kind).set(model is not None)
    cards = []
    taste_views = traits_views = None
    if taste is not None:
        taste_views = TasteViews(taste)
        taste_views.prepare()
        cards.append(taste_card(taste))
    if traits is not None:
        traits_views = TraitsViews(traits.model)
        cards.append(traits_card(traits))
    return AppState(settings, pool, metrics, taste, traits, taste_views, traits_views, tuple(cards))


# All dependencies are async functions: FastAPI runs others in threads.
async def state_of(request: Request) -> AppState:
    """State of the app that a request is for."""
    state = request.app.state.lacunar
    assert isinstance(state, AppState)
    return state


State = Annotated[AppState, Depends(state_of)]


async def taste_of(state: State) -> TasteModel:
    """The taste model; refused with 404 where none is loaded."""
    if state.taste is None:
        raise _no_model("taste")
    return state.taste


async def traits_of(state: State) -> TraitsService:
    """The traits model; refused with 404 where none is loaded."""
    if state.traits is None:
        raise _no_model("traits")
    return state.traits


async def taste_views_of(state: State) -> TasteViews:
    """Views of the taste model; refused with 404 where none is loaded."""
    if state.taste_views is None:
        raise _no_model("taste")
    return state.taste_views


async def traits_views_of(state: State) -> TraitsViews:
    """Views of the traits model; refused with 404 where none is loaded."""
    if state.traits_views is None:
        raise _no_model("traits")
    return state.traits_views


WithTaste = Annotated[TasteModel, Depends(taste_of)]
WithTasteViews = Annotated[TasteViews, Depends(taste_views_of)]
WithTraits = Annotated[TraitsService, Depends(traits_of)]
WithTraitsViews = Annotated[TraitsViews, Depends(traits_views_of)]


def _no_model(kind: str) -> Refusal:
    return Refusal(
        404,
        f"No {kind} model",
        f"The server was started without a {kind} model; lacunar serve --{kind} MODEL loads one.",
    )
