"""Reading of a data directory or of frames: checked ratings by position in ``Ratings``."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.aliases import AnyPath, StepProgress, no_progress
from lacunar.errors import InputError
from lacunar.taste.data.catalogue import catalogue_of, encode_items
from lacunar.taste.data.column_names import NAMES_FILE
from lacunar.taste.data.duckdb import connect, exists, fetched, first_row
from lacunar.taste.data.frame_tables import FrameColumns, FrameSource, frame_source
from lacunar.taste.data.item_noun import ItemNoun
from lacunar.taste.data.layouts import Source, find_source
from lacunar.taste.data.rating_scale import LIKES, RatingScale
from lacunar.taste.data.ratings import Intake, Ratings

_ROWS_PER_BATCH = 1 << 20


def read_ratings(
    source: AnyPath | Any,
    items: Any | None = None,
    *,
    user: str = "userId",
    item: str = "movieId",
    rating: str | None = "rating",
    timestamp: str | None = "timestamp",
    title: str | None = "title",
    genres: str | None = "genres",
    year: str | None = None,
    genre_separator: str = "|",
    scale: RatingScale | None = None,
    noun: str | tuple[str, str] | None = None,
    memory_limit: str | None = None,
    progress: StepProgress | None = None,
) -> Ratings:
    r"""Read ratings and items from a directory or from frames.

    The layouts of a directory are those of MovieLens: ``ratings.csv`` with the columns ``userId``,
    ``movieId``, ``rating`` and ``timestamp`` (seconds or dates) and ``movies.csv`` with
    ``movieId``, ``title`` and ``genres``; the same tables compressed, as Parquet or as Excel; and
    the older ``.dat`` and ``u.data`` files. A ``ratings.toml`` in the directory can give other
    names of files and columns, and formats of numbers, times and text.

    Frames are those of pandas, Polars and PyArrow, and relations of DuckDB, with the same columns.
    Only the columns of users and items are required. Without ratings, every row is a like: a
    rating of 1 on ``RatingScale(0, 1, 1)``. Without a table of items, the items are those of the
    ratings, with their ids as titles, and no genres and years.

    If a user rated an item several times, the rating with the latest timestamp counts, and of equal
    timestamps the highest rating; so the order of rows does not matter. Without ratings, repeated
    rows are counted: they weigh in the shares of genres and periods. Ratings of items that are not
    in the table of items are left out. ``Ratings.intake`` counts both. An item without a genre gets
    the genre ``(no genres listed)``.

    Parameters
    ----------
    source : str or path-like, or frame
        A directory, or the frame of ratings.
    items : frame, optional
        The frame of items; not with a directory.
    user, item : str
        Columns of ids, whole numbers or text; ``item`` is the name in both frames. These and the
        following names are not allowed with a directory.
    rating, timestamp : str, optional
        Columns of the ratings, and of their times: seconds since 1970 or dates. A column with the
        default name may be missing. None: do not use the column, even if it exists.
    title, genres : str, optional
        Columns of ``items``, with the same rules. Genres are lists of text, or text with a
        separator.
    year : str, optional
        Column of ``items`` with the year, null where unknown; or a date. Without it,
        the year is the one in brackets at the end of the title.
    genre_separator : str
        Separator of the genres in text.
    scale : RatingScale, optional
        Allowed ratings; by default 0.5 to 5 in steps of 0.5.
    noun : str or (str, str), optional
        The noun for the items in texts, such as ``"wine"`` or ``("box", "boxes")``. By default
        film where the column of items is called ``movieId``, else item.
    memory_limit : str, optional
        Memory for reading, such as ``512MB``; by default 2 GB. Beyond it, work goes to disk. The
        resulting log needs memory in addition.
    progress : callable, optional
        Called with (steps done, steps in all).

    Returns
    -------
    Ratings

    Raises
    ------
    InputError
        If a file, column or value is missing or invalid. The message names the file, line and
        column of the first error, or the frame and column.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as directory:
    ...     _ = Path(directory, "movies.csv").write_text(
    ...         "movieId,title,genres\n1,Alien (1979),Horror|Sci-Fi\n2,Heat (1995),Crime\n"
    ...     )
    ...     _ = Path(directory, "ratings.csv").write_text(
    ...         "userId,movieId,rating,timestamp\n7,1,4.5,10\n7,2,3.0,11\n9,1,2.0,12\n"
    ...     )
    ...     ratings = read_ratings(directory)
    >>> ratings.n_users, ratings.n_items, ratings.genres
    (2, 2, ('Crime', 'Horror', 'Sci-Fi'))
    >>> ratings.rating[ratings.rows_of(ratings.user_position("7"))].tolist()
    [4.5, 3.0]
    >>> likes = pa.table({"customer": ["a", "a", "b"], "sku": [31, 7, 7]})
    >>> ratings = read_ratings(likes, user="customer", item="sku")
    >>> ratings.implicit, ratings.users.to_pylist(), ratings.items["title"].to_pylist()
    (True, ['a', 'b'], ['7', '31'])
    """
    if not isinstance(scale, RatingScale | None):
        raise InputError(
            f"expected a RatingScale such as {RatingScale()!r}, got {scale!r}", field="scale"
        )
    columns = FrameColumns(user, item, rating, timestamp, title, genres, year, genre_separator)
    if isinstance(source, str | PathLike):
        if items is not None or columns != FrameColumns():
            raise InputError(
                "expected no frame of items and no names of columns for a directory, got some:"
                f" a {NAMES_FILE} in the directory gives files and columns other names"
            )
        ratings = _read(find_source(Path(source)), scale, memory_limit, progress)
        return ratings if noun is None else replace(ratings, noun=_noun(noun))
    frames = frame_source(source, items, columns)
    ratings = _read(frames, scale, memory_limit, progress)
    ratings = replace(ratings, frame_kind=frames.kind)
    return ratings if noun is None else replace(ratings, noun=_noun(noun))


def _noun(noun: str | tuple[str, str]) -> ItemNoun:
    return ItemNoun(noun) if isinstance(noun, str) else ItemNoun(*noun)


def _read(
    source: Source | FrameSource,
    scale: RatingScale | None,
    memory_limit: str | None,
    progress: StepProgress | None,
) -> Ratings:
    report = progress or no_progress
    with connect(memory_limit) as connection:
        report(0, 4)
        scale = _scale(source, scale, has_ratings=source.load(connection))
        report(1, 4)
        check_scale(connection, source, scale)
        encode_items(connection, source.items_name, type_of_item_ids(connection))
        report(2, 4)
        counts = count_rows(connection, source)
        report(3, 4)
        log = encode_log(connection, counts.known, counted=scale == LIKES)
        if scale == LIKES and not _has_repeated_likes(log):
            log = log.drop_columns("count")
        report(4, 4)
        whole_stars = bool((log["rating"].to_numpy() % 1 == 0).all())
        users = fetched(connection, "SELECT user_id FROM users ORDER BY user")
        catalogue = catalogue_of(connection)
        return Ratings(
            users=users["user_id"].combine_chunks(),
            items=catalogue.items,
            genres=catalogue.genres,
            item_genres=catalogue.item_genres,
            log=log,
            scale=scale,
            intake=Intake(
                rows=counts.rows,
                repeated=counts.known - log.num_rows,
                unknown_item_rows=counts.rows - counts.known,
                unknown_items=counts.unknown_items,
                dropped_users=counts.dropped_users,
                step=1.0 if whole_stars else scale.step,
            ),
            noun=source.noun,
        )


def _scale(
    source: Source | FrameSource, scale: RatingScale | None, *, has_ratings: bool
) -> RatingScale:
    if has_ratings:
        return scale or RatingScale()
    if scale is not None and scale != LIKES:
        raise InputError(
            f"expected no scale, since {source.ratings_name} has no column of ratings",
            field="scale",
        )
    return LIKES


def check_scale(
    connection: duckdb.DuckDBPyConnection, source: Source | FrameSource, scale: RatingScale
) -> None:
    """Raise if a rating is not on the scale.

    Raises
    ------
    InputError
        With file, line and column of the first such rating.
    """
    steps = f"(CAST(rating AS DOUBLE) - {scale.minimum}) / {scale.step}"
    off = (
        f"(isnan(CAST(rating AS DOUBLE)) OR CAST(rating AS DOUBLE) < {scale.minimum}"
        f" OR CAST(rating AS DOUBLE) > {scale.maximum} OR abs({steps} - round({steps})) >"
        f" 1e-9 * greatest(1, {steps}))"
    )
    if not exists(connection, "raw_ratings", off):
        return
    # The error must quote the rating of the line that it names: the first one of the file.
    connection.execute("SET preserve_insertion_order = true")
    row = first_row(connection, f"SELECT rating FROM raw_ratings WHERE {off} LIMIT 1")
    counts = first_row(
        connection, f"SELECT count(DISTINCT rating), count(*) FROM raw_ratings WHERE {off}"
    )
    assert row is not None, "such a row exists"
    assert counts is not None, "counts are one row"
    place, got = source.place_of_rating(connection, off), f"{row[0]:g}"
    hint = "`scale` gives another scale"
    if counts[0] == 1 and counts[1] > 1:
        hint = f"in {counts[1]} rows: leave them out if {got} stands for no rating; {hint}"
    raise InputError(f"{place}: expected a rating of {scale}, got {got} ({hint})")


def type_of_item_ids(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL type of the item ids in the ratings: ``BIGINT``, or ``VARCHAR`` if any id is text."""
    row = first_row(connection, "SELECT typeof(item_id) FROM raw_ratings LIMIT 1")
    assert row is not None, "loading raises for files without rows"
    return str(row[0])


class RowCounts(NamedTuple):
    """Counts of a log before repeated ratings are removed.

    Parameters
    ----------
    rows, known : int
        Rows of the file, and those of items in the catalogue.
    dropped_users, unknown_items : int
        Users without a known item, and items that are not in the catalogue.
    """

    rows: int
    known: int
    dropped_users: int
    unknown_items: int


def count_rows(connection: duckdb.DuckDBPyConnection, source: Source | FrameSource) -> RowCounts:
    """Create the table ``users``, and count the rows that are left out.

    Raises
    ------
    InputError
        If no rated item is in the catalogue.
    """
    connection.execute("""
        CREATE TABLE users AS
        SELECT CAST(row_number() OVER (ORDER BY user_id) - 1 AS INTEGER) AS user, user_id
        FROM (SELECT DISTINCT user_id FROM raw_ratings SEMI JOIN items USING (item_id));
    """)
    row = first_row(
        connection,
        """
        SELECT (SELECT count(*) FROM raw_ratings),
            (SELECT count(*) FROM raw_ratings SEMI JOIN items USING (item_id)),
            (SELECT count(DISTINCT user_id) FROM raw_ratings ANTI JOIN users USING (user_id)),
            (SELECT count(DISTINCT item_id) FROM raw_ratings ANTI JOIN items USING (item_id))
        """,
    )
    assert row is not None, "counts are one row"
    counts = RowCounts(*row)
    if not counts.known:
        rated = first_row(connection, "SELECT min(item_id) FROM raw_ratings")
        listed = first_row(connection, "SELECT min(item_id) FROM items")
        assert rated is not None
        assert listed is not None
        raise no_known_items(source, counts.rows, listed[0], rated[0])
    return counts


def no_known_items(
    source: Source | FrameSource, n_rows: int, listed: int | str, rated: int | str
) -> InputError:
    """Error for ratings of none of the items, with an example of both tables."""
    return InputError(
        f"{source.ratings_name}: expected ratings of the items in"
        f" {Path(source.items_name).name}, such as {listed!r},"
        f" got none: all {n_rows} rows name other items, such as {rated!r}"
    )


def encode_log(
    connection: duckdb.DuckDBPyConnection, n_rows: int, *, counted: bool = False
) -> pa.Table:
    """Encode the log by position, sorted by user and item, with the last of repeated ratings.

    If counted, the column ``count`` is the number of rows of each user and item.

    Rows are written straight into the final arrays, so a large log is in memory only once.
    """
    types = {"user": np.int32, "item": np.int32, "rating": np.float64, "timestamp": np.int64}
    columns = {name: np.empty(n_rows, dtype=kind) for name, kind in types.items()}
    ends = np.empty(n_rows if counted else 0, dtype=np.int64)
    kind = first_row(connection, 'SELECT typeof("timestamp") FROM raw_ratings LIMIT 1')
    # A fraction of a second only says which rating is later.
    seconds = '"timestamp"' if kind == ("BIGINT",) else 'CAST(floor("timestamp") AS BIGINT)'
    rows = connection.sql(f"""
        SELECT user, item, rating, {seconds} AS "timestamp"
        FROM raw_ratings JOIN items USING (item_id) JOIN users USING (user_id)
        ORDER BY user, item, raw_ratings."timestamp", rating
    """).to_arrow_reader(_ROWS_PER_BATCH)
    n_read = n_kept = 0
    for arrow_batch in rows:
        batch = {name: arrow_batch.column(name).to_numpy() for name in types}
        n_read += arrow_batch.num_rows
        if n_kept and _same_pair(columns, n_kept - 1, batch):
            n_kept -= 1
        last = np.ones(arrow_batch.num_rows, dtype=bool)
        last[:-1] = (np.diff(batch["user"]) != 0) | (np.diff(batch["item"]) != 0)
        n = int(last.sum())
        for name, values in batch.items():
            columns[name][n_kept : n_kept + n] = values[last]
        if counted:
            ends[n_kept : n_kept + n] = n_read - arrow_batch.num_rows + 1 + np.flatnonzero(last)
        n_kept += n
    assert n_read == n_rows, "all rows were counted before"
    if counted:
        columns["count"] = np.diff(ends[:n_kept], prepend=0)
    return pa.table({name: values[:n_kept] for name, values in columns.items()})


def _has_repeated_likes(log: pa.Table) -> bool:
    """Whether every row is a like and some are repeated, as when items are bought again."""
    likes = bool((log["rating"].to_numpy() == LIKES.maximum).all())
    return likes and bool((log["count"].to_numpy() > 1).any())


def _same_pair(columns: dict[str, NDArray[Any]], row: int, batch: dict[str, NDArray[Any]]) -> bool:
    """Whether a row and the first row of a batch have the same user and item."""
    return all(columns[name][row] == batch[name][0] for name in ("user", "item"))
