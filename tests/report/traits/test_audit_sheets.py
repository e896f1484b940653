import re
from html import unescape

import numpy as np
import pytest

from lacunar.report.traits.audit import audit_report
from lacunar.traits.audit.findings import AuditFindings


@pytest.fixture(scope="module")
def page(flawed_findings: AuditFindings) -> str:
    return audit_report(flawed_findings)


def section(page: str, name: str) -> str:
    return page.split(f'<section id="{name}">')[1].split("<section id=", maxsplit=1)[0]


def cards(text: str) -> list[str]:
    """Words of each card, markup left out."""
    return [
        unescape(re.sub(r"<[^>]*>", " ", card)).strip()
        for card in re.findall(r"<li><img .*?</li>", text, re.DOTALL)
    ]


def test_wrong_labels_come_by_rank_with_what_to_judge_them_by(
    page: str, flawed_findings: AuditFindings
) -> None:
    ranked = flawed_findings.wrong_labels
    assert ranked is not None
    flagged = np.flatnonzero(ranked.flagged)
    shown = cards(section(page, "wrong"))
    assert len(shown) == min(30, len(flagged))
    for words, row in zip(shown, flagged, strict=False):
        attribute = flawed_findings.schema.attributes[ranked.attribute[row]]
        given, suggested = (
            attribute.classes[ranked.given[row]],
            attribute.classes[ranked.suggested[row]],
        )
        assert attribute.name.replace("_", " ") in words
        assert f"{given} → {suggested}" in words
        assert flawed_findings.images.place(int(ranked.image[row]))[1] in words
    assert f"{100 * ranked.confidence[flagged[0]]:.0f}\xa0%" in shown[0]


def test_every_image_of_low_quality_stands_under_its_reasons(
    page: str, flawed_findings: AuditFindings
) -> None:
    text = section(page, "quality")
    expected = sum(len(found.reasons) for found in flawed_findings.low_quality)
    assert len(cards(text)) == expected
    for reason in {reason for found in flawed_findings.low_quality for reason in found.reasons}:
        assert f"<h3>{reason.replace('_', ' ').capitalize()}: " in text


def test_copies_stand_side_by_side_those_across_the_parts_first(
    page: str, flawed_findings: AuditFindings
) -> None:
    shown = cards(section(page, "copies"))
    assert len(shown) == 2 * len(flawed_findings.duplicates)
    across = len(flawed_findings.across)
    of_test = [
        "(test)" in one or "(test)" in other
        for one, other in zip(shown[::2], shown[1::2], strict=True)
    ]
    assert of_test[:across] == [True] * across


def test_gaps_are_shown_with_what_they_are_asked_for(
    page: str, flawed_findings: AuditFindings
) -> None:
    gaps = flawed_findings.gaps
    assert gaps is not None
    shown = cards(section(page, "gaps"))
    assert len(shown) == min(30, np.count_nonzero(gaps.value))
    attribute = flawed_findings.schema.attributes[gaps.attribute[0]]
    assert f"{attribute.name.replace('_', ' ')}?" in shown[0]
    assert attribute.classes[gaps.likely[0]] in shown[0]


def test_no_section_shows_more_than_asked_for(flawed_findings: AuditFindings) -> None:
    short = audit_report(flawed_findings, top=2)
    assert len(cards(section(short, "wrong"))) == 2
    assert len(cards(section(short, "copies"))) == 4
    assert len(cards(section(short, "gaps"))) == 2
