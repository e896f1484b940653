"""Years of items as SQL, from columns of years or dates."""

from __future__ import annotations

import duckdb

from lacunar.taste.data.duckdb import first_row

_LOWEST, _HIGHEST = 1, 9999
#: Description of the expected years, for errors.
EXPECTED_YEARS = f"whole years from {_LOWEST} to {_HIGHEST}, or nothing if unknown"
_TEXT = "nullif(trim(CAST(\"year\" AS VARCHAR)), '')"
_NUMBER = f"TRY_CAST({_TEXT} AS DOUBLE)"
_KNOWN = f"({_TEXT} IS NOT NULL AND NOT coalesce(isnan({_NUMBER}), false))"
_IS_YEAR = f"{_NUMBER} = floor({_NUMBER}) AND {_NUMBER} BETWEEN {_LOWEST} AND {_HIGHEST}"
_DATE = f"TRY_CAST({_TEXT} AS DATE)"
#: SQL condition that a column ``year`` of numbers or text holds no year, date or gap.
NO_YEAR = f"({_KNOWN} AND NOT coalesce({_IS_YEAR}, false) AND {_DATE} IS NULL)"
#: SQL of the year in a column of numbers or text, null where it is unknown.
YEAR = (
    f"CASE WHEN {_KNOWN} THEN"
    f" CASE WHEN {_NUMBER} IS NULL THEN year({_DATE}) ELSE CAST({_NUMBER} AS SMALLINT) END END"
)


def year_of(kind: str) -> str:
    """SQL of the year in a column ``year`` of an SQL type.

    Examples
    --------
    >>> duckdb.sql(f"SELECT {year_of('DATE')} FROM (SELECT DATE '1994-05-31' AS year)").fetchall()
    [(1994,)]
    >>> rows = "(VALUES ('1994'), (' 1994.0'), ('1994-05-31'), ('')) AS t(year)"
    >>> duckdb.sql(f"SELECT {year_of('VARCHAR')} FROM {rows}").fetchall()
    [(1994,), (1994,), (1994,), (None,)]
    """
    return 'year("year")' if _is_date(kind) else YEAR


def invalid_year(connection: duckdb.DuckDBPyConnection, scan: str, kind: str) -> str | None:
    """Return the first cell of a column ``year`` that is no year, date or gap, or None."""
    if _is_date(kind):
        return None
    row = first_row(connection, f"SELECT {_TEXT} FROM {scan} WHERE {NO_YEAR} LIMIT 1")
    return None if row is None else str(row[0])


def _is_date(kind: str) -> bool:
    return kind.startswith(("TIMESTAMP", "DATE"))
