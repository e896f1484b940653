from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import partialmethod

import numpy as np
import pyarrow as pa
import pytest

from lacunar.taste.data import duckdb
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.genre_profiles import GenreProfiles, genre_profiles
from lacunar.taste.features.release_periods import period_counts


def ratings_by_cell(ratings: Ratings) -> dict[tuple[int, int], list[float]]:
    genres_of = defaultdict(list)
    for row in ratings.item_genres.to_pylist():
        genres_of[row["item"]].append(row["genre"])
    cells = defaultdict(list)
    for row in ratings.log.to_pylist():
        for genre in genres_of[row["item"]]:
            cells[row["user"], genre].append(row["rating"])
    return cells


def test_means_and_counts_equal_a_plain_loop(sample_ratings: Ratings) -> None:
    cells = ratings_by_cell(sample_ratings)
    profiles = genre_profiles(sample_ratings)
    for user in range(sample_ratings.n_users):
        for genre in range(len(sample_ratings.genres)):
            known = cells.get((user, genre), [])
            assert profiles.counts[user, genre] == len(known)
            if known:
                assert profiles.means[user, genre] == np.mean(known)
            else:
                assert np.isnan(profiles.means[user, genre])


def test_the_gap_share_counts_cells_without_a_rating(sample_ratings: Ratings) -> None:
    profiles = genre_profiles(sample_ratings)
    assert profiles.gap_share == np.isnan(profiles.means).sum() / profiles.means.size
    assert 0 < profiles.gap_share < 0.5


def test_the_variance_of_a_rating_is_pooled_within_cells(sample_ratings: Ratings) -> None:
    cells = ratings_by_cell(sample_ratings)
    squares = sum(np.var(cell) * len(cell) for cell in cells.values())
    freedom = sum(len(cell) - 1 for cell in cells.values())
    assert np.isclose(genre_profiles(sample_ratings).rating_variance, squares / freedom)


def test_genres_nobody_rated_and_genres_all_agree_on_are_told() -> None:
    means = np.array([[4.0, np.nan, 3.0], [4.0, np.nan, 2.0], [np.nan, np.nan, 5.0]])
    profiles = GenreProfiles(("A", "B", "C"), means, (~np.isnan(means)).astype(int), 1.0)
    assert profiles.unrated_genres == ("B",)
    assert profiles.constant_genres == ("A",)


def test_the_order_in_which_an_engine_returns_rows_changes_no_bit(sample_ratings: Ratings) -> None:
    def shuffled(sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
        cells = duckdb.run(sql, tables)
        return cells.take(np.random.default_rng(0).permutation(len(cells)))

    one, other = genre_profiles(sample_ratings), genre_profiles(sample_ratings, engine=shuffled)
    assert one.rating_variance == other.rating_variance
    assert one.means.tobytes() == other.means.tobytes()


def test_pieces_of_the_log_change_no_bit(
    sample_ratings: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, dated = genre_profiles(sample_ratings), period_counts(sample_ratings)
    pieces = sample_ratings.pieces(500)
    assert len(list(pieces)) > 5
    monkeypatch.setattr(Ratings, "pieces", partialmethod(Ratings.pieces, 500))
    found = genre_profiles(sample_ratings)
    assert found.means.tobytes() == expected.means.tobytes()
    assert (found.counts == expected.counts).all()
    assert found.rating_variance == expected.rating_variance
    assert (period_counts(sample_ratings).counts == dated.counts).all()
