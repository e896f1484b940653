"""Servers with small models, asked without a network."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PIL import Image
from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.explainer import Explainer
from lacunar.traits.predict.torch_predictor import TorchTraits
from lacunar.web.app import create_app
from lacunar.web.audit.book import AuditBook
from lacunar.web.audit.decisions import Decisions
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


@pytest.fixture
def audit_book(flawed_findings: AuditFindings) -> AuditBook:
    """Findings of every kind, on which nobody has decided yet."""
    return AuditBook(flawed_findings, Decisions(flawed_findings))


@pytest.fixture(scope="session")
def explaining_service(people_model: TraitsModel) -> TraitsService:
    """A service that can make heat maps."""
    predictor = TorchTraits(people_model)
    return TraitsService("people", predictor, people_model, Explainer(predictor))


@pytest.fixture
def audited_client(
    client_of: ClientOf,
    settings: ServeSettings,
    explaining_service: TraitsService,
    audit_book: AuditBook,
) -> Iterator[TestClient]:
    """A client of a server with a traits model and an audit."""
    state = build_state(settings, traits=replace(explaining_service, audit=audit_book))
    yield client_of(state)
    state.pool.close()


@pytest.fixture
def photo() -> Callable[..., bytes]:
    """The content of an image file."""

    def make(size: tuple[int, int] = (30, 60), kind: str = "PNG", level: int = 90) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", size, (level, 40, 200 - level)).save(file, kind)
        return file.getvalue()

    return make
