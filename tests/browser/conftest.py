"""A real server and a real browser, which may ask for nothing but what the server has."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from lacunar.store import save_traits
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import read_layout
from lacunar.traits.fit import fit_traits

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Response

#: Open a path in a window of its own: `visit(path, script=True, width=1280)`.
Visit = Callable[..., "Page"]

PAGES = (
    "/",
    "/taste",
    "/taste/segments/0",
    "/taste/compare?a=0&b=1",
    "/taste/users/1?top=20&adventure=0.5",
    "/taste/try",
    "/taste/try?rate=2:5&rate=3:1",
    "/traits",
    "/traits/try",
    "/traits/audit",
    "/traits/audit?kind=gaps",
    "/traits/audit?kind=duplicates",
    "/traits/audit?kind=low_quality",
    "/no-such-page",
)


@dataclass(frozen=True, slots=True)
class Site:
    """A server with both models and an audit; one user of its ratings, some images to try."""

    url: str
    user: str
    images: tuple[Path, ...]


@pytest.fixture(scope="session")
def judged_directory(
    flawed_directory: Path, decoded_images: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A model fitted in folds to the flawed images, so that it may judge all their labels."""
    train, test = read_layout(flawed_directory)
    config = TraitsConfig(
        height=32, width=16, filters=4, batch=16, max_epochs=3, folds=2, refit=2, device="cpu"
    )
    directory = tmp_path_factory.mktemp("saved") / "judged"
    save_traits(fit_traits(train, config, test=test, cache_dir=decoded_images), directory)
    return directory


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Two small images, and a file that is none, by a name that no page may take for markup."""
    folder = tmp_path_factory.mktemp("images")
    paths = tuple(folder / name for name in ("red.png", "blue.jpg", "<i>broken.png"))
    for path, colour in zip(paths[:2], ((190, 40, 40), (40, 60, 190)), strict=True):
        Image.new("RGB", (30, 60), colour).save(path)
    paths[2].write_bytes(b"no image")
    return paths


@pytest.fixture(scope="module")
def site(
    start_server: Callable[..., str],
    sample_model_directory: Path,
    judged_directory: Path,
    flawed_directory: Path,
    images: tuple[Path, ...],
) -> Site:
    models = ("--taste", sample_model_directory, "--traits", judged_directory)
    return Site(start_server(*models, "--audit", flawed_directory), "1", images)


@pytest.fixture(scope="session")
def token() -> str:
    return "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def guarded_url(start_server: Callable[..., str], sample_model_directory: Path, token: str) -> str:
    """A server that asks for its token."""
    return start_server("--taste", sample_model_directory, LACUNAR_TOKEN=token)


# Of a module, not of the session: while Playwright runs, no other test could run asyncio.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    reason = "needs the extra browser"
    sync_api = pytest.importorskip("playwright.sync_api", reason=reason)
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        # Names lead nowhere: what a page would load from elsewhere fails, besides being noted.
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield browser
        browser.close()


@pytest.fixture
def pages() -> tuple[str, ...]:
    """Every page there is, some of them as they are after something was asked."""
    return PAGES


@pytest.fixture(params=PAGES)
def path(request: pytest.FixtureRequest) -> str:
    """Each of the pages in turn."""
    return str(request.param)


@pytest.fixture
def requested() -> list[str]:
    """Every address that a page has asked for."""
    return []


@pytest.fixture
def answered() -> list[Response]:
    """Every answer that a page got."""
    return []


@pytest.fixture
def visit(
    chromium: Browser, site: Site, requested: list[str], answered: list[Response]
) -> Iterator[Visit]:
    """Windows that ask their server only, and whose scripts neither fail nor are stopped."""
    allowed, contexts, trouble = {site.url}, [], []

    def listen(said: ConsoleMessage) -> None:
        # Chromium says so of every answer that is a refusal, or that does not come; whether that
        # should be so, tests say.
        expected = ("responded with a status of 4", "ERR_INTERNET_DISCONNECTED", "Failed to fetch")
        if said.type in {"error", "warning"} and not any(part in said.text for part in expected):
            trouble.append(f"{said.type}: {said.text}")

    def keep(answer: Response) -> None:
        answered.append(answer)
        if answer.status >= 500:
            trouble.append(f"{answer.status}: {answer.url}")

    def visit(
        path: str, *, script: bool = True, width: int = 1280, url: str = site.url, **options: Any
    ) -> Page:
        context = chromium.new_context(
            base_url=url,
            java_script_enabled=script,
            viewport={"width": width, "height": 800},
            **options,
        )
        context.set_default_timeout(120_000)
        contexts.append(context)
        allowed.add(url)
        context.on("request", lambda request: requested.append(request.url))
        context.on("response", keep)
        context.on("weberror", lambda failed: trouble.append(str(failed.error)))
        context.on("console", listen)
        page = context.new_page()
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    own = (*(f"{url}/" for url in allowed), "data:")
    assert [url for url in requested if not url.startswith(own)] == []
    assert trouble == []
