"""People look for themselves and for others among tastes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Visit = Callable[..., "Page"]

both_ways = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])


def films(page: Page) -> list[str]:
    return page.locator(".films > li strong").all_inner_texts()


def test_segments_are_told_apart_without_colour(visit: Visit) -> None:
    page = visit("/taste")
    marks = page.locator("#map table .segment svg")
    shapes = marks.evaluate_all(
        "all => all.map(svg => [...svg.querySelectorAll('*')].map(one => one.tagName"
        " + (one.getAttribute('d') ?? one.getAttribute('points') ?? '')).join())"
    )
    assert len(shapes) == len(set(shapes)) > 1
    assert len(page.locator("#segments .portraits > li").all()) == len(shapes)


@both_ways
def test_somebody_goes_from_the_map_to_a_segment_to_a_member(visit: Visit, script: bool) -> None:
    page = visit("/taste", script=script)
    name = page.locator("#map .segment a").first.inner_text()
    page.locator("#map .segment a").first.click()
    page.locator("h1", has_text=name).wait_for()
    member = page.locator("#members a").first.inner_text()
    page.locator("#members a").first.click()
    page.locator("h1", has_text=member).wait_for()
    assert name in page.locator(".crumbs").inner_text()
    assert len(films(page)) == 10


@both_ways
def test_two_segments_are_compared(visit: Visit, script: bool) -> None:
    page = visit("/taste", script=script)
    page.locator("#compare select[name=a]").select_option("1")
    page.locator("#compare select[name=b]").select_option("2")
    page.locator("#compare button").click()
    page.wait_for_url("**/taste/compare?a=1&b=2")
    assert page.locator(".comparing p").count() == 2
    assert page.locator("#genres table tbody tr").count() > 3


@both_ways
def test_a_user_is_asked_for_by_id(visit: Visit, script: bool) -> None:
    page = visit("/taste", script=script)
    page.locator("#user").fill("7")
    page.keyboard.press("Enter")
    page.wait_for_url("**/taste/users/7")
    page.locator("#user").fill("<b>nobody</b>")
    page.keyboard.press("Enter")
    page.locator("h1", has_text="No such user").wait_for()
    assert "<b>nobody</b>" in page.locator(".lead").inner_text()


def test_the_list_of_a_user_changes_in_place(visit: Visit) -> None:
    page = visit("/taste/users/1")
    before = films(page)
    page.evaluate("window.same = true")
    page.locator("#adventure").fill("1")
    page.wait_for_url("**/taste/users/1?adventure=1")
    page.locator("#recommended:not([aria-busy])").wait_for()
    changed = films(page)
    assert changed != before
    assert page.locator("#adventure-value").inner_text() == "1"
    page.locator("#top").select_option("20")
    page.wait_for_url("**/taste/users/1?top=20&adventure=1")
    assert len(films(page)) == 20
    page.go_back()
    page.wait_for_url("**/taste/users/1?adventure=1")
    page.locator(".films > li").nth(10).wait_for(state="detached")
    assert films(page) == changed
    assert page.evaluate("window.same")


def test_the_list_of_a_user_changes_without_scripts(visit: Visit) -> None:
    page = visit("/taste/users/1", script=False)
    before = films(page)
    page.locator("#adventure").fill("1")
    page.locator("#top").select_option("20")
    page.get_by_role("button", name="Recommend").click()
    page.wait_for_url("**/taste/users/1?top=20&adventure=1#list")
    assert len(films(page)) == 20
    assert films(page)[:10] != before


@both_ways
def test_somebody_new_searches_rates_and_sees_the_list_move(visit: Visit, script: bool) -> None:
    page = visit("/taste/try", script=script)
    popular = films(page)
    title = page.locator(".rating label").first.evaluate("label => label.firstChild.data").strip()
    word = title.split()[0]
    page.locator("#q").fill(word)
    if not script:
        page.get_by_role("button", name="Search and rate").click()
    page.wait_for_url(f"**/taste/try?q={word}")
    label = page.locator(".rating li", has_text=title).first
    label.locator("select").select_option(label="5")
    if not script:
        page.get_by_role("button", name="Search and rate").click()
    page.locator(".lands [role=status]", has_text="after 1 rating").wait_for()
    assert films(page) != popular
    assert page.locator(".moved").count() > 0
    assert title in page.locator(".rate h3:has-text('Rated') + .rating").inner_text()
    page.get_by_role("link", name="Forget all and start over").click()
    page.wait_for_url("**/taste/try")
    assert films(page) == popular


def test_what_is_refused_is_said_and_nothing_is_lost(visit: Visit) -> None:
    page = visit("/taste/users/1")
    before = films(page)
    page.locator("#first_year").fill("2030")
    page.locator("#last_year").fill("1990")
    page.locator("#last_year").press("Enter")
    trouble = page.get_by_role("alert")
    trouble.get_by_text("1990").wait_for()
    assert films(page) == before


def test_a_server_that_is_gone_is_said(visit: Visit) -> None:
    page = visit("/taste/users/1")
    before = films(page)
    page.context.set_offline(True)
    page.locator("#top").select_option("20")
    page.get_by_role("alert").get_by_text("The server does not answer.").wait_for()
    page.context.set_offline(False)
    page.locator("#top").select_option("50")
    page.wait_for_url("**/taste/users/1?top=50")
    page.locator(".films > li").nth(49).wait_for()
    assert page.get_by_role("alert").count() == 0
    assert films(page)[:10] == before
