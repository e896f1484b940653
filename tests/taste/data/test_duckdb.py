from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.duckdb import connect, exists, first_row, quoted, run


def test_tables_are_found_by_name_and_joined() -> None:
    left, right = pa.table({"k": [1, 2], "x": [3.0, 4.0]}), pa.table({"k": [2], "y": ["b"]})
    sql = "SELECT a.x AS x, b.y AS y FROM a JOIN b ON a.k = b.k"
    assert run(sql, {"a": left, "b": right}).to_pylist() == [{"x": 4.0, "y": "b"}]


def test_a_limit_is_kept_and_its_directory_goes() -> None:
    with connect("64MB") as connection:
        [[limit]] = connection.sql("SELECT current_setting('memory_limit')").fetchall()
        [[folder]] = connection.sql("SELECT current_setting('temp_directory')").fetchall()
        assert limit.startswith("61.0")
        assert Path(folder).is_dir()
    assert not Path(folder).exists()


def test_too_low_a_limit_gets_one_sentence() -> None:
    tables = {"t": pa.table({"x": range(2_000_000)})}
    with pytest.raises(
        InputError, match="expected a memory limit that is enough for the work, got 1MB"
    ):
        run("SELECT x % 1000003 AS k, count(*) FROM t GROUP BY k", tables, memory_limit="1MB")
    with pytest.raises(InputError, match=r"^memory_limit: expected a memory limit .* got 'x'"):
        run("SELECT 1", {}, memory_limit="x")


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
