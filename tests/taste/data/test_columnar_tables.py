from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.columnar_tables import (
    Relation,
    column_types,
    create_raw_items_of,
    create_raw_ratings,
    sentence_of_errors,
)
from lacunar.taste.data.duckdb import connect

LOG = {"userId": ["a", "b"], "movieId": [1, 2]}


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        yield opened


def relation_of(
    connection: duckdb.DuckDBPyConnection, columns: dict[str, list[object]]
) -> Relation:
    connection.register("rows", pa.table(columns))
    return Relation("rows", "rows", column_types(connection, "rows"), {"userId": "customer"})


def test_missing_columns_get_their_defaults(connection: duckdb.DuckDBPyConnection) -> None:
    assert not create_raw_ratings(connection, relation_of(connection, LOG), frozenset({"userId"}))
    rows = connection.sql("SELECT user_id, item_id, rating, timestamp FROM raw_ratings").fetchall()
    assert sorted(rows) == [("a", 1, 1.0, 0), ("b", 2, 1.0, 0)]


def test_a_null_is_named_by_the_column_of_the_source(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = LOG | {"userId": ["a", None], "rating": [1, 2], "timestamp": [1, 2]}
    relation = relation_of(connection, rows)
    with pytest.raises(InputError, match="rows, column customer: expected a value in every row"):
        create_raw_ratings(connection, relation, frozenset({"userId"}))


def test_items_without_titles_and_genres_get_their_id_and_none(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    create_raw_items_of(connection, relation_of(connection, LOG), "|")
    rows = sorted(connection.sql("FROM raw_items").fetchall())
    assert rows == [("1", "1", [], None), ("2", "2", [], None)]
    create_raw_items_of(connection, relation_of(connection, LOG | {"year": [1990, 1990]}), "|")
    assert connection.sql("SELECT DISTINCT year FROM raw_items").fetchall() == [(1990,)]


def test_errors_of_duckdb_become_one_sentence(connection: duckdb.DuckDBPyConnection) -> None:
    with (
        pytest.raises(
            InputError, match=r"^x: expected numbers in stars and timestamp: Conv"
        ) as one,
        sentence_of_errors("x", "Parquet", {"rating": "stars"}),
    ):
        connection.sql("SELECT CAST('a' AS DOUBLE)").fetchall()
    with (
        pytest.raises(InputError, match=r"^x: expected Parquet, got: Catalog Error") as other,
        sentence_of_errors("x", "Parquet", {}),
    ):
        connection.sql("FROM nothing")
    assert "\n" not in str(one.value) + str(other.value)
