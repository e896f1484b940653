from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient


def _samples(client: TestClient) -> dict[tuple[str, ...], float]:
    text = client.get("/metrics").text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_method_and_status(client: TestClient) -> None:
    def user(user_id: str) -> str:
        return user_id

    client.app.add_api_route("/api/v1/things/{user_id}", user)
    before = _samples(client)
    for name in ("a", "b", "c"):
        client.get(f"/api/v1/things/{name}")
    client.head("/")
    client.get("/nothing")
    client.get("/nothing/at/all")
    client.request("BREW", "/")
    client.get("/", headers={"Host": "evil.example"})
    after = _samples(client)

    def more(name: str, *labels: str) -> float:
        key = (name, *sorted(labels))
        return after.get(key, 0) - before.get(key, 0)

    assert more("lacunar_requests_total", "200", "/api/v1/things/{user_id}", "GET") == 3
    assert more("lacunar_requests_total", "/", "200", "HEAD") == 1
    assert more("lacunar_requests_total", "404", "GET", "none") == 2
    assert more("lacunar_request_seconds_count", "/api/v1/things/{user_id}", "GET") == 3
    assert more("lacunar_refused_total", "host") == 1
    assert [key for key in after if "other" in key]
    assert not [key for key in after if "BREW" in key]
    assert not [key for key in after if "/nothing" in str(key)]


def test_models_and_jobs_are_told(client: TestClient) -> None:
    told = _samples(client)
    assert told["lacunar_models", "taste"] == 1
    assert told["lacunar_models", "traits"] == 0
    assert told["lacunar_jobs",] == 0


def test_memory_is_told(client: TestClient) -> None:
    assert "process_resident_memory_bytes" in client.get("/metrics").text
