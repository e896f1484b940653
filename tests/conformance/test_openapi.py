"""The server does what its own description says, whatever it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from lacunar.taste.model import TasteModel
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.torch_predictor import TorchTraits
from lacunar.web.addresses import OPENAPI_URL
from lacunar.web.app import create_app
from lacunar.web.audit.book import AuditBook
from lacunar.web.audit.decisions import Decisions
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState, build_state
from lacunar.web.traits_service import TraitsService

pytestmark = pytest.mark.browser

BASE = "http://127.0.0.1:8000"
# Whether a route takes anything that can be wrong.
ROUTES = {
    ("GET", "/api/v1/segments"): False,
    ("GET", "/api/v1/users/{user_id}"): True,
    ("GET", "/api/v1/users/{user_id}/recommendations"): True,
    ("POST", "/api/v1/recommendations"): True,
    ("GET", "/api/v1/films"): True,
    ("GET", "/api/v1/attributes"): False,
    ("POST", "/api/v1/predictions"): True,
    ("GET", "/api/v1/audit"): True,
    ("GET", "/api/v1/audit/corrections"): False,
    ("POST", "/api/v1/audit/corrections"): True,
    ("GET", "/api/v1/audit/corrections.csv"): False,
    ("GET", "/healthz"): False,
    ("GET", "/readyz"): False,
    ("GET", "/metrics"): False,
}
CASES = [
    *((*route, "positive") for route in ROUTES),
    *((*route, "negative") for route, wrong in ROUTES.items() if wrong),
]
EXAMPLES = 40


@pytest.fixture(scope="module")
def schemathesis() -> Any:
    return pytest.importorskip("schemathesis", reason="needs the extra browser")


@pytest.fixture(scope="module")
def state(
    sample_model: TasteModel, people_model: TraitsModel, flawed_findings: AuditFindings
) -> Iterator[AppState]:
    book = AuditBook(flawed_findings, Decisions(flawed_findings))
    service = TraitsService("people", TorchTraits(people_model), people_model, audit=book)
    state = build_state(ServeSettings(workers=2, rate=0), taste=sample_model, traits=service)
    yield state
    state.pool.close()


@pytest.fixture(scope="module")
def api(schemathesis: Any, state: AppState) -> Any:
    """What the app says of itself, with a way to ask it."""
    return schemathesis.openapi.from_asgi(
        OPENAPI_URL, create_app(state), headers={"Host": "127.0.0.1"}
    )


def test_every_route_is_asked(api: Any) -> None:
    described = {
        (operation.ok().method.upper(), operation.ok().path)
        for operation in api.get_all_operations()
    }
    assert described == set(ROUTES)


@pytest.mark.parametrize(("method", "path", "mode"), CASES)
def test_no_request_fails_and_every_answer_is_as_described(
    schemathesis: Any, api: Any, method: str, path: str, mode: str
) -> None:
    """Requests that fit the description and such that do not, drawn alike in every run."""
    checks = pytest.importorskip("schemathesis.specs.openapi.checks")
    wanted = [
        schemathesis.checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]

    @seed(0)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=api[path][method].as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
    def hold(case: Any) -> None:
        case.call_and_validate(base_url=BASE, checks=wanted)

    hold()
