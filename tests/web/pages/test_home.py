from __future__ import annotations

from collections.abc import Callable

from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState, build_state
from lacunar.web.traits_service import TraitsService


def _headings(page: str) -> tuple[bool, bool]:
    return ">Tastes</h2>" in page, ">Traits</h2>" in page


def test_each_model_has_its_card(
    client: TestClient,
    traits_client: TestClient,
    client_of: Callable[[AppState], TestClient],
    sample_model: TasteModel,
    traits_service: TraitsService,
) -> None:
    both = client_of(build_state(ServeSettings(), taste=sample_model, traits=traits_service))
    assert _headings(client.get("/").text) == (True, False)
    assert _headings(traits_client.get("/").text) == (False, True)
    assert _headings(both.get("/").text) == (True, True)


def test_the_figures_are_those_of_the_models(client: TestClient, sample_model: TasteModel) -> None:
    page = client.get("/").text
    assert f"<dt>users</dt><dd>{sample_model.ratings.n_users}</dd>" in page
    assert "&lt;data" not in page
    assert page.count("<h1>") == 1


def test_the_description_of_the_api_is_linked(client: TestClient) -> None:
    assert client.get("/").text.count('href="/api/v1/openapi.json"') == 2
    moved = client.get("/api-docs", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (308, "/api/v1/openapi.json")
