from __future__ import annotations

import duckdb

from lacunar.taste.sql import exists, first_row, quoted


def test_quoted_text_comes_back_as_it_was() -> None:
    text = "O'Brien; DROP TABLE x --"
    assert duckdb.connect().sql(f"SELECT {quoted(text)}").fetchall() == [(text,)]


def test_a_connection_is_free_after_first_row_and_exists() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT range AS i FROM range(5000)")
    assert first_row(connection, "SELECT i FROM t ORDER BY i") == (0,)
    assert first_row(connection, "SELECT i FROM t WHERE i < 0") is None
    assert exists(connection, "t", "i = 4999")
    assert not exists(connection, "t", "i = 5000")
