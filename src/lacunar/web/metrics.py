"""Metrics of the server for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Metrics of one app, in a separate registry.

    Labels are route templates, not paths, so that their number is bounded.

    Parameters
    ----------
    jobs : callable
        Returns the current number of jobs in the pool.
    """

    def __init__(self, jobs: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "lacunar_requests",
            "Requests answered, by route, method and status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "lacunar_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            ("route", "method"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.refused = Counter(
            "lacunar_refused", "Requests refused, by reason.", ("reason",), registry=self.registry
        )
        self.models = Gauge(
            "lacunar_models", "Models that are loaded, by kind.", ("kind",), registry=self.registry
        )
        self.jobs = Gauge("lacunar_jobs", "Heavy jobs that run or wait.", registry=self.registry)
        self.jobs.set_function(jobs)
        ProcessCollector(registry=self.registry)


class MetricsMiddleware:
    """Count every response, including errors."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def count(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, count)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.requests.labels(route, method, status).inc()
            self._metrics.seconds.labels(route, method).observe(time.perf_counter() - began)
