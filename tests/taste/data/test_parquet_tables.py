from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.reading import read_ratings


def write_parquet(directory: Path, log: dict[str, list[object]]) -> Path:
    movies = {"movieId": [1], "title": ["A"], "genres": ["Drama"]}
    pq.write_table(pa.table(movies), directory / "movies.parquet")
    pq.write_table(pa.table(log), directory / "ratings.parquet")
    return directory


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"movieId": None},
            "expected the columns userId, movieId; got userId, rating, time",
        ),
        ({"rating": ["good"]}, "column rating: expected a number, got 'good'"),
        ({"rating": [float("nan")]}, "column rating: expected a rating of 0.5 to 5"),
        ({"rating": [7.0]}, "column rating: expected a rating of 0.5 to 5"),
        ({"userId": pa.array([None], pa.int64())}, "column userId: expected a value in every row"),
    ],
)
def test_bad_parquet_gets_one_sentence(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    log = {"userId": [1], "movieId": [1], "rating": [4.0], "timestamp": [9]} | change
    directory = write_parquet(tmp_path, {name: col for name, col in log.items() if col is not None})
    with pytest.raises(InputError) as caught:
        read_ratings(directory)
    assert message in str(caught.value)
    assert "ratings.parquet" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_text_under_a_parquet_name_is_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path, {"userId": [1]})
    (tmp_path / "ratings.parquet").write_text("userId,movieId\n")
    with pytest.raises(InputError, match="expected Parquet"):
        read_ratings(tmp_path)


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        (pa.array([9, 10], pa.int64()), [9, 10]),
        (pa.array([9, 10], pa.uint8()), [9, 10]),
        (pa.array([9, 2 * 10**18], pa.uint64()), ["2000000000000000000", "9"]),
        (pa.array(["10", " 9 "]), [9, 10]),
        (pa.array(["10", "x"]), ["10", "x"]),
        (pa.array([9.0, 10.5]), ["10.5", "9.0"]),
    ],
)
def test_ids_in_parquet_are_numbers_where_all_are(
    tmp_path: Path, users: pa.Array, expected: list[object]
) -> None:
    log = {"userId": users, "movieId": [1, 1], "rating": [4.0, 3.0], "timestamp": [9, 9]}
    assert read_ratings(write_parquet(tmp_path, log)).users.to_pylist() == expected
