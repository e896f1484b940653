from __future__ import annotations

from datetime import UTC, datetime

from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState, WithTaste, WithTraits, build_state


def test_settings_reach_the_pool() -> None:
    state = build_state(ServeSettings(workers=3, queue=0))
    assert not state.pool.full
    assert state.cards == ()
    assert state.started <= datetime.now(UTC)


def test_a_model_is_given_to_who_asks_for_it(
    client: TestClient, taste_state: AppState, sample_model: TasteModel
) -> None:
    given = []

    def look(model: WithTaste) -> None:
        given.append(model)

    client.app.add_api_route("/look", look)
    assert client.get("/look").status_code == 200
    assert given == [taste_state.taste]
    assert given[0] is sample_model


def test_a_model_that_is_not_loaded_is_told(client: TestClient, traits_client: TestClient) -> None:
    def traits(service: WithTraits) -> None:
        raise AssertionError

    def taste(model: WithTaste) -> None:
        raise AssertionError

    client.app.add_api_route("/api/v1/look", traits)
    answer = client.get("/api/v1/look")
    assert answer.status_code == 404
    assert answer.json()["title"] == "No traits model"
    assert "lacunar serve --traits MODEL" in answer.json()["detail"]
    traits_client.app.add_api_route("/look", taste)
    page = traits_client.get("/look")
    assert page.status_code == 404
    assert "No taste model" in page.text
