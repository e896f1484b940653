"""Reading of ratings that follow a log."""

from __future__ import annotations

from typing import Any, Unpack

import duckdb
import pyarrow as pa

from lacunar.aliases import AnyPath, StepProgress
from lacunar.errors import InputError
from lacunar.taste.data.frame_tables import ColumnOptions, FrameColumns
from lacunar.taste.data.joining import join_ratings
from lacunar.taste.data.rating_scale import LIKES
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.raw_tables import number
from lacunar.taste.data.reading import open_source, read_source


def read_later_ratings(
    log: Ratings,
    source: AnyPath | Any,
    items: Any | None = None,
    *,
    memory_limit: str | None = None,
    progress: StepProgress | None = None,
    **columns: Unpack[ColumnOptions],
) -> Ratings:
    """Read ratings that follow a log, and join them to it.

    Parameters
    ----------
    log : Ratings
        Its scale is that of the new ratings. Its items may be missing among the new items.
    source : path-like, frame or Ratings
        As of :func:`lacunar.taste.data.reading.read_ratings`, or ratings that were read. Rows of
        the log may be among them.
    items, memory_limit, progress, **columns
        As of ``read_ratings``.

    Returns
    -------
    Ratings
        Of both; see :func:`lacunar.taste.data.joining.join_ratings`.

    Raises
    ------
    InputError
        As by ``read_ratings``; also if only the log has ratings, or only the log has times.

    Examples
    --------
    >>> from lacunar.taste.data.reading import read_ratings
    >>> log = read_ratings(pa.table({"userId": [1, 2], "movieId": [5, 5], "rating": [4.0, 3.0]}))
    >>> new = pa.table({"customer": [2, 3], "movieId": [5, 4], "rating": [1.0, 5.0]})
    >>> read_later_ratings(log, new, user="customer").rating.tolist()
    [4.0, 1.0, 5.0]
    """
    if isinstance(source, Ratings):
        if items is not None or columns:
            raise InputError("expected neither items nor columns with ratings that were read")
        if source.scale != log.scale:
            raise InputError(f"expected ratings of {log.scale}, got ratings of {source.scale}")
        return join_ratings(log, source)
    opened = open_source(source, items, FrameColumns(**columns))

    def load(connection: duckdb.DuckDBPyConnection) -> bool:
        has_ratings = opened.load(connection, _text_ids(log))
        if not has_ratings and log.scale != LIKES:
            raise InputError(
                "expected a column of ratings, as in the log, got none", field="rating"
            )
        _add_known_items(connection, log)
        return has_ratings

    return join_ratings(log, read_source(opened, log.scale, memory_limit, progress, load))


def _text_ids(ratings: Ratings) -> frozenset[str]:
    """Columns whose ids are text in a log."""
    ids = {"userId": ratings.users, "movieId": ratings.items["item_id"]}
    return frozenset(name for name, column in ids.items() if pa.types.is_string(column.type))


def _add_known_items(connection: duckdb.DuckDBPyConnection, known: Ratings) -> None:
    """Add the rated films of a log that ``raw_items`` lacks; the log knows more about them."""
    connection.register("known_items", known.items)
    # Numbers may be written as 007 in the new tables.
    text = "CAST(item_id AS VARCHAR)"
    numbers = pa.types.is_integer(known.items["item_id"].type)
    same = f"coalesce(CAST({number(text)} AS VARCHAR), {text})" if numbers else text
    connection.execute(f"""
        INSERT INTO raw_items BY NAME
        SELECT {text} AS item_id, title, CAST([] AS VARCHAR[]) AS genres, NULL AS year
        FROM known_items
        WHERE {text} IN (SELECT {same} FROM raw_ratings)
            AND {text} NOT IN (SELECT {same} FROM raw_items)
    """)
