"""Health, readiness and metrics."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import Response

from lacunar.web.state import State
from lacunar.web.work import Busy

router = APIRouter(tags=["server"])


class Health(BaseModel):
    """The server answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The server has its models and accepts work."""

    status: Literal["ready"] = "ready"
    models: list[str]


@router.get("/healthz", summary="Does the server answer?")
async def health() -> Health:
    """Answer 200 while the process runs."""
    return Health()


@router.get("/readyz", summary="Does the server accept work?")
async def ready(state: State) -> Readiness:
    """Names of the loaded models; 503 while the queue for heavy work is full."""
    if state.pool.full:
        raise Busy
    loaded = {"taste": state.taste, "traits": state.traits}
    return Readiness(models=[kind for kind, model in loaded.items() if model is not None])


@router.get(
    "/metrics",
    summary="Metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus text format."}},
)
async def metrics(state: State) -> Response:
    """Metrics in the text format of Prometheus."""
    return Response(generate_latest(state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
