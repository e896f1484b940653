"""Parsing of single CSV lines on Spark, which reads lines in any order.

A line is parsed only if it is plain: it has the fields of the header, each without quotes or
entirely in quotes, is valid UTF-8, and has numbers where numbers belong. Other lines are marked;
then the local reader reads the file and names the line in its error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.taste.data.catalogue import WHOLE_NUMBER

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Spark alone would also accept "4d" as a number.
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
# Possessive quantifiers: Java's matcher needs a stack frame for each step it can backtrack to.
_QUOTED = r'"[^"]*+(?:""[^"]*+)*+"'
# The space separators of Unicode.
_SPACES = " \u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_FIELD = rf'(?:{_QUOTED}|[^",]*+)'


def parsed_lines(lines: DataFrame, columns: list[str]) -> DataFrame:
    """Split lines into the columns of a ratings file.

    Parameters
    ----------
    lines : DataFrame
        ``value``: lines without line ends, including the header; other columns stay.
    columns : list of str
        Columns in the header, which include ``userId``, ``movieId``, ``rating`` and ``timestamp``.

    Returns
    -------
    DataFrame
        Those of ``lines``, ``user_id``, ``item_id``, ``rating``, ``timestamp``, ``plain``; ignore
        the cells of a line that is not plain.
    """
    n = len(columns)
    well_formed = _whole(rf"{_FIELD}(?:,{_FIELD}){{{n - 1}}}")
    cells = {name: _cell(columns.index(name), n) for name in columns}
    split = lines.selectExpr(
        *lines.columns,
        # Most lines have no quotes, and searching for one is faster than a regular expression.
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
        *lines.columns,
        f"{trimmed('user_id')} AS user_id",
        f"{trimmed('item_id')} AS item_id",
        "try_cast(rating AS DOUBLE) AS rating",
        "try_cast(timestamp AS BIGINT) AS timestamp",
        f"coalesce(well_formed AND {trimmed('user_id')} <> '' AND {trimmed('item_id')} <> ''"
        f" AND {is_number('rating')} AND {is_whole_number('timestamp')}, false) AS plain",
    )


def trimmed(text: str) -> str:
    """SQL of text without the spaces around it, as DuckDB's ``trim`` leaves it."""
    return f"trim(BOTH '{_SPACES}' FROM {text})"


def is_number(column: str) -> str:
    """SQL condition that text is a number."""
    return f"rlike({column}, {_whole(NUMBER)})"


def is_whole_number(column: str, *, point: bool = False) -> str:
    """SQL condition that text is a whole number of at most 18 digits, perhaps with ``.0``."""
    ending = r"(\.0+)?" if point else ""
    return f"rlike({column}, {_whole(WHOLE_NUMBER + ending)})"


def _cell(position: int, n: int) -> str:
    """SQL of the field at a position of n, without its quotes."""
    before = rf"(?:{_FIELD},){{{position}}}"
    after = rf"(?:,{_FIELD}){{{n - 1 - position}}}"
    raw = f"regexp_extract(value, {_whole(f'{before}({_FIELD}){after}')}, 1)"
    bare = f"replace(substring({raw}, 2, length({raw}) - 2), '\"\"', '\"')"
    return (
        f"CASE WHEN NOT contains(value, '\"') THEN get(split(value, ','), {position})"
        f" WHEN startswith({raw}, '\"') THEN {bare} ELSE {raw} END"
    )


def _whole(regex: str) -> str:
    """SQL of a pattern that must match all of a text."""
    return rf"r'\A(?:{regex})\z'"
