"""Data of shops: tables without years, genres, items, ratings or times, as files and frames."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.report.taste.page import taste_report
from lacunar.store.taste import model_card
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.rating_scale import LIKES, RatingScale
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate.methods import evaluate_recommenders
from lacunar.taste.fit import fit_taste

Columns = dict[str, list[Any]]
N_CUSTOMERS, N_PRODUCTS = 40, 12
GENRES = ["Tea|Gift", "Coffee", "Mug", "Cake|Gift"]
CONFIG = TasteConfig(max_components=2, n_seeds=2, refits=0)


def orders() -> Columns:
    """Rows of customers c0, c1, ... and products p0, p1, ..., some of them repeated."""
    rng = np.random.default_rng(5)
    rows = [
        (user, item)
        for user in range(N_CUSTOMERS)
        for item in rng.choice(N_PRODUCTS, 7, replace=False).tolist()
    ]
    rows += [rows[k] for k in rng.integers(0, len(rows), 30)]
    rating = rng.integers(1, 11, len(rows)) / 2
    return {
        "userId": [f"c{user}" for user, _ in rows],
        "movieId": [f"p{item}" for _, item in rows],
        "rating": rating.tolist(),
        "timestamp": (1_700_000_000 + rng.integers(0, 10**6, len(rows))).tolist(),
    }


def shelf(**changes: list[Any] | None) -> Columns:
    columns: dict[str, list[Any] | None] = {
        "movieId": [f"p{k}" for k in range(N_PRODUCTS)],
        "title": [f"Product {k} ({1985 + 3 * k})" for k in range(N_PRODUCTS)],
        "genres": [GENRES[k % len(GENRES)] for k in range(N_PRODUCTS)],
    }
    return {name: cells for name, cells in (columns | changes).items() if cells is not None}


@dataclass(frozen=True)
class Shop:
    log: Columns
    items: Columns | None
    scale: RatingScale | None = None
    notes: list[str] = field(default_factory=list)


PAIRS = {name: cells for name, cells in orders().items() if name in {"userId", "movieId"}}
PERCENT = orders() | {"rating": [20 * stars for stars in orders()["rating"]]}
SHOPS = {
    "without years": Shop(
        orders(),
        shelf(title=[f"Product {k}" for k in range(N_PRODUCTS)]),
        notes=["No years are known"],
    ),
    "without genres": Shop(orders(), shelf(genres=None), notes=["No genres are known"]),
    "without an item table": Shop(orders(), None, notes=["No years", "No genres"]),
    "pairs alone": Shop(PAIRS, None, notes=["has no ratings", "30 repeated rows", "No genres"]),
    "0 to 100": Shop(PERCENT, shelf(), RatingScale(0, 100, 10)),
}


def from_csv(shop: Shop, directory: Path) -> Ratings:
    for name, columns in {"ratings": shop.log, "movies": shop.items}.items():
        if columns is not None:
            with (directory / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return read_ratings(directory, scale=shop.scale)


FRAMES: dict[str, Callable[[Columns], Any]] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "pyarrow": pa.table,
    "duckdb": lambda columns: duckdb.connect().from_arrow(pa.table(columns)),
}


def from_frames(shop: Shop, frame: Callable[[Columns], Any] = pd.DataFrame) -> Ratings:
    items = None if shop.items is None else frame(shop.items)
    return read_ratings(frame(shop.log), items, scale=shop.scale)


@pytest.mark.parametrize("name", SHOPS)
def test_frames_of_every_library_equal_files(name: str, tmp_path: Path) -> None:
    expected = from_csv(SHOPS[name], tmp_path)
    for frame in FRAMES.values():
        assert from_frames(SHOPS[name], frame) == expected


@pytest.mark.parametrize("name", SHOPS)
def test_fits_and_evaluations_of_frames_equal_those_of_files(name: str, tmp_path: Path) -> None:
    shop = SHOPS[name]
    files, frames = from_csv(shop, tmp_path), from_frames(shop)
    of_files, of_frames = fit_taste(files, CONFIG), fit_taste(frames, CONFIG)
    for note in shop.notes:
        assert note in " ".join(of_files.notes)
    assert of_files.notes == of_frames.notes
    lists = of_frames.recommend(["c3", "c17"], k=4)
    assert isinstance(lists, pd.DataFrame)
    assert lists.to_dict("records") == of_files.recommend(["c3", "c17"], k=4).to_pylist()
    found = [
        evaluate_recommenders(ratings, ["popularity", "personal"], seeds=[0])
        for ratings in (files, frames)
    ]
    assert found[0].summary() == found[1].summary()
    assert found[0].summary()["popularity"]["hit_rate@10"].mean > 0
    assert found[0].notes == found[1].notes


TIMES = [datetime(2024, 2, 28 + k // 3, 7 * k % 24, 30, tzinfo=UTC) for k in range(6)]
LOG: Columns = {
    "userId": ["x", "y", "x", "z", "y", "y"],
    "movieId": [1, 2, 2, 3, 3, 1],
    "rating": [4.0, 3.5, 5.0, 1.0, 2.0, 2.5],
    "timestamp": [int(time.timestamp()) for time in TIMES],
}
BERLIN = pd.Series(TIMES).dt.tz_convert("Europe/Berlin")
NAIVE = pd.Series(TIMES).dt.tz_localize(None)
DAYS = [int(datetime(t.year, t.month, t.day, tzinfo=UTC).timestamp()) for t in TIMES]
TYPED: dict[str, Callable[[], Any]] = {
    "category": lambda: pd.DataFrame(LOG).astype({"userId": "category", "movieId": "category"}),
    "nullable": lambda: pd.DataFrame(LOG).astype({"movieId": "Int64", "rating": "Float64"}),
    "string[python]": lambda: pd.DataFrame(LOG).astype({"userId": "string[python]"}),
    "string[pyarrow]": lambda: pd.DataFrame(LOG).astype({"userId": "string[pyarrow]"}),
    "float ids": lambda: pd.DataFrame(LOG).astype({"movieId": "float64", "rating": "float32"}),
    "Berlin": lambda: pd.DataFrame(LOG).assign(timestamp=BERLIN),
    "datetime64[s]": lambda: pd.DataFrame(LOG).assign(timestamp=NAIVE.astype("datetime64[s]")),
    "datetime64[ms]": lambda: pd.DataFrame(LOG).assign(timestamp=NAIVE.astype("datetime64[ms]")),
    "datetime64[ns]": lambda: pd.DataFrame(LOG).assign(timestamp=NAIVE.astype("datetime64[ns]")),
    "text times": lambda: pd.DataFrame(LOG).assign(timestamp=[t.isoformat() for t in TIMES]),
    "polars categories": lambda: pl.DataFrame(LOG).cast({"userId": pl.Categorical}),
    "polars enum": lambda: pl.DataFrame(LOG).cast({"userId": pl.Enum(["z", "y", "x"])}),
    "polars Berlin": lambda: pl.DataFrame(LOG).with_columns(
        pl.Series("timestamp", TIMES).dt.convert_time_zone("Europe/Berlin")
    ),
}


@pytest.mark.parametrize("name", TYPED)
def test_types_of_columns_do_not_matter(name: str, tmp_path: Path) -> None:
    assert read_ratings(TYPED[name]()) == from_csv(Shop(LOG, None), tmp_path)


def test_columns_of_dates_are_the_first_second_of_the_day(tmp_path: Path) -> None:
    expected = from_csv(Shop(LOG | {"timestamp": DAYS}, None), tmp_path)
    days = [date(t.year, t.month, t.day) for t in TIMES]
    for frame in (pd.DataFrame, pl.DataFrame, pa.table):
        assert read_ratings(frame(LOG | {"timestamp": days})) == expected
    text = LOG | {"timestamp": [day.isoformat() for day in days]}
    assert read_ratings(pd.DataFrame(text)) == expected


def test_ids_are_found_as_they_are_written_in_the_data(tmp_path: Path) -> None:
    log: Columns = {
        "userId": ["007", "008", "008"],
        "movieId": ["0000003", "0000003", "0000011"],
        "rating": [4.0, 5.0, 3.0],
    }
    ratings = from_csv(Shop(log, None), tmp_path)
    assert ratings.users.to_pylist() == [7, 8]
    for user in (7, "7", "007", 7.0, "7.0", np.int64(7)):
        assert ratings.user_position(user) == 0  # type: ignore[arg-type]
    model = fit_taste(ratings, CONFIG)
    assert model.recommend("007", k=1).num_rows == 1
    assert model.recommend_new({"0000003": 5}, k=1)["item"].to_pylist() == [11]
    text = read_ratings(pd.DataFrame(log))
    assert text.user_position("007") == 0
    with pytest.raises(InputError, match="such as 007, got '7'"):
        text.user_position(7)
    for unknown in ([-1], ["07x"], [None], [[7]]):
        with pytest.raises(InputError, match="expected the id of one of 2 users, such as 7, got"):
            model.recommend(unknown)  # type: ignore[arg-type]


def test_whole_numbers_with_a_point_match_those_without(tmp_path: Path) -> None:
    log: Columns = LOG | {"movieId": ["1.0", "2.0", "2.0", "3.0", "3.0", "1.0"]}
    items: Columns = {"movieId": [1, 2, 3], "title": ["A", "B", "C"], "genres": ["x", "y", "z"]}
    assert from_csv(Shop(log, items), tmp_path) == from_frames(Shop(LOG, items))


def test_data_without_times_cannot_be_split_by_time() -> None:
    shop = SHOPS["pairs alone"]
    ratings = from_frames(shop)
    assert evaluate_recommenders(ratings, ["popularity"], seeds=[0]).notes[:2] == (
        "The data has no ratings: every row counts as a like, and every held-out row is relevant.",
        "No times are known: only the protocol random-20 is possible.",
    )
    for protocol in ("leave-last-out", "global-time"):
        with pytest.raises(InputError, match=r"got one time; the protocol random-20 needs no time"):
            evaluate_recommenders(ratings, protocol=protocol)
    one = read_ratings(pd.DataFrame(orders()).head(1))
    for protocol in ("random-20", "leave-last-out", "global-time"):
        with pytest.raises(InputError, match=r"expected (held-out ratings|ratings of different)"):
            evaluate_recommenders(one, protocol=protocol)
    with pytest.raises(InputError, match="expected held-out likes of items in training"):
        evaluate_recommenders(read_ratings(pd.DataFrame(PAIRS).head(1), noun="item"))


@pytest.mark.parametrize("scale", [RatingScale(-5, 0, 1), RatingScale()])
def test_ratings_without_a_like_get_a_warning_and_a_note(scale: RatingScale) -> None:
    low = np.full(len(orders()["rating"]), -3.0 if scale.minimum < 0 else 1.0)
    ratings = read_ratings(pd.DataFrame(orders() | {"rating": low.tolist()}), scale=scale)
    with pytest.warns(UserWarning, match=r"no rating is a like: .*`liked_above` is .*`scale`"):
        model = fit_taste(ratings, CONFIG)
    assert any(note.startswith("No rating is a like: the highest is") for note in model.notes)


def test_a_fine_scale_accepts_its_steps() -> None:
    prices = [0.01, 123_456.78, 999_999.99]
    log = {"userId": [1, 1, 2], "movieId": [1, 2, 1], "rating": prices}
    scale = RatingScale(0, 1_000_000, 0.01)
    assert read_ratings(pd.DataFrame(log), scale=scale).rating.tolist() == prices
    assert all(scale.allows(price) for price in prices)
    assert not scale.allows(123_456.785)
    assert not LIKES.allows(0.5)


def test_notes_are_on_the_model_card_and_the_report_page() -> None:
    model = fit_taste(from_frames(SHOPS["pairs alone"]), CONFIG)
    assert len(model.notes) >= 4
    page = taste_report(model, sample_users=1, top=2)
    for note in model.notes:
        assert f"- {note}\n" in model_card(model)
        assert f"<p>{note}</p>" in page
    assert "0 repeated ratings" in model_card(model)
