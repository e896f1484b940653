"""Reading and checking of raw ratings on Spark, with the errors of the local reader.

Spark reads ``ratings.csv`` and ``ratings.parquet`` (a file or a directory of files), from a path
that every worker sees. The films are few: the driver reads them with the local reader.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.column_names import HINT, NAMES_FILE
from lacunar.taste.data.layouts import Source
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.data.text_files import TextFile
from lacunar.taste.data.text_header import CSV, first_cell, header
from lacunar.taste.data.times import is_date
from lacunar.taste.spark.csv_lines import is_number, is_whole_number, parsed_lines, trimmed
from lacunar.taste.spark.engine import aggregates
from lacunar.taste.spark.session import or_refuse

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

_COLUMNS = ("userId", "movieId", "rating", "timestamp")
_WHOLE = r"(tinyint|smallint|int|bigint|decimal\(\d+,0\))"


@dataclass(frozen=True, slots=True)
class RawRatings:
    """All rows of a ratings file, checked.

    Parameters
    ----------
    frame : DataFrame
        ``user_id``, ``item_id`` (text), ``rating``, ``timestamp``; the file is read at each use.
    n_rows : int
    whole_users, whole_items : bool
        Whether all ids are whole numbers.
    """

    frame: DataFrame
    n_rows: int
    whole_users: bool
    whole_items: bool


def raw_ratings(session: SparkSession, source: Source, scale: RatingScale) -> RawRatings:
    """Read and check the ratings of a data set.

    Parameters
    ----------
    session : SparkSession
    source : Source
    scale : RatingScale

    Raises
    ------
    InputError
        If the layout is not supported, or the file is invalid. To name the line of an invalid text
        file, the driver reads all of it.
    """
    if (source.ratings.parent / NAMES_FILE).exists():
        raise InputError(
            f"{source.ratings.parent}: expected the standard names of files and columns for the"
            f" engine spark, got a {NAMES_FILE}; the engine duckdb reads it"
        )
    if source.items is None:
        raise InputError(
            f"{source.ratings.parent}: expected a table of items for the engine spark, got none;"
            " the engine duckdb does not need it"
        )
    match source.ratings.name:
        case "ratings.csv":
            return _csv(session, source, scale)
        case "ratings.parquet":
            return _parquet(session, source.ratings, scale)
        case name:
            raise InputError(
                f"{source.ratings}: expected ratings.csv or ratings.parquet for the engine spark,"
                f" got {name}; the engine duckdb reads it"
            )


def _csv(session: SparkSession, source: Source, scale: RatingScale) -> RawRatings:
    path = source.ratings
    file = TextFile(path, path)
    head = header(file, CSV, _COLUMNS, may_lack={"rating", "timestamp"})
    if head.dialect.delimiter != ",":
        raise InputError(
            f"{path}, line 1: expected commas between the columns for the engine spark, got"
            f" {head.dialect.delimiter!r}; the engine duckdb reads it"
        )
    columns = head.names
    _check_present(path, columns)
    # No regular expression here: it would replace invalid UTF-8 before the check for it.
    value = (
        "CASE WHEN endswith(value, '\\r') THEN substring(value, 1, length(value) - 1)"
        " ELSE value END AS value"
    )
    text = session.read.text(address(path), lineSep="\n")
    lines = text.selectExpr(value, "endswith(value, '\\r') AS crlf").where("value <> ''")
    is_header = lines["value"].isin(_first_line(path))
    rows = parsed_lines(lines, columns).withColumn("is_header", is_header)
    invalid = f"count_if(NOT is_header AND ({_off_scale(scale)} OR NOT plain)) AS invalid"
    ends = "count_if(crlf) AS crlf"
    counts = aggregates(
        rows, "count_if(is_header) AS headers", invalid, ends, *_summary("NOT is_header")
    )
    # All lines end alike, except that the last one may not end.
    same_ends = counts["crlf"] in {0, counts["n"] + 1 - _is_open(path), counts["n"] + 1}
    if counts["headers"] == 1 and counts["n"] and not counts["invalid"] and same_ends:
        return _raw(rows.where("NOT is_header"), counts)
    # Only the local reader, which reads lines in order, can name the invalid line.
    with suppress(duckdb.Error):
        read_ratings(path.parent, scale=scale)
    if is_date(first_cell(file, head, "timestamp")):
        expected, got = ", column timestamp: expected seconds", "dates"
    else:
        expected, got = ": expected rows of one line each, with plain cells,", "others"
    raise InputError(
        f"{path}{expected} for the engine spark, got {got}; convert the file to Parquet, or use the"
        " engine duckdb"
    )


def _is_open(path: Path) -> bool:
    """Whether the last line of a file has no line end."""
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"


def _parquet(session: SparkSession, path: Path, scale: RatingScale) -> RawRatings:
    reader = session.read
    if path.is_dir():
        reader = reader.option("recursiveFileLookup", "true").option("pathGlobFilter", "*.parquet")
    with or_refuse(f"{path}: expected Parquet"):
        frame = reader.parquet(address(path))
        kinds = dict(frame.dtypes)
        needed = ("userId", "movieId")
        if any(name not in kinds for name in needed):
            raise InputError(
                f"{path}: expected the columns {', '.join(needed)}; got {', '.join(kinds)} ({HINT})"
            )
        _check_present(path, kinds)
        rows = frame.selectExpr(
            f"{_text('userId', kinds, path)} AS user_id",
            f"{_text('movieId', kinds, path)} AS item_id",
            f"{_number('rating', kinds, path)} AS rating",
            f"{_whole('timestamp', kinds, path)} AS timestamp",
            *(f"`{name}` IS NULL AS `no {name}`" for name in _COLUMNS),
        )
        counts = aggregates(
            rows,
            *_summary("true"),
            *(f"count_if(`no {name}`) AS `no {name}`" for name in _COLUMNS),
            "count_if(rating IS NULL AND NOT `no rating`"
            " OR timestamp IS NULL AND NOT `no timestamp`) AS invalid",
            f"min(rating) FILTER (WHERE {_off_scale(scale)}) AS off_scale",
        )
    if counts["invalid"]:
        raise InputError(
            f"{path}: expected numbers in rating and timestamp, got others; the engine duckdb also"
            " reads dates in text and fractions of seconds"
        )
    for name in _COLUMNS:
        if counts[f"no {name}"]:
            raise InputError(f"{path}, column {name}: expected a value in every row, got a null")
    if not counts["n"]:
        raise InputError(f"{path}: expected at least one row of data, got none")
    if counts["off_scale"] is not None:
        raise InputError(
            f"{path}, column rating: expected a rating of {scale}, got {counts['off_scale']:g}"
            " (`scale` gives another scale)"
        )
    return _raw(rows, counts)


def _summary(condition: str) -> tuple[str, ...]:
    """SQL aggregates of the rows that meet a condition: their number, and the types of ids."""
    users, items = (is_whole_number(name, point=True) for name in ("user_id", "item_id"))
    return (
        f"count_if({condition}) AS n",
        f"bool_and({users}) FILTER (WHERE {condition}) AS whole_users",
        f"bool_and({items}) FILTER (WHERE {condition}) AS whole_items",
    )


def _raw(rows: DataFrame, counts: Row) -> RawRatings:
    names = ("user_id", "item_id", "rating", "timestamp")
    return RawRatings(
        rows.select(*names), counts["n"], counts["whole_users"], counts["whole_items"]
    )


def _off_scale(scale: RatingScale) -> str:
    steps = f"(rating - {scale.minimum}D) / {scale.step}D"
    return (
        f"(isnan(rating) OR rating < {scale.minimum}D OR rating > {scale.maximum}D"
        f" OR abs({steps} - round({steps})) > 1e-9D * greatest(1D, {steps}))"
    )


def _text(name: str, kinds: dict[str, str], path: Path) -> str:
    if not re.fullmatch(f"{_WHOLE}|string", kinds[name]):
        raise _wrong_type(path, name, "whole numbers or text", kinds[name])
    return trimmed(f"CAST(`{name}` AS STRING)")


def _number(name: str, kinds: dict[str, str], path: Path) -> str:
    if kinds[name] == "string":
        return f"CASE WHEN {is_number(f'`{name}`')} THEN try_cast(`{name}` AS DOUBLE) END"
    if not re.fullmatch(rf"{_WHOLE}|decimal\(\d+,\d+\)|float|double", kinds[name]):
        raise _wrong_type(path, name, "numbers", kinds[name])
    return f"CAST(`{name}` AS DOUBLE)"


def _whole(name: str, kinds: dict[str, str], path: Path) -> str:
    kind = kinds[name]
    if kind in {"date", "timestamp", "timestamp_ntz"}:
        # A fraction says which of repeated ratings is later.
        return f"unix_micros(CAST(`{name}` AS TIMESTAMP)) / 1000000D"
    if kind == "string":
        return f"CASE WHEN {is_whole_number(f'`{name}`')} THEN try_cast(`{name}` AS BIGINT) END"
    if kind in {"float", "double"}:
        return f"CASE WHEN `{name}` = floor(`{name}`) THEN try_cast(`{name}` AS BIGINT) END"
    if not re.fullmatch(_WHOLE, kind):
        raise _wrong_type(path, name, "whole numbers or dates", kind)
    return f"try_cast(`{name}` AS BIGINT)"


def _wrong_type(path: Path, name: str, expected: str, kind: str) -> InputError:
    return InputError(f"{path}, column {name}: expected {expected}, got {kind}")


def _check_present(path: Path, columns: Collection[str]) -> None:
    for name in ("rating", "timestamp"):
        if name not in columns:
            raise InputError(
                f"{path}: expected a column {name} for the engine spark, got"
                f" {', '.join(columns)}; the engine duckdb does not need it"
            )


def _first_line(path: Path) -> list[str]:
    """The header line, with and without a byte order mark."""
    with path.open("rb") as file:
        line = file.readline().decode("utf-8-sig").rstrip("\r\n")
    return [line, f"\ufeff{line}"]


def address(path: Path) -> str:
    """A local path as a URL for Spark, with wildcards escaped."""
    return "file://" + re.sub(r"([\[\]{}*?\\])", r"\\\1", str(path.resolve()))
