"""Servers with small models, asked without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel
from lacunar.traits.model import TraitsModel
from lacunar.traits.torch_model import TorchTraits
from lacunar.web.app import create_app
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState, build_state
from lacunar.web.traits_service import TraitsService

#: The address of the server that the clients think they ask.
BASE = "http://127.0.0.1:8000"

ClientOf = Callable[[AppState], TestClient]


@pytest.fixture(scope="session")
def settings() -> ServeSettings:
    return ServeSettings(workers=2, queue=4)


@pytest.fixture(scope="session")
def taste_state(settings: ServeSettings, sample_model: TasteModel) -> Iterator[AppState]:
    state = build_state(settings, taste=sample_model)
    yield state
    state.pool.close()


@pytest.fixture(scope="session")
def traits_service(people_model: TraitsModel) -> TraitsService:
    return TraitsService("people", TorchTraits(people_model), people_model)


@pytest.fixture(scope="session")
def traits_state(settings: ServeSettings, traits_service: TraitsService) -> Iterator[AppState]:
    state = build_state(settings, traits=traits_service)
    yield state
    state.pool.close()


@pytest.fixture(scope="session")
def client_of() -> ClientOf:
    """A client of the app that a state makes, on this machine; failures come as answers."""

    def build(state: AppState) -> TestClient:
        return TestClient(
            create_app(state),
            base_url=BASE,
            raise_server_exceptions=False,
            follow_redirects=False,
            client=("127.0.0.1", 50_000),
        )

    return build


@pytest.fixture
def client(client_of: ClientOf, taste_state: AppState) -> TestClient:
    """A client of a server with a taste model."""
    return client_of(taste_state)


@pytest.fixture
def traits_client(client_of: ClientOf, traits_state: AppState) -> TestClient:
    """A client of a server with a traits model."""
    return client_of(traits_state)
