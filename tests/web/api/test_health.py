from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState, build_state


def test_the_server_lives(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_the_server_is_ready_with_its_models(client: TestClient, traits_client: TestClient) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "models": ["taste"]}
    assert traits_client.get("/readyz").json() == {"status": "ready", "models": ["traits"]}


def test_a_full_server_is_not_ready_but_lives(
    client_of: Callable[[AppState], TestClient], sample_model: TasteModel
) -> None:
    state = build_state(ServeSettings(workers=1, queue=0), taste=sample_model)
    client, gate = client_of(state), threading.Event()

    async def while_working() -> None:
        work = asyncio.create_task(state.pool.run(gate.wait, 10))
        await asyncio.sleep(0.05)
        answer = await asyncio.to_thread(client.get, "/readyz")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert (await asyncio.to_thread(client.get, "/healthz")).status_code == 200
        gate.set()
        await work

    asyncio.run(while_working())
    assert client.get("/readyz").status_code == 200
    state.pool.close()


def test_metrics_are_text_that_prometheus_reads(client: TestClient) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE lacunar_requests_total counter" in answer.text
