from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lacunar.web.audit.book import FindingFilter
from lacunar.web.audit_requests import AuditQuery

QUERIES = st.builds(
    AuditQuery,
    kind=st.sampled_from(["wrong_labels", "gaps", "duplicates", "low_quality"]),
    attribute=st.none() | st.text(min_size=1, max_size=20),
    at_least=st.floats(0, 1),
    marked=st.sampled_from(["any", "open", "marked"]),
    page=st.integers(1, 10**6),
)


@given(QUERIES)
def test_an_address_asks_for_the_same_again(query: AuditQuery) -> None:
    address = urlsplit(query.address(anchor="gaps-3"))
    assert (address.path, address.fragment) == ("/traits/audit", "gaps-3")
    assert AuditQuery.model_validate(dict(parse_qsl(address.query))) == query


def test_what_a_form_leaves_empty_is_not_asked_for() -> None:
    query = AuditQuery.model_validate({"attribute": "", "reason": "", "at_least": "", "also": ""})
    assert query.filters == FindingFilter()


def test_a_changed_address_keeps_the_rest() -> None:
    query = AuditQuery(kind="gaps", marked="open", page=3)
    assert query.address(page=4) == "/traits/audit?kind=gaps&marked=open&page=4"


@pytest.mark.parametrize(
    "wrong", [{"kind": "all"}, {"at_least": "2"}, {"at_least": "nan"}, {"page": "0"}]
)
def test_what_cannot_be_asked_for_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        AuditQuery.model_validate(wrong)
