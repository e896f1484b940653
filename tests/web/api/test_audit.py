from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from lacunar.traits.audit.to_json import audit_document
from lacunar.web.audit.book import AuditBook, FindingFilter

PATH, CORRECTIONS = "/api/v1/audit", "/api/v1/audit/corrections"


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("wrong_labels", "wrong_labels"),
        ("gaps", "gaps"),
        ("duplicates", "duplicate_pairs"),
        ("low_quality", "low_quality"),
    ],
)
def test_all_pages_together_hold_what_the_command_tells(
    audited_client: TestClient, audit_book: AuditBook, kind: str, key: str
) -> None:
    told, page = [], 1
    while True:
        document = audited_client.get(PATH, params={"kind": kind, "page": page, "size": 9}).json()
        told += [item["finding"] for item in document["items"]]
        if page == document["pages"]:
            break
        page += 1
    expected = json.loads(json.dumps(audit_document(audit_book.findings)[key]))  # type: ignore[literal-required]
    assert sorted(map(str, told)) == sorted(map(str, expected))
    assert document["total"] == len(expected) == document["findings"][kind]


def test_filters_narrow_what_comes(audited_client: TestClient, audit_book: AuditBook) -> None:
    asked = {"attribute": "luggage", "at_least": 0.95}
    found = audit_book.find(FindingFilter(attribute="luggage", at_least=0.95))
    document = audited_client.get(PATH, params=asked).json()
    assert [item["id"] for item in document["items"]] == [item.anchor for item in found]


@pytest.mark.parametrize(
    "asked", [{"kind": "all"}, {"size": 0}, {"size": 999}, {"at_least": 2}, {"attribute": "hat"}]
)
def test_what_cannot_be_asked_for_is_refused(
    audited_client: TestClient, asked: dict[str, object]
) -> None:
    answer = audited_client.get(PATH, params=asked)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_decision_is_taken_shown_and_taken_back(
    audited_client: TestClient, audit_book: AuditBook
) -> None:
    wrong = audited_client.get(PATH, params={"size": 1}).json()["items"][0]["finding"]
    asked = {name: wrong[name] for name in ("part", "image", "attribute")}
    for word, cell in (
        ("right", "right"),
        ("suggested", wrong["suggested"]),
        ("unknown", "unknown"),
        (wrong["suggested"], wrong["suggested"]),
    ):
        answer = audited_client.post(CORRECTIONS, json={**asked, "corrected": word})
        expected = {**asked, "given": wrong["given"], "corrected": cell}
        assert answer.json() == {"kept": False, "corrections": [expected]}
        assert audited_client.get(CORRECTIONS).json() == answer.json()
    item = audited_client.get(PATH, params={"size": 1}).json()["items"][0]
    assert [one["corrected"] for one in item["decided"]] == [wrong["suggested"]]
    text = audited_client.get(f"{CORRECTIONS}.csv").text
    assert text == audit_book.decisions.csv()
    answer = audited_client.post(CORRECTIONS, json={**asked, "corrected": None})
    assert answer.json()["corrections"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"image": "none.png"}, 404),
        ({"attribute": "hat"}, 404),
        ({"part": "other"}, 422),
        ({"corrected": "torn"}, 422),
        ({"corrected": 1}, 422),
        ({"more": "x"}, 422),
    ],
)
def test_a_decision_on_nothing_is_refused(
    audited_client: TestClient, audit_book: AuditBook, change: dict[str, object], status: int
) -> None:
    wrong = audit_document(audit_book.findings, top=1)["wrong_labels"][0]
    asked = {name: wrong[name] for name in ("part", "image", "attribute")}  # type: ignore[literal-required]
    answer = audited_client.post(CORRECTIONS, json={**asked, "corrected": "right", **change})
    assert answer.status_code == status
    assert len(audit_book.decisions) == 0
