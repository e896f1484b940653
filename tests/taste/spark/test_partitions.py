from __future__ import annotations

import numpy as np
import pyarrow as pa

from lacunar.taste.data import duckdb
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.genre_profiles import PROFILE_SQL, genre_profiles
from lacunar.taste.features.release_periods import PERIOD_SQL, item_periods, period_counts
from lacunar.taste.spark.partitions import GENRE, ID, PERIOD, array_of, read_partition, record


def cells_of(ratings: Ratings, users: range) -> pa.Table:
    by_genre = duckdb.run(PROFILE_SQL, {"log": ratings.log, "item_genres": ratings.item_genres})
    periods = item_periods(ratings.years)
    by_period = duckdb.run(PERIOD_SQL, {"log": ratings.log, "item_periods": periods})
    starts = sorted(set(by_period["period"].to_pylist()))
    rows = [
        {"user": c["user"], "kind": GENRE, "place": c["genre"], "mean": c["mean"],
         "square": c["square"], "count": c["count"], "user_id": None}
        for c in by_genre.to_pylist()
    ] + [
        {"user": c["user"], "kind": PERIOD, "place": starts.index(c["period"]), "mean": None,
         "square": None, "count": c["count"], "user_id": None}
        for c in by_period.to_pylist()
    ] + [
        {"user": user, "kind": ID, "place": None, "mean": None, "square": None, "count": None,
         "user_id": ratings.users[user].as_py()}
        for user in range(ratings.n_users)
    ]  # fmt: skip
    table = pa.Table.from_pylist([row for row in rows if row["user"] in users])
    return table.take(np.random.default_rng(0).permutation(len(table)))


def test_cells_in_any_order_make_the_arrays_of_their_users(sample_ratings: Ratings) -> None:
    profiles, periods = genre_profiles(sample_ratings), period_counts(sample_ratings)
    cells = cells_of(sample_ratings, range(50, 90))
    part = read_partition(
        iter(cells.to_batches(max_chunksize=100)), len(profiles.genres), len(periods.periods)
    )
    assert part is not None
    assert part.first == 50
    assert part.user_ids.to_pylist() == sample_ratings.users[50:90].to_pylist()
    np.testing.assert_array_equal(part.means, profiles.means[50:90])
    np.testing.assert_array_equal(part.counts, profiles.counts[50:90])
    np.testing.assert_array_equal(part.period_counts, periods.counts[50:90])
    everybody = read_partition(
        iter(cells_of(sample_ratings, range(120)).to_batches()),
        len(profiles.genres),
        len(periods.periods),
    )
    assert everybody is not None
    assert everybody.spread.variance == profiles.rating_variance


def test_a_partition_without_users_is_none() -> None:
    assert read_partition(iter([]), 3, 2) is None
    empty = pa.RecordBatch.from_pydict({"user": pa.array([], pa.int32())})
    assert read_partition(iter([empty]), 3, 2) is None


def test_arrays_come_back_from_a_record() -> None:
    x = np.array([[1.0, np.nan], [3.0, 4.0], [5.0, 6.0]])
    row = record({"n": 3, "x": x, "y": None}, {"n": pa.int32(), "x": pa.binary(), "y": pa.binary()})
    np.testing.assert_array_equal(array_of(row["x"][0], 3, 2), x)
    assert row["n"][0].as_py() == 3
    assert not row["y"][0].is_valid
