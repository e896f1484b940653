"""People have images answered for, and go through an audit."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Visit = Callable[..., "Page"]

both_ways = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])


@both_ways
def test_an_attribute_is_looked_at_closely(visit: Visit, script: bool) -> None:
    page = visit("/traits", script=script)
    other = page.locator("#attribute nav a").nth(2)
    name = other.inner_text()
    assert page.locator("#attribute h2").inner_text().lower() != name
    other.click()
    page.locator("#attribute h2", has_text=name.capitalize()).wait_for()
    assert page.locator("#attribute nav a[aria-current]").inner_text() == name
    assert page.locator("#attribute table").count() >= 1


@both_ways
def test_images_are_answered_for_and_what_is_none_is_named(
    visit: Visit, images: tuple[Path, ...], script: bool
) -> None:
    page = visit("/traits/try", script=script)
    page.set_input_files("#images", images)
    if not script:
        page.get_by_role("button", name="Tell", exact=True).click()
    page.locator("#answers [role=status]", has_text="2 images answered, 1 could not").wait_for()
    assert page.locator(".tried > li h3").all_inner_texts() == ["red.png", "blue.jpg"]
    assert "<i>broken.png" in page.locator("#answers .trouble").inner_text()
    first = page.locator(".tried > li").first
    # The image itself is looked at first, and each answer has its place beside it.
    choices = first.locator("input[type=radio]")
    assert choices.count() == 7
    choices.nth(3).check()
    assert [place.is_visible() for place in first.locator(".map").all()] == [
        number == 2 for number in range(6)
    ]


def test_images_are_answered_for_as_soon_as_they_are_dropped(
    visit: Visit, images: tuple[Path, ...]
) -> None:
    page = visit("/traits/try")
    # The field itself takes what is dropped on it, but of a real mouse only.
    page.locator("#images").evaluate(
        "(field, bytes) => { const data = new DataTransfer();"
        " data.items.add(new File([new Uint8Array(bytes)], 'dropped.png', {type: 'image/png'}));"
        " field.files = data.files;"
        " field.dispatchEvent(new Event('change', {bubbles: true})); }",
        list(images[0].read_bytes()),
    )
    page.locator(".tried h3", has_text="dropped.png").wait_for()


@both_ways
def test_labels_are_marked_filtered_and_taken_away_as_a_file(
    visit: Visit, script: bool, tmp_path: Path
) -> None:
    page = visit("/traits/audit", script=script)
    first = page.locator(".findings > li").first
    anchor = first.get_attribute("id")
    name = first.locator(".file").inner_text()
    first.get_by_role("button", name="Cannot tell").click()
    page.locator(f"#{anchor}.done").wait_for()
    assert "nobody can tell" in page.locator(f"#{anchor} .said").inner_text()

    page.locator("#marked").select_option("marked")
    if not script:
        page.get_by_role("button", name="Show").click()
    page.wait_for_url("**marked=marked**")
    page.locator("nav.pages span", has_text="1 found").first.wait_for()

    with page.expect_download() as waited:
        page.get_by_role("link", name="Corrections as CSV").click()
    waited.value.save_as(tmp_path / "corrections.csv")
    sheet = (tmp_path / "corrections.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(sheet.splitlines()))
    assert [Path(row["image"]).name for row in rows] == [Path(name).name]
    assert rows[0]["corrected"] == "unknown"

    page.get_by_role("button", name="Take back").click()
    page.locator(".kept [role=status]", has_text="0 labels").wait_for()


@both_ways
def test_every_kind_of_finding_has_its_sheet(visit: Visit, script: bool) -> None:
    page = visit("/traits/audit", script=script)
    for name, heading in (
        ("Gaps", "Gaps worth filling"),
        ("Copies", "Copies"),
        ("Low quality", "Images of low quality"),
        ("Likely wrong", "Labels that are likely wrong"),
    ):
        page.locator("#audit > nav").get_by_role("link", name=name).click()
        page.get_by_role("heading", name=heading, exact=True).wait_for()
        assert page.locator(".findings img").count() > 0
        broken = page.locator(".findings img").evaluate_all(
            "all => all.filter(one => one.complete && !one.naturalWidth).length"
        )
        assert broken == 0


@both_ways
def test_a_server_with_a_token_lets_in_who_knows_it(
    visit: Visit, guarded_url: str, token: str, script: bool
) -> None:
    page = visit("/taste/users/1?top=20", url=guarded_url, script=script)
    assert page.locator("h1").inner_text() == "Log in"
    page.locator("#token").fill("a guess")
    page.keyboard.press("Enter")
    page.get_by_text("That is not the token.").wait_for()
    page.locator("#token").fill(token)
    page.keyboard.press("Enter")
    page.wait_for_url("**/taste/users/1?top=20")
    assert page.locator(".films > li").count() == 20
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert token not in str(cookie["value"])
    page.get_by_role("button", name="Log out").click()
    page.goto("/taste")
    assert page.locator("h1").inner_text() == "Log in"
