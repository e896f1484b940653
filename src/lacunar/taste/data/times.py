"""Times in text: dates and seconds since 1970 as SQL."""

from __future__ import annotations

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.duckdb import connect, quoted
from lacunar.taste.data.text_header import is_number


def is_date(cell: str | None) -> bool:
    """Whether the first timestamp of a table is a date; then all must be dates.

    Examples
    --------
    >>> is_date("2026-05-31 18:30"), is_date("-5"), is_date("12.5"), is_date("")
    (True, False, False, False)
    """
    return bool(cell) and not is_number(str(cell))


def is_whole(cell: str | None) -> bool:
    """Whether the first timestamp of a table is a whole number, or missing; then all must be.

    Examples
    --------
    >>> is_whole("-5"), is_whole("12.5"), is_whole(None)
    (True, False, True)
    """
    return not cell or cell.strip().lstrip("+-").isdigit()


def seconds_of_text(text: str, timestamp_format: str = "") -> str:
    """SQL of the seconds since 1970, with their fraction; null if the text is no date.

    Parameters
    ----------
    text : str
        SQL of a date such as ``2026-05-31 18:30``. A time may end in an offset from UTC, such as
        ``+02:00``, and is in UTC otherwise.
    timestamp_format : str
        Another format, with the directives of ``strptime``.

    Examples
    --------
    >>> sql = seconds_of_text("'1970-01-01 02:00:01.5 +02:00'")
    >>> us = seconds_of_text("'1/2/1970'", "%m/%d/%Y")
    >>> with connect() as connection:
    ...     connection.sql(f"SELECT {sql}, {us}").fetchall()
    [(1.5, 86400.0)]
    """
    if timestamp_format:
        return f"epoch(try_strptime(trim({text}), {quoted(timestamp_format)}))"
    # DuckDB takes an offset only right after the time.
    joined = f"regexp_replace(trim({text}), '(:\\d\\d(?:\\.\\d+)?)\\s+([+-]|Z$)', '\\1\\2')"
    return f"epoch(TRY_CAST({joined} AS TIMESTAMPTZ))"


def described_time(timestamp_format: str = "") -> str:
    """Description of the expected times, for an error.

    Examples
    --------
    >>> described_time("%m/%d/%Y")
    'a time in the format %m/%d/%Y'
    """
    if timestamp_format:
        return f"a time in the format {timestamp_format}"
    return "a whole number of seconds or a date such as 2026-05-31 18:30"


def check_format(timestamp_format: str) -> None:
    """Raise if a format has an unknown directive, or none.

    Raises
    ------
    InputError

    Examples
    --------
    >>> check_format("%d.%m.%Y %H:%M")
    """
    try:
        with connect() as connection:
            connection.execute("SELECT try_strptime('', ?)", [timestamp_format]).fetchall()
        if "%" in timestamp_format:
            return
    except duckdb.Error:
        pass
    raise InputError(
        "expected a format of times such as %m/%d/%Y %I:%M %p, with the directives of strptime,"
        f" got {timestamp_format!r}"
    )
