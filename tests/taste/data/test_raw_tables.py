from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from lacunar.taste.data.raw_tables import create_raw_items, number


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12),
        ("-3", -3),
        ("007", 7),
        ("1.0", 1),
        ("-20.00", -20),
        ("1.5", None),
        (".0", None),
        ("tt12", None),
        ("", None),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
    ],
)
def test_an_id_is_a_number_only_if_it_is_written_as_one(
    connection: duckdb.DuckDBPyConnection, text: str, expected: int | None
) -> None:
    row = connection.execute(f"SELECT {number('id')} FROM (SELECT ? AS id)", [text]).fetchone()
    assert row == (expected,)


def test_films_are_kept_with_trimmed_ids_and_lists_of_genres(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(
        """CREATE TABLE loaded AS
        SELECT ' 7 ' AS "movieId", 'A (2006-)' AS title, 'B|C' AS genres"""
    )
    create_raw_items(connection, "string_split(genres, '|')")
    rows = connection.execute("FROM raw_items").fetchall()
    assert rows == [("7", "A (2006-)", ["B", "C"], "2006")]
    assert connection.execute("SHOW TABLES").fetchall() == [("raw_items",)]
