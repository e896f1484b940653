from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.delimited import load_delimited, locate
from lacunar.taste.data.text_header import CSV, Dialect

COLUMNS = {"a": "VARCHAR", "b": "DOUBLE"}


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def test_wanted_columns_become_a_typed_table(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (tmp_path / "t.csv").write_text('b,x,a\n1.5,no,"y, z"\n')
    load_delimited(connection, "t", tmp_path / "t.csv", CSV, COLUMNS)
    assert connection.sql("SELECT * FROM t").fetchall() == [("y, z", 1.5)]


def test_a_path_with_quotes_spaces_and_accents_is_read(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path = tmp_path / "d'été 1.csv"
    path.write_text("a,b\nx,1\n")
    load_delimited(connection, "t", path, CSV, COLUMNS)
    assert connection.sql("SELECT count(*) FROM t").fetchall() == [(1,)]


def test_optional_columns_may_be_empty_and_others_may_not(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\nx,1\n,2\n")
    load_delimited(connection, "t", path, CSV, COLUMNS, optional={"a"})
    with pytest.raises(InputError, match=r"line 3, column a: expected text, got an empty cell"):
        load_delimited(connection, "t", path, CSV, COLUMNS)


def test_a_missing_file_is_one_sentence(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    with pytest.raises(InputError, match="expected a readable file, got: No such file"):
        load_delimited(connection, "t", tmp_path / "t.csv", CSV, COLUMNS)


@pytest.mark.parametrize("dialect", [CSV, Dialect(",", names=("a", "b"))])
def test_lines_are_numbered_as_an_editor_does(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, dialect: Dialect
) -> None:
    header = "a,b\n" if dialect.names is None else ""
    (tmp_path / "t.csv").write_text(header + "x,1\ny,2\ny,3\n")
    expected = 3 if header else 2
    found = locate(connection, tmp_path / "t.csv", dialect, "a = 'y'", "b")
    assert found == (tmp_path / "t.csv", expected, "2")
