from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.catalogue import (
    NO_GENRES,
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
