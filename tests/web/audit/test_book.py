from __future__ import annotations

from pathlib import Path

import pytest

from lacunar.errors import InputError
from lacunar.report.traits.thumbnails import thumbnail
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.data.images import read_image
from lacunar.traits.data.schema import PEOPLE, UNKNOWN
from lacunar.traits.model import TraitsModel
from lacunar.web.audit.book import KINDS, AuditBook, FindingFilter, open_audit
from lacunar.web.audit.decisions import Decisions


def test_filters_keep_what_fits_in_its_order(audit_book: AuditBook) -> None:
    names = audit_book.findings.schema.names
    every = audit_book.find(FindingFilter("wrong_labels"))
    assert len(every) == audit_book.counts["wrong_labels"] > 5
    for position, name in enumerate(names):
        found = audit_book.find(FindingFilter("wrong_labels", attribute=name))
        assert found == [item for item in every if item.attributes == (position,)]
    sure = audit_book.find(FindingFilter("wrong_labels", at_least=0.95))
    assert sure == [item for item in every if (item.confidence or 0) >= 0.95]
    assert 0 < len(sure) < len(every)


def test_bad_images_are_found_by_reason(audit_book: AuditBook) -> None:
    assert audit_book.reasons
    for reason, n in audit_book.reasons.items():
        found = audit_book.find(FindingFilter("low_quality", reason=reason))
        assert len(found) == n
        assert all(reason in item.reasons for item in found)


def test_what_is_decided_leaves_the_open_ones_but_for_the_last(audit_book: AuditBook) -> None:
    first = audit_book.find(FindingFilter())[0]
    assert audit_book.open(first)
    audit_book.decisions.decide(first.places[0], UNKNOWN)
    assert first not in audit_book.find(FindingFilter(marked="open"))
    assert first in audit_book.find(FindingFilter(marked="marked"))
    assert first == audit_book.find(FindingFilter(marked="open", also=first.anchor))[0]


def test_a_pair_is_open_until_all_its_labels_are_decided_on(
    conflicting_findings: AuditFindings,
) -> None:
    audit_book = AuditBook(conflicting_findings, Decisions(conflicting_findings))
    pair = next(item for item in audit_book.find(FindingFilter("duplicates")) if item.places)
    for place in pair.places:
        assert pair in audit_book.find(FindingFilter("duplicates", marked="open"))
        audit_book.decisions.decide(place, UNKNOWN)
    assert pair in audit_book.find(FindingFilter("duplicates", marked="marked"))
    same = [item for item in audit_book.find(FindingFilter("duplicates")) if not item.places]
    for state in ("open", "marked"):
        assert not set(same) & set(audit_book.find(FindingFilter("duplicates", marked=state)))


def test_pages_hold_everything_once(audit_book: AuditBook) -> None:
    every = audit_book.find(FindingFilter())
    first = audit_book.page(FindingFilter(), 1, 3)
    assert first.pages > 2
    assert (first.total, first.pages) == (len(every), -(-len(every) // 3))
    pages = [audit_book.page(FindingFilter(), n, 3).items for n in range(1, first.pages + 1)]
    assert [item for items in pages for item in items] == every
    assert audit_book.page(FindingFilter(), 10**6, 3).number == first.pages
    empty = audit_book.page(FindingFilter(at_least=1.0), 3, 3)
    assert (empty.items, empty.number, empty.pages) == ([], 1, 1)


def test_an_unknown_attribute_or_reason_is_refused(audit_book: AuditBook) -> None:
    with pytest.raises(InputError, match=r"attribute: expected one of gender, .* got 'hat'"):
        audit_book.find(FindingFilter(attribute="hat"))
    with pytest.raises(InputError, match=r"reason: expected one of dark, .* got 'ugly'"):
        audit_book.find(FindingFilter("low_quality", reason="ugly"))


def test_a_picture_is_that_of_the_page_of_an_audit_and_drawn_once(
    audit_book: AuditBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = audit_book.findings.images
    drawn = audit_book.picture(0)
    assert drawn == thumbnail(read_image(parts.picture(0)), alt=parts.place(0)[1])
    monkeypatch.setattr("lacunar.web.audit.book.read_image", None)
    assert audit_book.picture(0) is drawn


def test_a_file_that_is_gone_is_told_and_nothing_fails(
    audit_book: AuditBook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        type(audit_book.findings.images), "picture", lambda _, image: tmp_path / "<b>"
    )
    assert "cannot be read any more" in audit_book.picture(3)


def test_a_model_that_was_fitted_in_folds_judges_its_data(
    folded_model: TraitsModel, people_directory: Path, decoded_images: Path
) -> None:
    book = open_audit(people_directory, folded_model, default=PEOPLE, cache_dir=decoded_images)
    assert book.unjudged == ""
    assert set(book.counts) == set(KINDS)
    assert book.findings.gaps is not None


def test_other_models_leave_labels_unjudged_and_say_why(
    people_model: TraitsModel, people_directory: Path, flawed_findings: AuditFindings
) -> None:
    for model, why in ((people_model, "fitted with folds"), (None, "ONNX file")):
        book = open_audit(people_directory, model, default=PEOPLE)
        assert why in book.unjudged
        assert book.counts["wrong_labels"] == book.counts["gaps"] == 0
    assert isinstance(book.decisions, Decisions)
