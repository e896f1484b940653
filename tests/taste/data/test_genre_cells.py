from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.ratings import NO_GENRES, Ratings
from lacunar.taste.data.reading import read_ratings

OBJECTS = [{"id": 18, "name": "Drama"}, {"id": 878, "name": "Science Fiction"}]


def of_cells(folder: Path, cells: list[str]) -> list[tuple[str, ...]]:
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    rows = "".join(f"{film},Title,{cell}\n" for film, cell in enumerate(quoted))
    (folder / "movies.csv").write_text(f"movieId,title,genres\n{rows}")
    (folder / "ratings.csv").write_text("userId,movieId,rating\n1,0,4\n")
    return genres_of(read_ratings(folder))


def genres_of(ratings: Ratings) -> list[tuple[str, ...]]:
    shown = ratings.genre_matrix.toarray()
    return [
        tuple(name for name, has in zip(ratings.genres, row, strict=True) if has) for row in shown
    ]


def test_lists_of_objects_give_their_names(tmp_path: Path) -> None:
    cells = [
        "[{'id': 18, 'name': 'Drama'}, {'id': 878, 'name': 'Science Fiction'}]",
        '[{"id": 35, "name": "Comedy, \\"light\\""}]',
        "[{'name': \"Children's\", 'id': None}]",
        "[]",
        "",
    ]
    assert of_cells(tmp_path, cells) == [
        ("Drama", "Science Fiction"), ('Comedy, "light"',), ("Children's",),
        (NO_GENRES,), (NO_GENRES,),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "cell", ["[{'id': 18}]", "[{'name': 3}]", "[{broken}]", "[{'name': open('x')}]", "[{'a'}]"]
)
def test_other_objects_stay_text(tmp_path: Path, cell: str) -> None:
    assert of_cells(tmp_path, [cell, "[{'name': 'Drama'}]"])[0] == (cell,)


@pytest.mark.parametrize("frame", [pa.Table.from_pylist, pd.DataFrame, pl.DataFrame])
def test_columns_of_objects_give_their_names(
    tmp_path: Path, frame: Callable[[list[dict[str, Any]]], Any]
) -> None:
    items = [{"movieId": 1, "genres": OBJECTS}, {"movieId": 2, "genres": []}]
    ratings = frame([{"userId": 1, "movieId": 1, "rating": 4.0}])
    expected = [("Drama", "Science Fiction"), (NO_GENRES,)]
    assert genres_of(read_ratings(ratings, frame(items))) == expected
    pq.write_table(pa.Table.from_pylist(items), tmp_path / "movies.parquet")
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating\n1,1,4\n")
    assert genres_of(read_ratings(tmp_path)) == expected
    nameless = frame([{"movieId": 1, "genres": [{"id": 18, "surname": "x"}]}])
    with pytest.raises(InputError, match="lists of text or of objects with a name, got STRUCT"):
        read_ratings(ratings, nameless)
