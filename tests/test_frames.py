from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.frames import arrow_to_frame, frame_to_arrow, is_frame

COLUMNS = {"user": ["a", "b", "b"], "stars": [1.0, 2.5, 5.0]}
FRAMES = {
    "pandas": pd.DataFrame(COLUMNS),
    "polars": pl.DataFrame(COLUMNS),
    "pyarrow": pa.table(COLUMNS),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_comes_back_in_the_kind_that_came_in(kind: str) -> None:
    table, found = frame_to_arrow(FRAMES[kind], argument="ratings")
    assert found == kind
    assert table.to_pydict() == COLUMNS
    back = arrow_to_frame(table, found)
    assert type(back) is type(FRAMES[kind])
    assert frame_to_arrow(back, argument="ratings")[0].to_pydict() == COLUMNS


def test_lazy_frames_and_relations_are_frames() -> None:
    lazy: list[Any] = [pl.LazyFrame(COLUMNS), duckdb.sql("SELECT 1 AS user, 2.5 AS stars")]
    assert all(map(is_frame, lazy))
    assert frame_to_arrow(lazy[0], argument="ratings")[0].to_pydict() == COLUMNS
    table, kind = frame_to_arrow(lazy[1], argument="ratings")
    assert (table.num_rows, kind) == (1, "pyarrow")


@pytest.mark.parametrize("other", ["ratings.csv", 3, None, [1, 2], {"user": [1]}])
def test_anything_else_is_refused_with_the_argument(other: object) -> None:
    assert not is_frame(other)
    with pytest.raises(InputError, match=r"^items: expected a frame") as caught:
        frame_to_arrow(other, argument="items")
    assert caught.value.field == "items"


def test_columns_of_mixed_types_get_one_sentence() -> None:
    with pytest.raises(InputError, match=r"^ratings: expected columns of one type each"):
        frame_to_arrow(pd.DataFrame({"user": [1, "a", None]}, dtype=object), argument="ratings")


def test_columns_of_one_name_get_one_sentence() -> None:
    twice = pa.table([[1], [2]], names=["a", "a"])
    for frame in (twice, twice.to_pandas()):
        assert is_frame(frame)
        with pytest.raises(InputError, match=r"^ratings: expected columns of different names"):
            frame_to_arrow(frame, argument="ratings")


def test_another_library_is_refused() -> None:
    with pytest.raises(InputError, match=r"^kind: expected pandas, polars or pyarrow, got 'dask'"):
        arrow_to_frame(pa.table(COLUMNS), "dask")  # type: ignore[arg-type]
