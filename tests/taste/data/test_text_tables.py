from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from lacunar.taste.data.text_header import CSV, Dialect
from lacunar.taste.data.text_tables import delimited_items, delimited_ratings, load_flag_items


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    path = tmp_path / "ratings.csv"
    path.write_text("userId,movieId,rating,timestamp\n 7,tt1,4.0,12\n8,12,3.5,13\n")
    return path


def test_ids_are_numbers_and_null_where_they_are_none(
    connection: duckdb.DuckDBPyConnection, ratings: Path
) -> None:
    delimited_ratings(CSV)(connection, ratings, frozenset())
    rows = connection.sql("FROM raw_ratings").fetchall()
    assert rows == [(7, None, 4.0, 12), (8, 12, 3.5, 13)]


def test_ids_of_columns_asked_for_as_text_are_text_without_blanks(
    connection: duckdb.DuckDBPyConnection, ratings: Path
) -> None:
    delimited_ratings(CSV)(connection, ratings, frozenset({"userId", "movieId"}))
    rows = connection.sql("SELECT user_id, item_id FROM raw_ratings").fetchall()
    assert rows == [("7", "tt1"), ("8", "12")]


def test_genres_are_split_at_the_separator_of_the_file(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "films.csv"
    path.write_text("movieId;title;genres\n1;A;War, Drama\n2;B;\n")
    delimited_items(Dialect(";", quote='"'), ", ")(connection, path)
    assert connection.sql("FROM raw_items").fetchall() == [
        ("1", "A", ["War", "Drama"], None),
        ("2", "B", None, None),
    ]


def test_flags_are_the_genres_of_the_columns_that_are_one(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    flags = ["0"] * 19
    flags[5] = flags[17] = "1"
    path = tmp_path / "u.item"
    path.write_text(f"1|A (1990)|01-Jan-1990||http://a|{'|'.join(flags)}\n")
    load_flag_items(connection, path)
    item, title, genres, year = connection.sql("FROM raw_items").fetchall()[0]
    assert (item, title, year) == ("1", "A (1990)", "1990")
    assert [genre for genre in genres if genre is not None] == ["Comedy", "War"]
