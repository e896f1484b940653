from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.catalogue import (
    NO_GENRES,
    YEAR_AT_END,
    YEAR_OF_TITLE,
    all_whole_numbers,
    catalogue_of,
    encode_items,
    is_whole_number,
)
from lacunar.taste.data.duckdb import connect

FILMS = pa.table(
    {
        "item_id": ["10", "9", "8"],
        "title": ["Ten (1994)", "Nine (2006-)", "Eight"],
        "genres": [["War", " Drama", "War"], [""], ["Drama"]],
        "year": ["1994", "2006", None],
    }
)


@pytest.mark.parametrize(
    ("item_type", "ids"), [("BIGINT", [8, 9, 10]), ("VARCHAR", ["10", "8", "9"])]
)
def test_films_stand_in_the_order_of_their_ids_with_years_and_genres(
    item_type: str, ids: list[object]
) -> None:
    with connect() as connection:
        connection.register("raw_items", FILMS)
        encode_items(connection, Path("movies.csv"), item_type)
        found = catalogue_of(connection)
    assert found.items["item_id"].to_pylist() == ids
    years = {8: None, 9: 2006, 10: 1994}
    assert found.items["year"].to_pylist() == [years[int(str(item))] for item in ids]
    assert found.genres == (NO_GENRES, "Drama", "War")
    genres = {8: [1], 9: [0], 10: [1, 2]}
    expected = [(i, genre) for i, item in enumerate(ids) for genre in genres[int(str(item))]]
    pairs = found.item_genres.to_pydict()
    assert list(zip(pairs["item"], pairs["genre"], strict=True)) == expected


def test_a_film_named_twice_is_refused_with_its_file() -> None:
    with connect() as connection:
        connection.register("raw_items", pa.concat_tables([FILMS, FILMS.slice(1, 1)]))
        with pytest.raises(InputError, match=r"movies\.csv: expected each item once, got '9' twic"):
            encode_items(connection, Path("movies.csv"), "BIGINT")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", True),
        ("-007", True),
        ("9" * 18, True),
        ("9" * 19, False),
        ("1.0", False),
        ("1.5", False),
        ("", False),
    ],
)
def test_whole_numbers_are_those_that_64_bits_hold(text: str, expected: bool) -> None:
    with connect() as connection:
        connection.register("t", pa.table({"x": ["1", text]}))
        assert connection.sql(f"SELECT bool_and({is_whole_number('x')}) FROM t").fetchall() == [
            (expected,)
        ]
        # Integers in a column with gaps are written with a point.
        assert all_whole_numbers(connection, "t", "x") == (expected or text == "1.0")


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("A (1999)", 1999), ("A (1999) ", 1999), ("A (1998) (1999)", 1999), ("1984 (1956)", 1956),
        ("A (2009-2011)", 2009), ("A (2009\u20132011)", 2009), ("A (2009-)", 2009),
        ("A (2009\u2013 )", 2009), ("A (2009 - 2011)", 2009), ("A (1983))", 1983),
        ("A (1995) (V)", 1995), ("A (1995) (TV) (short)", 1995), ("A (1995/II)", 1995),
        ("A (1982) (Director's Cut)", 1982),
        ("1984", None), ("A", None), ("A (19999)", None), ("A (199)", None),
        ("A (1999) part 2", None),
        ("A (1900s)", None), ("A (1998?)", None), ("A (1995) (2nd cut)", None), ("A [1995]", None),
    ],
)  # fmt: skip
def test_the_year_is_that_in_brackets_at_the_end_of_a_title(title: str, year: int | None) -> None:
    with connect() as connection:
        row = connection.execute(f"SELECT {YEAR_OF_TITLE} FROM (SELECT ? AS title)", [title])
        found = row.fetchall()[0][0]
    assert found == (None if year is None else str(year))
    # The search index knows the same years.
    matched = re.search(YEAR_AT_END, title)
    assert (None if matched is None else int(matched[1])) == year
