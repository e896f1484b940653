from __future__ import annotations

from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.data.schema import UNKNOWN
from lacunar.web.audit.book import AuditBook, FindingFilter
from lacunar.web.audit.decisions import Decisions
from lacunar.web.views.traits_audit import finding_view


def test_a_wrong_label_offers_itself_the_suggestion_and_all_other_classes(
    audit_book: AuditBook,
) -> None:
    for item in audit_book.find(FindingFilter()):
        attribute = audit_book.findings.schema.attributes[item.attributes[0]]
        view = finding_view(audit_book, item)
        (label,) = view.labels
        given = int(audit_book.findings.images.labels[item.places[0]])
        assert label.choices[0].text == f"Right: {attribute.classes[given]}"
        offered = [int(choice.value) for choice in (*label.choices, *label.others)]
        assert sorted(offered) == [UNKNOWN, *range(len(attribute.classes))]
        assert view.lines[0].startswith(f"{attribute.classes[given]} ")
        assert not view.done


def test_a_gap_has_no_label_that_could_be_right(audit_book: AuditBook) -> None:
    item = audit_book.find(FindingFilter("gaps"))[0]
    view = finding_view(audit_book, item)
    assert [choice.text[:6] for choice in view.labels[0].choices] == ["It is ", "Cannot"]
    assert view.title.endswith("?")


def test_what_was_decided_is_chosen_and_said(audit_book: AuditBook) -> None:
    item = audit_book.find(FindingFilter())[0]
    (place,) = item.places
    given = int(audit_book.findings.images.labels[place])
    attribute = audit_book.findings.schema.attributes[place[1]]
    for label, words in (
        (given, f"{attribute.classes[given]} is right"),
        (UNKNOWN, "nobody can tell"),
        (1 - given if given < 2 else 0, "it is "),
    ):
        audit_book.decisions.decide(place, label)
        view = finding_view(audit_book, item)
        (shown,) = view.labels
        assert shown.decided.startswith(words)
        assert [c.value for c in (*shown.choices, *shown.others) if c.chosen] == [str(label)]
        assert view.done


def test_copies_show_both_images_and_each_label_that_differs(
    conflicting_findings: AuditFindings,
) -> None:
    book = AuditBook(conflicting_findings, Decisions(conflicting_findings))
    item = next(item for item in book.find(FindingFilter("duplicates")) if item.places)
    view = finding_view(book, item)
    assert [name for _, name in view.pictures] != []
    assert len(view.pictures) == 2
    assert len(view.labels) == 2 * len(item.attributes)
    assert len({label.about for label in view.labels}) == len(view.labels)
    assert view.lines[0].startswith("Labels differ: ")


def test_a_bad_image_says_what_was_measured_and_offers_nothing(audit_book: AuditBook) -> None:
    for item in audit_book.find(FindingFilter("low_quality")):
        view = finding_view(audit_book, item)
        assert view.labels == ()
        assert len(view.lines) == len(item.reasons) + 1
        assert view.lines[-1].endswith(" pixels")
        assert not view.done
