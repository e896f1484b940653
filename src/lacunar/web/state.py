"""State of a running server: settings, work pool, metrics and models."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
    """State that requests share; a new model makes a new state.

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
    taste_card, traits_card : Card, optional
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
    taste_card: Card | None = None
    traits_card: Card | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def cards(self) -> tuple[Card, ...]:
        """Summaries of the loaded models."""
        return tuple(card for card in (self.taste_card, self.traits_card) if card is not None)


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
    state = AppState(settings, pool, metrics)
    if taste is not None:
        state = with_taste(state, taste)
    return state if traits is None else with_traits(state, traits)


def with_taste(state: AppState, model: TasteModel) -> AppState:
    """Return a state with another taste model and its views."""
    views = TasteViews(model)
    views.prepare()
    return replace(state, taste=model, taste_views=views, taste_card=taste_card(model))


def with_traits(state: AppState, service: TraitsService) -> AppState:
    """Return a state with another traits model and its views."""
    views, card = TraitsViews(service.model), traits_card(service)
    return replace(state, traits=service, traits_views=views, traits_card=card)


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
