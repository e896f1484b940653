from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel
from lacunar.web.app import create_app
from lacunar.web.security.rates import Buckets
from lacunar.web.settings import ServeSettings
from lacunar.web.state import build_state

TOKEN = "correct-horse-battery-staple"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_fills_with_time_up_to_its_size() -> None:
    clock = Clock()
    buckets = Buckets(rate=2, burst=3, clock=clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    clock.now = 0.5
    assert [buckets.take("a") for _ in range(2)] == [0, 0.5]
    clock.now = 1000
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


@given(
    st.lists(st.floats(0, 3), max_size=60),
    st.floats(0.5, 20),
    st.integers(1, 10),
)
def test_never_more_than_the_burst_and_what_time_gives(
    waits: list[float], rate: float, burst: int
) -> None:
    clock = Clock()
    buckets = Buckets(rate=rate, burst=burst, clock=clock)
    taken = 0
    for wait in waits:
        clock.now += wait
        taken += buckets.take("a") == 0
    assert taken <= burst + rate * clock.now + 1e-6


def test_who_waits_as_told_is_let_in() -> None:
    clock = Clock()
    buckets = Buckets(rate=3, burst=1, clock=clock)
    buckets.take("a")
    clock.now += buckets.take("a")
    assert buckets.take("a") == pytest.approx(0, abs=1e-9)


def test_clients_are_counted_apart_and_not_without_end() -> None:
    buckets = Buckets(rate=1, burst=1, max_clients=100, clock=Clock())
    for client in range(1000):
        assert buckets.take(str(client)) == 0
    assert len(buckets) == 100
    assert buckets.take("999") > 0


def _client(model: TasteModel, address: str, **options: object) -> TestClient:
    settings = ServeSettings(token=TOKEN, burst=2, **options)
    return TestClient(
        create_app(build_state(settings, taste=model)),
        base_url="http://127.0.0.1:8000",
        client=(address, 1),
    )


def _statuses(client: TestClient, times: int = 4) -> list[int]:
    return [client.get("/healthz").status_code for _ in range(times)]


def test_clients_elsewhere_are_limited(sample_model: TasteModel) -> None:
    client = _client(sample_model, "192.0.2.7", rate=0.5)
    assert _statuses(client) == [200, 200, 429, 429]
    refused = client.get("/healthz")
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 2


def test_this_machine_is_limited_only_if_a_rate_is_named(sample_model: TasteModel) -> None:
    assert _statuses(_client(sample_model, "127.0.0.1"), 30) == [200] * 30
    assert 429 in _statuses(_client(sample_model, "127.0.0.1", rate=1))


def test_zero_means_any_number(sample_model: TasteModel) -> None:
    assert _statuses(_client(sample_model, "192.0.2.7", rate=0), 30) == [200] * 30


def test_one_subscriber_is_one_client(sample_model: TasteModel) -> None:
    settings = ServeSettings(token=TOKEN, burst=2, rate=0.5)
    app = create_app(build_state(settings, taste=sample_model))

    def status(address: str) -> int:
        client = TestClient(app, base_url="http://127.0.0.1:8000", client=(address, 1))
        return client.get("/healthz").status_code

    own: Callable[[int], str] = "2001:db8:0:1::{:x}".format
    assert [status(own(n)) for n in range(3)] == [200, 200, 429]
    assert status("2001:db8:0:2::1") == 200
