"""Lines of a CSV file as Spark sees them: one by one, on any machine, in no order.

A line is taken only if it is plain: the fields the header names, each without quotes or wholly in
quotes, UTF-8, numbers written as numbers. Whatever is not plain is marked and left to the reader
that can say which line it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.taste.data.catalogue import WHOLE_NUMBER

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Spark would read "4d" as a number, too.
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
# Possessive, as Java's matcher takes a stack frame for each step it may want to go back to.
_QUOTED = r'"[^"]*+(?:""[^"]*+)*+"'
_FIELD = rf'(?:{_QUOTED}|[^",]*+)'


def parsed_lines(lines: DataFrame, columns: list[str]) -> DataFrame:
    """Split lines into the columns of a ratings file.

    Parameters
    ----------
    lines : DataFrame
        ``value``: lines without their ends, the header among them.
    columns : list of str
        What the header names; holds ``userId``, ``movieId``, ``rating`` and ``timestamp``.

    Returns
    -------
    DataFrame
        ``value``, ``user_id``, ``item_id``, ``rating``, ``timestamp``, ``plain``; the cells of a
        line that is not plain mean nothing.
    """
    n = len(columns)
    well_formed = _whole(rf"{_FIELD}(?:,{_FIELD}){{{n - 1}}}")
    cells = {name: _cell(columns.index(name), n) for name in columns}
    split = lines.selectExpr(
        "value",
        # A test is cheaper than a match, and most lines hold no quote.
        f"CASE WHEN contains(value, '\"') THEN rlike(value, {well_formed})"
        f" ELSE size(split(value, ',')) = {n} END"
        " AND is_valid_utf8(value) AND NOT contains(value, '\\0') AND NOT contains(value, '\\r')"
        " AS well_formed",
        f"{cells['userId']} AS user_id",
        f"{cells['movieId']} AS item_id",
        f"{cells['rating']} AS rating",
        f"{cells['timestamp']} AS timestamp",
    )
    return split.selectExpr(
        "value",
        "trim(user_id) AS user_id",
        "trim(item_id) AS item_id",
        "try_cast(rating AS DOUBLE) AS rating",
        "try_cast(timestamp AS BIGINT) AS timestamp",
        "coalesce(well_formed AND user_id <> '' AND item_id <> ''"
        f" AND {is_number('rating')} AND {is_whole_number('timestamp')}, false) AS plain",
    )


def is_number(column: str) -> str:
    """SQL: whether text is a number."""
    return f"rlike({column}, {_whole(NUMBER)})"


def is_whole_number(column: str) -> str:
    """SQL: whether text is a whole number of at most 18 digits."""
    return f"rlike({column}, {_whole(WHOLE_NUMBER)})"


def _cell(position: int, n: int) -> str:
    """SQL: the field at a position of n, without its quotes."""
    before = rf"(?:{_FIELD},){{{position}}}"
    after = rf"(?:,{_FIELD}){{{n - 1 - position}}}"
    raw = f"regexp_extract(value, {_whole(f'{before}({_FIELD}){after}')}, 1)"
    bare = f"replace(substring({raw}, 2, length({raw}) - 2), '\"\"', '\"')"
    return (
        f"CASE WHEN NOT contains(value, '\"') THEN get(split(value, ','), {position})"
        f" WHEN startswith({raw}, '\"') THEN {bare} ELSE {raw} END"
    )


def _whole(regex: str) -> str:
    """SQL: a pattern that is to match a text from its first to its last character."""
    return rf"r'\A(?:{regex})\z'"
