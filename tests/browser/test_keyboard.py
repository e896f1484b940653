"""A keyboard and nothing else: everything is reached, in order, and seen to be reached."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Visit = Callable[..., "Page"]

# What a reader can do something with, in the order of the document, each numbered; of a group of
# radio buttons only one is in the order of tabs.
_NUMBER = """
() => {
  const all = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
    .filter(one => !one.disabled && one.checkVisibility({ visibilityProperty: true }))
    .filter(one => one.type !== "radio" || one.checked);
  all.forEach((one, place) => one.setAttribute("data-place", place));
  return all.map(one => one.outerHTML.slice(0, 160));
}
"""
# A ring around it, no part of it outside the window, and nothing in front of it.
_FOCUS = """
() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const box = one.getClientRects()[0];
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  const inside = box && box.width > 0 && box.bottom > 0 && box.top < innerHeight
    && box.right > 0 && box.left < innerWidth;
  const top = box && document.elementFromPoint(
    Math.min(innerWidth - 1, Math.max(0, box.left + Math.min(box.width / 2, 20))),
    Math.min(innerHeight - 1, Math.max(0, box.top + Math.min(box.height / 2, 10))));
  return { place: Number(one.dataset.place ?? -1), ring, inside,
    front: !!top && (one.contains(top) || top.contains(one)) };
}
"""


def walk(page: Page) -> None:
    """Press Tab until the end of the page."""
    order: list[str] = page.evaluate(_NUMBER)
    assert len(order) > 4
    for place, html in enumerate(order):
        page.keyboard.press("Tab")
        focus: dict[str, Any] = page.evaluate(_FOCUS)
        wanted = {"place": place, "ring": True, "inside": True, "front": True}
        assert focus == wanted, f"{html} was to come, not {order[focus['place']]}"


def tab_to(page: Page, selector: str, most: int = 120) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("of => document.activeElement.matches(of)", selector):
            return
    raise AssertionError(f"{selector} was not reached in {most} steps")


@pytest.mark.parametrize("width", [1280, 400])
def test_tab_leads_through_everything_in_order(visit: Visit, path: str, width: int) -> None:
    walk(visit(path, width=width))


def test_tab_leads_through_answers_for_images(visit: Visit, images: tuple[Path, ...]) -> None:
    page = visit("/traits/try")
    page.set_input_files("#images", images[:2])
    page.locator(".tried").wait_for()
    page.evaluate("document.activeElement.blur(); getSelection().collapse(document.body, 0)")
    walk(page)


def test_the_first_tab_skips_to_the_content(visit: Visit) -> None:
    page = visit("/taste")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_film_is_rated_and_the_list_moves(visit: Visit) -> None:
    page = visit("/taste/try")
    before = page.locator(".films > li strong").all_inner_texts()
    tab_to(page, "select[name=rate]")
    rated = page.evaluate("document.activeElement.id")
    page.keyboard.press("5")
    page.locator(".lands [role=status]", has_text="after 1 rating").wait_for()
    assert "rate=" in page.url
    after = page.locator(".films > li strong").all_inner_texts()
    assert after != before
    # Whoever rates goes on from the film just rated, not from the top of the page.
    assert page.evaluate("document.activeElement.id") == rated
    tab_to(page, "a[aria-label^='Remove the rating']", most=3)
    page.keyboard.press("Enter")
    page.locator(".lands [role=status]", has_text="Rate a film").wait_for()
    assert page.locator(".films > li strong").all_inner_texts() == before


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_label_is_marked_in_the_audit(visit: Visit, script: bool) -> None:
    page = visit("/traits/audit", script=script)
    said = page.locator(".kept [role=status]")
    assert said.inner_text().startswith("0 labels")
    tab_to(page, ".findings button")
    button = page.evaluate("document.activeElement.id")
    page.keyboard.press("Space")
    page.locator(".kept [role=status]", has_text="1 label decided").wait_for()
    assert page.locator(f"[id='{button}']").get_attribute("aria-pressed") == "true"
    if script:
        assert page.evaluate("document.activeElement.id") == button
    tab_to(page, ".findings button.back")
    page.keyboard.press("Enter")
    page.locator(".kept [role=status]", has_text="0 labels").wait_for()


def test_places_of_an_answer_are_chosen_by_arrows(visit: Visit, images: tuple[Path, ...]) -> None:
    page = visit("/traits/try")
    page.set_input_files("#images", images[0])
    page.locator(".tried").wait_for()
    tab_to(page, ".tried input[type=radio]")
    maps = page.locator(".tried .map")
    assert [one.is_visible() for one in maps.all()].count(True) == 0
    page.keyboard.press("ArrowDown")
    assert [one.is_visible() for one in maps.all()].count(True) == 1
