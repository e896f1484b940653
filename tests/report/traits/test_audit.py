import re
from dataclasses import replace
from pathlib import Path

import pytest

from lacunar.report.traits.audit import audit_report
from lacunar.traits.audit.findings import AuditFindings, audit_images
from lacunar.traits.data.dataset import read_dataset

SECTIONS = ["summary", "wrong", "quality", "copies", "gaps", "labels", "shift"]


@pytest.fixture(scope="module")
def page(flawed_findings: AuditFindings) -> str:
    return audit_report(flawed_findings)


def section(page: str, name: str) -> str:
    return page.split(f'<section id="{name}">')[1].split("<section id=", maxsplit=1)[0]


def test_sections_come_in_order_and_the_contents_lead_to_them(page: str) -> None:
    found = re.findall(r'<section id="([^"-]*)"', page)
    assert found == SECTIONS
    anchors = re.findall(r'<a href="#([^"]*)"', page)
    assert set(anchors) <= set(re.findall(r' id="([^"]*)"', page))


def test_the_page_is_small_and_loads_nothing(page: str) -> None:
    assert len(page) < 2_000_000
    assert set(re.findall(r'(?:src|href)="([^"#]{0,5})', page)) == {"data:", ""}
    assert "<script" not in page


def test_without_predictions_or_test_images_the_page_says_so(people_directory: Path) -> None:
    page = audit_report(audit_images(read_dataset(people_directory)))
    assert "No model was named" in section(page, "summary")
    assert section(page, "wrong").count("Left out: it takes a model.") == 1
    assert section(page, "gaps").count("Left out: it takes a model.") == 1
    assert '<section id="shift">' not in page


def test_names_from_outside_are_text_and_never_markup(flawed_findings: AuditFindings) -> None:
    train = flawed_findings.images.train
    hostile = tuple(f"<b>{name}" for name in train.names)
    parts = replace(flawed_findings.images, train=replace(train, names=hostile))
    page = audit_report(replace(flawed_findings, images=parts))
    assert "<b>" not in page
    assert "&lt;b&gt;person_" in page


def test_the_same_findings_give_the_same_bytes(flawed_findings: AuditFindings, page: str) -> None:
    assert audit_report(flawed_findings) == page
