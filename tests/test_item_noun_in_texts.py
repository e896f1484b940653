"""Texts of pages, reports and commands on data that are not films."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from lacunar.cli.commands import app
from lacunar.report.taste.page import taste_report
from lacunar.store import load_taste
from lacunar.taste.evaluate.to_json import read_evaluation
from lacunar.taste.model import TasteModel
from lacunar.web.app import create_app
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState, build_state

_OF_FILMS = re.compile(r"\b(films?|movies?|watch\w*|stars?|releas\w*)\b", re.IGNORECASE)
_SPOKEN = r'<[^>]*?\s(?:aria-label|title|placeholder|alt|content)="([^"]*)"'


def _command(*words: object) -> str:
    done = CliRunner().invoke(app, ["taste", *map(str, words)])
    assert done.exit_code == 0, done.output
    return done.output


def _text_of(page: str) -> str:
    """Text and spoken attributes of a page, without the snippet of code."""
    page = re.sub(r"<(script|style|code)\b.*?</\1>", " ", page, flags=re.DOTALL)
    text = unescape(" ".join([*re.findall(_SPOKEN, page), re.sub(r"<[^>]+>", " ", page)]))
    return " ".join(text.split())


@dataclass(frozen=True)
class _Shop:
    """A data directory, the model fitted to it, and what the fit printed."""

    data: Path
    model: Path
    printed: str
    plural: str

    @property
    def loaded(self) -> TasteModel:
        return load_taste(self.model)


def _write_shop(sample: Path, directory: Path, noun: str) -> None:
    """Write a sample of tastes as reviews of products, with a ``ratings.toml``."""
    directory.mkdir()
    with (sample / "ratings.csv").open(encoding="utf-8", newline="") as file:
        reviews = list(csv.reader(file))[1:]
    with (sample / "movies.csv").open(encoding="utf-8", newline="") as file:
        products = list(csv.reader(file))[1:]
    genres = sorted({genre for _, _, cell in products for genre in cell.split("|")})
    styles = {genre: f"Style {number}" for number, genre in enumerate(genres)}
    for name, header, rows in (
        ("reviews", ["customer", "sku", "points", "time"], reviews),
        (
            "products",
            ["sku", "name", "styles"],
            [
                [sku, f"Number {sku} {title[-6:]}", "|".join(styles[s] for s in cell.split("|"))]
                for sku, title, cell in products
            ],
        ),
    ):
        with (directory / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
    (directory / "ratings.toml").write_text(
        '[ratings]\nfile = "reviews.csv"\nuser = "customer"\nitem = "sku"\nrating = "points"\n'
        'timestamp = "time"\n[items]\nfile = "products.csv"\nitem = "sku"\ntitle = "name"\n'
        f'genres = "styles"\n{noun}',
        encoding="utf-8",
    )


@pytest.fixture(scope="module", params=["wines", "items"])
def shop(
    request: pytest.FixtureRequest,
    sample_directory: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> _Shop:
    data = tmp_path_factory.mktemp("shop") / "data"
    _write_shop(sample_directory, data, 'noun = "wine"\n' if request.param == "wines" else "")
    model = data.with_name("model")
    options = ["--min-components", 3, "--max-components", 3, "--n-seeds", 2]
    printed = _command("fit", data, "-o", model, *options)
    return _Shop(data, model, printed, request.param)


@pytest.fixture(scope="module")
def state(shop: _Shop) -> Iterator[AppState]:
    state = build_state(ServeSettings(workers=1, queue=4), taste=shop.loaded)
    yield state
    state.pool.close()


def _pages(state: AppState, model: TasteModel) -> dict[str, str]:
    """Text of every page on a model, by path."""
    user, item = model.ratings.users[0], model.ratings.items["item_id"][0]
    client = TestClient(create_app(state), base_url="http://127.0.0.1:8000")
    paths = [
        "/",
        "/taste",
        *(f"/taste/segments/{segment}" for segment in range(model.segments.n_segments)),
        "/taste/compare?a=0&b=1",
        "/taste/compare?a=0&b=0",
        *(f"/taste/users/{user}{query}" for query in ("", "?by=segment", "?first_year=9000")),
        f"/taste/users/{user}?diversity=0.5&adventure=0.5",
        "/taste/try",
        f"/taste/try?q=number&rate={item}:4.5",
        "/taste/try?rate=none:4",
        f"/taste/try?rate={item}:99",
        "/taste/try?rate=1",
    ]
    return {path: _text_of(client.get(path).text) for path in paths}


def test_pages_on_other_items_do_not_speak_of_films(shop: _Shop, state: AppState) -> None:
    pages = _pages(state, shop.loaded)
    assert {path: found for path, text in pages.items() if (found := _OF_FILMS.findall(text))} == {}
    assert all(f"Rate {shop.plural}" in text for text in pages.values())
    assert f"{shop.plural.capitalize()} this segment likes much more" in pages["/taste/segments/0"]


def test_the_report_on_other_items_does_not_speak_of_films(shop: _Shop, tmp_path: Path) -> None:
    _command("evaluate", shop.data, "--seeds", 1, "--method", "popularity", "--method",
             "segment-source", "--cold-start", "-o", tmp_path / "scores.json")  # fmt: skip
    page = taste_report(shop.loaded, evaluation=read_evaluation(tmp_path / "scores.json"))
    text = _text_of(page)
    assert _OF_FILMS.findall(text) == []
    assert f"{shop.plural.capitalize()} per genre" in text


def test_commands_on_other_items_do_not_speak_of_films(shop: _Shop, tmp_path: Path) -> None:
    user, item = shop.loaded.ratings.users[0], shop.loaded.ratings.items["item_id"][0]
    printed = [
        shop.printed,
        (shop.model / "MODEL_CARD.md").read_text(encoding="utf-8"),
        _command("segments", shop.model),
        _command("user", shop.model, "--user", user),
        _command("place", shop.model, shop.data, "-o", tmp_path / "places"),
        _command("evaluate", shop.data, "--seeds", 1, "--method", "popularity"),
        _command("recommend", shop.model, "--rate", f"{item}=5", "--diversity", 0.5),
        _command("recommend", shop.model, "--user", user, "--years", "8000:9000"),
        *(_command("recommend", shop.model, "--user", user, "--by", by)
          for by in ("popularity", "segment", "posterior", "personal")),
        _command("recommend", "--help"),
    ]  # fmt: skip
    assert [found for text in printed if (found := _OF_FILMS.findall(text))] == []
    assert f"of 300 {shop.plural} by 120 users" in " ".join(shop.printed.split())
    assert f"No {shop.plural[:-1]} is left" in printed[7]


def test_texts_on_films_speak_of_films(sample_model: TasteModel) -> None:
    state = build_state(ServeSettings(workers=1, queue=4), taste=sample_model)
    pages = _pages(state, sample_model)
    state.pool.close()
    assert all("Rate films" in text for text in pages.values())
    assert "Films per genre" in _text_of(taste_report(sample_model))
