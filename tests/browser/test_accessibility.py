"""axe-core over every page, as it is first seen and with all that folds unfolded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Visit = Callable[..., "Page"]


def violations(page: Page) -> list[str]:
    """Rules that are broken, and by what; also minor ones."""
    sync_playwright = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs the extra browser"
    )
    found: dict[str, Any] = sync_playwright.Axe().run(page).response
    return [
        f"{rule['impact']} {rule['id']}: {node['target']} {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_nothing(visit: Visit, path: str, width: int) -> None:
    page = visit(path, width=width)
    page.locator("details:not([open])").evaluate_all("all => all.forEach(one => one.open = true)")
    assert violations(page) == []


def test_axe_finds_nothing_in_answers_for_images(visit: Visit, images: tuple[Path, ...]) -> None:
    page = visit("/traits/try")
    page.set_input_files("#images", images)
    page.locator(".tried").wait_for()
    assert violations(page) == []


def test_axe_finds_nothing_in_the_login(visit: Visit, guarded_url: str) -> None:
    page = visit("/taste", url=guarded_url)
    assert violations(page) == []
    page.fill("#token", "something else")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("not the token").wait_for()
    assert violations(page) == []


def test_axe_would_find_something(visit: Visit) -> None:
    page = visit("/taste/try")
    page.locator("label[for=q]").evaluate("label => label.remove()")
    page.locator("#q").evaluate("field => field.removeAttribute('placeholder')")
    assert any("critical label" in one for one in violations(page))
