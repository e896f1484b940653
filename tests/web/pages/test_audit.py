from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from lacunar.traits.audit.correction_sheet import read_decisions
from lacunar.web.audit.book import AuditBook, FindingFilter
from lacunar.web.audit.items import Item

PATH, MARKS = "/traits/audit", "/traits/audit/marks"


@pytest.fixture
def first(audit_book: AuditBook) -> Item:
    return audit_book.find(FindingFilter())[0]


def form(item: Item, decision: str, **fields: str) -> dict[str, str]:
    image, attribute = item.places[0]
    place = {"image": str(image), "of": str(attribute), "anchor": item.anchor}
    return {"kind": item.kind, **place, "decision": decision, **fields}


@pytest.mark.parametrize("kind", ["wrong_labels", "gaps", "duplicates", "low_quality"])
def test_each_kind_has_its_sheet(
    audited_client: TestClient, audit_book: AuditBook, kind: str
) -> None:
    page = audited_client.get(PATH, params={"kind": kind}).text
    shown = re.findall(rf'<li id="({kind}-\d+)"', page)
    assert shown == [f"{kind}-{n}" for n in range(1, min(24, audit_book.counts[kind]) + 1)]  # type: ignore[index]
    pictures = 2 if kind == "duplicates" else 1
    assert page.count("data:image/jpeg") == pictures * len(shown)


def test_filters_come_from_the_address_and_stay_in_the_form(
    audited_client: TestClient, audit_book: AuditBook
) -> None:
    name = audit_book.findings.schema.names[1]
    asked = {"kind": "gaps", "attribute": name, "at_least": "0.3", "marked": "", "reason": ""}
    assert audited_client.get(PATH, params=asked).status_code == 422
    page = audited_client.get(PATH, params={**asked, "marked": "open"}).text
    n = len(audit_book.find(FindingFilter("gaps", attribute=name, at_least=0.3)))
    assert f"<span>{n} found" in page
    assert f'<option value="{name}" selected>' in page
    assert 'value="0.3"' in page
    assert '<option value="open" selected>' in page


def test_pages_lead_to_each_other(
    audited_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.web.pages.audit._SIZE", 5)
    page = audited_client.get(PATH, params={"kind": "wrong_labels"}).text
    (later,) = set(re.findall(r'rel="next" href="([^"]+)"', page))
    second = audited_client.get(later.replace("&amp;", "&")).text
    assert 'id="wrong_labels-6"' in second
    assert 'rel="prev"' in second
    assert 'rel="prev"' not in page


def test_a_decision_leads_back_to_where_it_was_made_and_is_shown(
    audited_client: TestClient, audit_book: AuditBook, first: Item
) -> None:
    answer = audited_client.post(MARKS, data=form(first, "-1", at_least="0.1", page="1"))
    assert answer.status_code == 303
    where = urlsplit(answer.headers["location"])
    assert (where.path, where.fragment) == (PATH, first.anchor)
    assert parse_qs(where.query) == {"kind": ["wrong_labels"], "at_least": ["0.1"]}
    assert audit_book.decisions.decision(first.places[0]) == -1
    page = audited_client.get(answer.headers["location"]).text
    assert f'<li id="{first.anchor}" class="done">' in page
    assert "Decided: nobody can tell" in page
    assert "<b>1</b> label decided on" in page


def test_a_decision_among_the_open_ones_stays_in_sight_once(
    audited_client: TestClient, first: Item
) -> None:
    answer = audited_client.post(MARKS, data=form(first, "-1", marked="open"))
    assert f'id="{first.anchor}"' in audited_client.get(answer.headers["location"]).text
    again = audited_client.get(PATH, params={"marked": "open"}).text
    assert f'id="{first.anchor}"' not in again


def test_another_class_is_taken_from_the_list_and_taken_back(
    audited_client: TestClient, audit_book: AuditBook, first: Item
) -> None:
    place = first.places[0]
    audited_client.post(MARKS, data=form(first, "other", other="1"))
    assert audit_book.decisions.decision(place) == 1
    audited_client.post(MARKS, data=form(first, ""))
    assert audit_book.decisions.decision(place) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": "99"},
        {"decision": "-2"},
        {"decision": "right"},
        {"decision": "other"},
        {"decision": "other", "other": ""},
        {"image": "-1"},
        {"image": "999999"},
        {"of": "77"},
        {"anchor": "x y"},
        {"kind": "all"},
        {"page": "0"},
    ],
)
def test_a_decision_that_makes_no_sense_changes_nothing(
    audited_client: TestClient, audit_book: AuditBook, first: Item, wrong: dict[str, str]
) -> None:
    answer = audited_client.post(MARKS, data={**form(first, "0"), **wrong})
    assert answer.status_code == 422
    assert len(audit_book.decisions) == 0


def test_a_form_with_files_is_refused(audited_client: TestClient, first: Item) -> None:
    answer = audited_client.post(MARKS, data=form(first, "0"), files={"image": b"x"})
    assert answer.status_code == 415


def test_corrections_leave_as_a_file_that_labels_are_corrected_by(
    audited_client: TestClient, audit_book: AuditBook, first: Item, tmp_path: Path
) -> None:
    audited_client.post(MARKS, data=form(first, "-1"))
    answer = audited_client.get("/traits/audit/corrections.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert 'filename="corrections.csv"' in answer.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["corrected"] == "unknown"
    path = tmp_path / "sheet.csv"
    path.write_bytes(answer.content)
    (found,) = read_decisions(path, audit_book.findings.images)
    assert (found.attribute, found.label) == (first.places[0][1], -1)


def test_without_data_there_is_no_audit_and_no_way_to_it(traits_client: TestClient) -> None:
    answer = traits_client.get(PATH)
    assert answer.status_code == 404
    assert "lacunar serve --traits MODEL --audit DATA" in answer.text
    assert PATH not in traits_client.get("/traits").text


def test_unjudged_labels_are_told_with_the_reason(
    audited_client: TestClient, audit_book: AuditBook
) -> None:
    audit_book.unjudged = "the data are <others>"
    for kind in ("wrong_labels", "gaps"):
        page = audited_client.get(PATH, params={"kind": kind}).text
        assert "The server says: the data are &lt;others&gt;" in page
    assert "Left out" not in audited_client.get(PATH, params={"kind": "duplicates"}).text
