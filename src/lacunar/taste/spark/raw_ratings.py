"""Raw ratings as a frame, refused where :mod:`lacunar.taste.data.layouts` would refuse them.

Spark reads ``ratings.csv`` and ``ratings.parquet`` (a file or a directory of parts), from a path
that every worker sees. The films beside them are few: the driver reads them as it always does.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.column_names import HINT, NAMES_FILE
from lacunar.taste.data.delimited import CSV, first_cell, header
from lacunar.taste.data.layouts import Source
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.data.text_tables import is_date
from lacunar.taste.spark.csv_lines import is_number, is_whole_number, parsed_lines
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
        ``user_id``, ``item_id`` (text), ``rating``, ``timestamp``; read again at each use.
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
        If the layout is another, or anything in the file is off. Of a text file the driver then
        reads the whole, to name the line.
    """
    if (source.ratings.parent / NAMES_FILE).exists():
        raise InputError(
            f"{source.ratings.parent}: expected the usual names of files and columns for the engine"
            f" spark, got a {NAMES_FILE}"
        )
    match source.ratings.name:
        case "ratings.csv":
            return _csv(session, source, scale)
        case "ratings.parquet":
            return _parquet(session, source.ratings, scale)
        case name:
            raise InputError(
                f"{source.ratings}: expected ratings.csv or ratings.parquet for the engine spark,"
                f" got {name}"
            )


def _csv(session: SparkSession, source: Source, scale: RatingScale) -> RawRatings:
    path = source.ratings
    columns = header(path, CSV, _COLUMNS, may_lack={"timestamp"})
    _check_timestamp(path, columns)
    # Bytes stay as they are: a regular expression would mend what is not UTF-8 before it is seen.
    value = (
        "CASE WHEN endswith(value, '\\r') THEN substring(value, 1, length(value) - 1)"
        " ELSE value END AS value"
    )
    lines = session.read.text(address(path), lineSep="\n").selectExpr(value).where("value <> ''")
    is_header = lines["value"].isin(_first_line(path))
    rows = parsed_lines(lines, columns).withColumn("is_header", is_header)
    odd = f"count_if(NOT is_header AND ({_off(scale)} OR NOT plain)) AS odd"
    found = aggregates(rows, "count_if(is_header) AS headers", odd, *_summary("NOT is_header"))
    if found["headers"] == 1 and found["n"] and not found["odd"]:
        return _raw(rows.where("NOT is_header"), found)
    # Only a reader that goes through the file from its first line knows which one is at fault.
    with suppress(duckdb.Error):
        read_ratings(path.parent, scale=scale)
    if is_date(first_cell(path, CSV, "timestamp")):
        expected, got = ", column timestamp: expected seconds", "dates"
    else:
        expected, got = ": expected rows of one line each, with nothing but cells,", "others"
    raise InputError(
        f"{path}{expected} for the engine spark, got {got}; write them as Parquet, or use the"
        " engine duckdb"
    )


def _parquet(session: SparkSession, path: Path, scale: RatingScale) -> RawRatings:
    reader = session.read
    if path.is_dir():
        reader = reader.option("recursiveFileLookup", "true").option("pathGlobFilter", "*.parquet")
    with or_refuse(f"{path}: expected Parquet"):
        frame = reader.parquet(address(path))
        kinds = dict(frame.dtypes)
        needed = [name for name in _COLUMNS if name != "timestamp"]
        if any(name not in kinds for name in needed):
            raise InputError(
                f"{path}: expected the columns {', '.join(needed)}; got {', '.join(kinds)} ({HINT})"
            )
        _check_timestamp(path, kinds)
        rows = frame.selectExpr(
            f"{_text('userId', kinds, path)} AS user_id",
            f"{_text('movieId', kinds, path)} AS item_id",
            f"{_number('rating', kinds, path)} AS rating",
            f"{_whole('timestamp', kinds, path)} AS timestamp",
            *(f"`{name}` IS NULL AS `no {name}`" for name in _COLUMNS),
        )
        found = aggregates(
            rows,
            *_summary("true"),
            *(f"count_if(`no {name}`) AS `no {name}`" for name in _COLUMNS),
            "count_if(rating IS NULL AND NOT `no rating`"
            " OR timestamp IS NULL AND NOT `no timestamp`) AS odd",
            f"min(rating) FILTER (WHERE {_off(scale)}) AS off",
        )
    if found["odd"]:
        raise InputError(f"{path}: expected numbers in rating and timestamp, got others")
    for name in _COLUMNS:
        if found[f"no {name}"]:
            raise InputError(f"{path}, column {name}: expected a value in every row, got a null")
    if not found["n"]:
        raise InputError(f"{path}: expected at least one row of data, got none")
    if found["off"] is not None:
        raise InputError(
            f"{path}, column rating: expected a rating of {scale}, got {found['off']:g}"
        )
    return _raw(rows, found)


def _summary(condition: str) -> tuple[str, ...]:
    """SQL: what is to be known of the rows that meet a condition."""
    return (
        f"count_if({condition}) AS n",
        f"bool_and({is_whole_number('user_id')}) FILTER (WHERE {condition}) AS whole_users",
        f"bool_and({is_whole_number('item_id')}) FILTER (WHERE {condition}) AS whole_items",
    )


def _raw(rows: DataFrame, found: Row) -> RawRatings:
    names = ("user_id", "item_id", "rating", "timestamp")
    return RawRatings(rows.select(*names), found["n"], found["whole_users"], found["whole_items"])


def _off(scale: RatingScale) -> str:
    steps = f"(rating - {scale.minimum}D) / {scale.step}D"
    return (
        f"(isnan(rating) OR rating < {scale.minimum}D OR rating > {scale.maximum}D"
        f" OR abs({steps} - round({steps})) > 1e-9D)"
    )


def _text(name: str, kinds: dict[str, str], path: Path) -> str:
    if not re.fullmatch(f"{_WHOLE}|string", kinds[name]):
        raise _unlike(path, name, "whole numbers or text", kinds[name])
    return f"trim(CAST(`{name}` AS STRING))"


def _number(name: str, kinds: dict[str, str], path: Path) -> str:
    if kinds[name] == "string":
        return f"CASE WHEN {is_number(f'`{name}`')} THEN try_cast(`{name}` AS DOUBLE) END"
    if not re.fullmatch(rf"{_WHOLE}|decimal\(\d+,\d+\)|float|double", kinds[name]):
        raise _unlike(path, name, "numbers", kinds[name])
    return f"CAST(`{name}` AS DOUBLE)"


def _whole(name: str, kinds: dict[str, str], path: Path) -> str:
    kind = kinds[name]
    if kind in {"date", "timestamp", "timestamp_ntz"}:
        return f"unix_seconds(CAST(`{name}` AS TIMESTAMP))"
    if kind == "string":
        return f"CASE WHEN {is_whole_number(f'`{name}`')} THEN try_cast(`{name}` AS BIGINT) END"
    if kind in {"float", "double"}:
        return f"CASE WHEN `{name}` = floor(`{name}`) THEN try_cast(`{name}` AS BIGINT) END"
    if not re.fullmatch(_WHOLE, kind):
        raise _unlike(path, name, "whole numbers or dates", kind)
    return f"try_cast(`{name}` AS BIGINT)"


def _unlike(path: Path, name: str, expected: str, kind: str) -> InputError:
    return InputError(f"{path}, column {name}: expected {expected}, got {kind}")


def _check_timestamp(path: Path, columns: Collection[str]) -> None:
    if "timestamp" not in columns:
        raise InputError(
            f"{path}: expected a column timestamp for the engine spark, got"
            f" {', '.join(columns)}; the engine duckdb needs none"
        )


def _first_line(path: Path) -> list[str]:
    """The header as a line, with and without the mark that Windows puts before it."""
    with path.open("rb") as file:
        line = file.readline().decode("utf-8-sig").rstrip("\r\n")
    return [line, f"\ufeff{line}"]


def address(path: Path) -> str:
    """A path as Spark takes it: of the local file system, nothing in it a wildcard."""
    return "file://" + re.sub(r"([\[\]{}*?\\])", r"\\\1", str(path.resolve()))
