"""Data without ratings in which customers buy items again: each row counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lacunar.store import load_taste, save_taste
from lacunar.taste.config import TasteConfig
from lacunar.taste.data import reading
from lacunar.taste.data.fingerprint import fingerprint
from lacunar.taste.data.histories import histories_of
from lacunar.taste.data.rating_scale import LIKES
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate.protocols import random_split
from lacunar.taste.features.genre_profiles import genre_profiles
from lacunar.taste.features.release_periods import period_counts
from lacunar.taste.fit import fit_taste

CONFIG = TasteConfig(max_components=3, n_seeds=2, refits=0)
SHELF = pd.DataFrame(
    {
        "movieId": [f"p{k}" for k in range(8)],
        "title": [f"Product {k} ({1990 + 3 * k})" for k in range(8)],
        "genres": ["Tea", "Tea|Gift", "Coffee", "Coffee", "Mug", "Mug|Gift", "Cake", ""],
    }
)


def purchases() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = [(u, f"p{k}") for u in range(30) for k in rng.choice(8, 5, replace=False)]
    again = [rows[k] for k in rng.integers(0, len(rows), 200)]
    return pd.DataFrame([*rows, *again], columns=["userId", "movieId"]).sample(
        frac=1, random_state=0
    )


@pytest.fixture(scope="module")
def bought() -> Ratings:
    return read_ratings(purchases(), SHELF)


def test_rows_of_a_pair_are_counted_as_a_plain_loop_counts_them(bought: Ratings) -> None:
    assert bought.implicit
    assert bought.count is not None
    expected = purchases().groupby(["userId", "movieId"]).size().to_list()
    assert bought.count.tolist() == expected
    assert (bought.n_counted, len(bought.log)) == (350, 150)
    assert (bought.intake.rows, bought.intake.repeated) == (350, 200)


def test_counts_do_not_depend_on_batches(bought: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_ROWS_PER_BATCH", 1)
    assert read_ratings(purchases(), SHELF) == bought


def test_shares_of_genres_and_periods_weigh_each_row(bought: Ratings) -> None:
    profiles, periods = genre_profiles(bought), period_counts(bought)
    rows = purchases().merge(SHELF.assign(genre=SHELF["genres"].str.split("|")), on="movieId")
    table = rows.explode("genre").groupby(["userId", "genre"]).size().unstack(fill_value=0)
    for genre in ("Tea", "Gift", "Coffee", "Mug", "Cake"):
        column = profiles.counts[:, bought.genres.index(genre)]
        assert column.tolist() == table[genre].tolist()
    assert periods.counts.sum() == len(rows)
    # New histories are counted by another path.
    placer = fit_taste(bought, CONFIG).placer
    of_histories, periods_of_histories = placer.profiles(histories_of(bought))
    assert np.array_equal(of_histories.counts, profiles.counts)
    assert np.array_equal(of_histories.means, profiles.means, equal_nan=True)
    assert np.array_equal(periods_of_histories.counts, periods.counts)


def test_a_model_with_counts_is_saved_and_placed_whole(bought: Ratings, tmp_path: Path) -> None:
    model = fit_taste(bought, CONFIG)
    found = model.placer.responsibilities(histories_of(bought))
    assert found == pytest.approx(model.segments.responsibilities, abs=1e-9)
    save_taste(model, tmp_path / "model")
    loaded = load_taste(tmp_path / "model")
    assert loaded.ratings == bought
    assert fingerprint(loaded.ratings) == fingerprint(bought)
    assert "200 repeated rows" in " ".join(loaded.notes)


def test_counts_stay_with_their_rows(bought: Ratings) -> None:
    assert bought.count is not None
    split = random_split(bought, seed=0)
    count = dict(zip(zip(bought.user.tolist(), bought.item.tolist(), strict=True),
                     bought.count.tolist(), strict=True))  # fmt: skip
    train, shown = split.train, split.histories
    assert train.count is not None
    assert shown.count is not None
    for user, item, n in zip(train.user.tolist(), train.item, train.count, strict=True):
        assert count[int(split.train_users[user]), int(item)] == n
    for user, item, n in zip(shown.user.tolist(), shown.item, shown.count, strict=True):
        assert count[int(split.users[user]), int(item)] == n
    some = bought.of_users(np.array([2, 5]))
    assert some.count is not None
    assert some.count.tolist() == histories_of(bought, [2, 5]).count.tolist()  # type: ignore[union-attr]


def test_data_that_counts_each_pair_once_has_no_counts() -> None:
    once = purchases().drop_duplicates()
    assert read_ratings(once, SHELF).log.column_names == ["user", "item", "rating", "timestamp"]
    rated = purchases().assign(rating=4.0)
    assert read_ratings(rated, SHELF).count is None
    ones = read_ratings(purchases().assign(rating=1), SHELF, scale=LIKES)
    assert ones == read_ratings(purchases(), SHELF)


def test_equal_counts_leave_shares_as_they_are(bought: Ratings) -> None:
    thrice = pa.array(np.full(len(bought.log), 3))
    log = bought.log.set_column(bought.log.column_names.index("count"), "count", thrice)
    plain = replace(bought, log=bought.log.drop_columns("count"))
    found = genre_profiles(replace(bought, log=log))
    assert np.array_equal(found.counts, 3 * genre_profiles(plain).counts)
    assert found.shares == pytest.approx(genre_profiles(plain).shares)
