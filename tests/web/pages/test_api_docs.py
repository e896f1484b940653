from __future__ import annotations

from starlette.testclient import TestClient


def test_every_route_of_the_api_is_on_the_page(client: TestClient) -> None:
    page = client.get("/api-docs").text
    document = client.get("/api/v1/openapi.json").json()
    for path, methods in document["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page
    assert "Authorization" not in page


def test_every_type_is_on_the_page(client: TestClient) -> None:
    page = client.get("/api-docs").text
    for name in client.get("/api/v1/openapi.json").json()["components"]["schemas"]:
        assert f'id="type-{name}"' in page
