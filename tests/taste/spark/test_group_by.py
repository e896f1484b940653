from __future__ import annotations

from collections import defaultdict

from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.release_periods import period_counts
from lacunar.taste.spark.engine import collected
from lacunar.taste.spark.group_by import rated_periods, user_cells
from lacunar.taste.spark.log import SparkLog
from lacunar.taste.spark.partitions import GENRE, ID


def test_periods_are_those_of_rated_films_in_order(
    sample_log: SparkLog, sample_ratings: Ratings
) -> None:
    assert rated_periods(sample_log) == tuple(period_counts(sample_ratings).periods)


def test_cells_are_the_means_and_counts_of_a_plain_loop(
    sample_log: SparkLog, sample_ratings: Ratings
) -> None:
    genres = sample_ratings.genres[1:4]
    cells = user_cells(sample_log, genres, rated_periods(sample_log))
    found = collected(cells).to_pylist()
    names_of = defaultdict(list)
    for pair in sample_ratings.item_genres.to_pylist():
        names_of[pair["item"]].append(sample_ratings.genres[pair["genre"]])
    stars = defaultdict(list)
    for row in sample_ratings.log.to_pylist():
        for name in set(names_of[row["item"]]) & set(genres):
            stars[row["user"], genres.index(name)].append(row["rating"])
    of_genres = {(row["user"], row["place"]): row for row in found if row["kind"] == GENRE}
    assert of_genres.keys() == stars.keys()
    for cell, row in of_genres.items():
        assert row["count"] == len(stars[cell])
        assert abs(row["mean"] - sum(stars[cell]) / len(stars[cell])) < 1e-12
    people = {row["user"]: row["user_id"] for row in found if row["kind"] == ID}
    assert people == dict(enumerate(sample_ratings.users.to_pylist()))
