"""Screenshots of the web app for the documentation, from generated data.

Run: ``python docs/pictures/take.py`` with the extras traits, web and browser, and Chromium. Models
are fitted to generated ratings and people, which takes some minutes; ``--models DIR`` keeps them
for the next run. Each page is taken at 1280 and at 400 pixels.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from lacunar.datasets.people.sample import sample_people, write_people
from lacunar.datasets.tastes.sample import sample_tastes, write_sample
from lacunar.store import save_taste, save_traits
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import read_layout
from lacunar.traits.fit import fit_traits

HERE = Path(__file__).parent
# Width and height of a window.
WINDOWS = ((1280, 900), (400, 860))
QUALITY = 80


def fit(folder: Path) -> None:
    """Fit models to generated ratings and people in a directory, unless they are there."""
    if not (folder / "tastes").exists():
        write_sample(sample_tastes(n_users=600, n_movies=900, seed=7), folder / "ratings")
        save_taste(fit_taste(read_ratings(folder / "ratings")), folder / "tastes")
    if not (folder / "traits").exists():
        flaws = {"wrong_labels": 40, "bad_images": 16, "duplicates": 8}
        people = sample_people(n_train=600, n_test=200, seed=7, **flaws)
        write_people(people, folder / "people")
        train, test = read_layout(folder / "people")
        config = TraitsConfig(
            height=64, width=32, filters=8, max_epochs=30, folds=3, refit=20, device="cpu"
        )
        save_traits(fit_traits(train, config, test=test), folder / "traits")


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server's address."""
    command = [sys.executable, "-m", "lacunar", "serve", "--json", "--port", "0"]
    for option, name in (("--taste", "tastes"), ("--traits", "traits"), ("--audit", "people")):
        command += [option, str(folder / name)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - own command
        try:
            assert server.stdout is not None
            yield json.loads(server.stdout.readline())["url"]
        finally:
            server.send_signal(signal.SIGTERM)


def stay(page: Page) -> None:
    """Leave the page as it loads."""
    page.wait_for_load_state("networkidle")


def rate(page: Page) -> None:
    """Rate three of the offered films: two high, one low."""
    for number, stars in enumerate(("5", "4.5", "1"), start=1):
        offered = page.locator(".rating select", has=page.locator("option:checked[value='']"))
        offered.first.select_option(label=stars)
        page.locator(".lands [role=status]", has_text=f"after {number} rating").wait_for()
    page.evaluate("scrollTo(0, 0)")


def drop(folder: Path) -> Callable[[Page], None]:
    """Upload some people of the test part, with heat maps."""

    def act(page: Page) -> None:
        images = sorted((folder / "people" / "Test_Data" / "Originals").iterdir())[:4]
        page.set_input_files("#images", images)
        page.locator(".tried").wait_for()
        page.locator(".tried > li").first.locator("input[type=radio]").nth(2).check()
        page.evaluate("document.querySelector('#answers').scrollIntoView()")

    return act


def mark(page: Page) -> None:
    """Decide on two labels."""
    for number in (0, 2):
        finding = page.locator(".findings > li").nth(number)
        if not finding.get_attribute("class"):
            finding.locator("button").nth(1).click()
            page.locator(".findings > li.done").nth(number // 2).wait_for()
    page.evaluate(
        "document.activeElement.blur(); document.querySelector('#audit .filter').scrollIntoView()"
    )


def main() -> None:
    """Fit, serve, and take the screenshots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.models or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        fit(folder)
        acts = {
            "home": ("/", stay),
            "tastes": ("/taste", stay),
            "try-films": ("/taste/try", rate),
            "try-images": ("/traits/try", drop(folder)),
            "audit": ("/traits/audit", mark),
        }
        with serving(folder) as url, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            for name, (path, act) in acts.items():
                for width, height in WINDOWS:
                    page = chromium.new_page(viewport={"width": width, "height": height})
                    page.goto(url + path)
                    act(page)
                    file = HERE / f"{name}-{width}.webp"
                    Image.open(BytesIO(page.screenshot())).save(file, quality=QUALITY, method=6)
                    print(f"{file.name}: {file.stat().st_size:,} bytes")
                    page.close()
            chromium.close()


if __name__ == "__main__":
    main()
