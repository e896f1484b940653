"""What holds of every page, at both widths, with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from fastapi.routing import APIRoute

from lacunar.web.app import _PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

pytestmark = pytest.mark.browser

Visit = Callable[..., "Page"]

# Routes that lead on or answer with a file, and those that walks of their own go through.
ELSEWHERE = {
    "/api-docs",
    "/login",
    "/logout",
    "/static/{name}",
    "/taste/users",
    "/traits/audit/marks",
    "/traits/audit/corrections.csv",
}


def test_every_page_is_among_those_that_are_looked_at(pages: tuple[str, ...]) -> None:
    routes = {
        str(route.path)
        for router in _PAGES
        for route in router.routes
        if isinstance(route, APIRoute)
    }
    patterns = {route: re.sub(r"\{[^}]+\}", "[^/]+", route) for route in routes}
    looked_at = {
        route
        for route, pattern in patterns.items()
        if any(re.fullmatch(pattern, urlsplit(path).path) for path in pages)
    }
    assert routes == looked_at | ELSEWHERE


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_page_stands_on_its_own_and_fits_a_telephone(
    visit: Visit, answered: list[Response], path: str, script: bool
) -> None:
    page = visit(path, script=script)
    assert [answer.status for answer in answered if answer.status != 200] == (
        [404] if path == "/no-such-page" else []
    )
    assert page.locator("h1").count() == 1
    assert page.locator("h1").inner_text() in page.title()
    for landmark in ("header", "main", "footer"):
        assert page.locator(f"body > {landmark}").count() == 1
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide == page.evaluate("document.documentElement.clientWidth"), width


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_every_link_leads_somewhere(visit: Visit, script: bool) -> None:
    """Link by link from the first page; of routes with many pages some are followed."""
    page = visit("/", script=script)
    waiting, seen, followed = ["/"], set(), dict.fromkeys(("users", "segments", "try"), 0)
    while waiting:
        path = waiting.pop(0)
        kind = next((kind for kind in followed if f"/{kind}" in path), None)
        if path in seen or (kind and followed[kind] >= 4):
            continue
        seen.add(path)
        if kind:
            followed[kind] += 1
        if path.endswith(".csv") or not path.startswith(("/taste", "/traits")):
            assert page.request.get(path).status == 200, path
            if path != "/":
                continue
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        links = page.locator("a[href]").evaluate_all(
            "links => links.map(link => link.getAttribute('href'))"
        )
        for link in dict.fromkeys(links):
            place, _, anchor = link.partition("#")
            if not place:
                assert page.locator(f"[id='{anchor}']").count() == 1, (path, link)
            elif place not in seen:
                waiting.append(place)
    assert {"/taste", "/taste/try", "/traits", "/traits/try", "/traits/audit"} <= seen


def test_the_first_page_is_light(visit: Visit, answered: list[Response]) -> None:
    visit("/").wait_for_load_state("networkidle")
    sizes = [answer.request.sizes() for answer in answered]
    assert 1 < len(sizes) <= 6
    assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) <= 150_000


def test_the_second_page_loads_no_style_and_no_script_again(
    visit: Visit, requested: list[str]
) -> None:
    page = visit("/")
    page.wait_for_load_state("networkidle")
    requested.clear()
    page.goto("/taste")
    page.wait_for_load_state("networkidle")
    loaded = [answer for answer in requested if "/static/" in answer]
    cached = page.evaluate(
        "performance.getEntriesByType('resource').filter(entry => entry.transferSize === 0).length"
    )
    assert cached == len(loaded) > 0
