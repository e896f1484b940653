"""The FastAPI app: routes and middlewares."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI
from pydantic.json_schema import models_json_schema

from lacunar.version import __version__
from lacunar.web import assets
from lacunar.web.addresses import OPENAPI_URL
from lacunar.web.api import health
from lacunar.web.api import taste as taste_api
from lacunar.web.api import traits as traits_api
from lacunar.web.heads import HeadsMiddleware
from lacunar.web.metrics import MetricsMiddleware
from lacunar.web.pages import audit, home, login, taste, traits, try_it, user
from lacunar.web.problems import API_PROBLEMS, Problem, ProblemsMiddleware, install_problems
from lacunar.web.security.bodies import BodiesMiddleware, DeadlineMiddleware, LingerMiddleware
from lacunar.web.security.headers import HeadersMiddleware
from lacunar.web.security.hosts import HostsMiddleware
from lacunar.web.security.rates import RatesMiddleware
from lacunar.web.security.tokens import TokensMiddleware
from lacunar.web.state import AppState

# In this order in the OpenAPI document.
_API: tuple[APIRouter, ...] = (taste_api.router, traits_api.router, health.router)
_PAGES: tuple[APIRouter, ...] = (
    home.router,
    login.router,
    taste.router,
    user.router,
    try_it.router,
    traits.router,
    audit.router,
    assets.router,
)


class LacunarApp(FastAPI):
    """An app whose OpenAPI document includes the problem documents of every route."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        if Problem.__name__ not in schemas:
            _, named = models_json_schema(
                [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
            )
            schemas.update(named["$defs"])
        return document


def create_app(state: AppState) -> FastAPI:
    """Build the app.

    Parameters
    ----------
    state : AppState
        With at least one model.
    """
    settings = state.settings
    app = LacunarApp(
        title="Lacunar",
        summary="People's tastes and traits, from data full of gaps.",
        version=__version__,
        openapi_url=OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        form_limits={
            "max_files": settings.max_files,
            "max_fields": settings.max_fields,
            "max_part_size": settings.max_field,
        },
        # Telemetry stays off, whatever the environment variables say.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.lacunar = state
    install_problems(app)
    for router in _API:
        app.include_router(router, responses=API_PROBLEMS)
    for router in _PAGES:
        app.include_router(router, include_in_schema=False)
    # The middleware added last is the outermost.
    app.add_middleware(BodiesMiddleware, settings=settings)
    if settings.token is not None:
        app.add_middleware(TokensMiddleware, token=settings.token)
    app.add_middleware(HostsMiddleware, settings=settings)
    app.add_middleware(RatesMiddleware, settings=settings)
    app.add_middleware(DeadlineMiddleware, seconds=settings.request_timeout)
    app.add_middleware(ProblemsMiddleware)
    app.add_middleware(LingerMiddleware)
    app.add_middleware(HeadsMiddleware)
    app.add_middleware(MetricsMiddleware, metrics=state.metrics)
    app.add_middleware(HeadersMiddleware)
    return app
