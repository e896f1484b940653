from __future__ import annotations

import codecs
import csv
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings

Write = Callable[..., Path]


def as_rows(directory: Path, **options: RatingScale) -> list[tuple[object, object, float, int]]:
    ratings = read_ratings(directory, **options)
    users, items = ratings.users.to_pylist(), ratings.items["item_id"].to_pylist()
    return [
        (users[row["user"]], items[row["item"]], row["rating"], row["timestamp"])
        for row in ratings.log.to_pylist()
    ]


def test_titles_keep_commas_quotes_and_accents_and_give_their_year(write_csv: Write) -> None:
    ratings = read_ratings(write_csv("1,1,4.0,10"))
    assert ratings.items.to_pylist() == [
        {"item_id": 1, "title": "Comma, The (1994)", "year": 1994},
        {"item_id": 2, "title": 'The "Quoted" One (2001)', "year": 2001},
        {"item_id": 3, "title": "Élan (1967)", "year": 1967},
        {"item_id": 4, "title": "No Year", "year": None},
    ]


def test_genres_are_exploded_into_one_row_per_film_and_genre(write_csv: Write) -> None:
    ratings = read_ratings(write_csv("1,1,4.0,10"))
    assert ratings.genres == ("(no genres listed)", "Comedy", "Drama", "War")
    assert ratings.item_genres.to_pylist() == [
        {"item": 0, "genre": 2},
        {"item": 0, "genre": 3},
        {"item": 1, "genre": 1},
        {"item": 2, "genre": 0},
        {"item": 3, "genre": 2},
    ]


def test_a_film_with_an_empty_genre_cell_has_no_genres_listed(write_csv: Write) -> None:
    ratings = read_ratings(write_csv("1,7,4.0,10", movies="movieId,title,genres\n7,Bare,\n"))
    assert ratings.genres == ("(no genres listed)",)


def test_the_latest_of_repeated_ratings_wins_and_the_rest_are_counted(write_csv: Write) -> None:
    directory = write_csv("1,1,2.0,50", "1,1,5.0,90", "1,1,1.0,10", "2,1,3.0,1")
    assert as_rows(directory) == [(1, 1, 5.0, 90), (2, 1, 3.0, 1)]
    assert read_ratings(directory).intake.repeated == 2


def test_equal_timestamps_keep_the_higher_rating_whatever_the_order(write_csv: Write) -> None:
    assert as_rows(write_csv("1,1,2.0,50", "1,1,4.0,50")) == [(1, 1, 4.0, 50)]
    assert as_rows(write_csv("1,1,4.0,50", "1,1,2.0,50")) == [(1, 1, 4.0, 50)]


def test_ratings_of_unknown_films_are_counted_and_left_out(write_csv: Write) -> None:
    directory = write_csv("1,1,2.0,50", "1,99,3.0,51", "2,98,3.0,52", "2,99,3.0,52")
    intake = read_ratings(directory).intake
    assert as_rows(directory) == [(1, 1, 2.0, 50)]
    assert (intake.rows, intake.unknown_item_rows, intake.unknown_items) == (4, 3, 2)
    assert intake.dropped_users == 1


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(write_csv: Write) -> None:
    directory = write_csv("1,1,2.0,50", "2,3,3.5,51")
    plain = as_rows(directory)
    for name in ("ratings.csv", "movies.csv"):
        content = (directory / name).read_bytes().replace(b"\n", b"\r\n")
        (directory / name).write_bytes(codecs.BOM_UTF8 + content)
    assert as_rows(directory) == plain == [(1, 1, 2.0, 50), (2, 3, 3.5, 51)]


def test_columns_may_come_in_any_order_with_others_between(
    tmp_path: Path, write_csv: Write
) -> None:
    directory = write_csv("1,1,2.0,50")
    (directory / "ratings.csv").write_text("timestamp,note,rating,movieId,userId\n50,hm,2.0,1,1\n")
    assert as_rows(directory) == [(1, 1, 2.0, 50)]


def test_ids_may_be_text(write_csv: Write) -> None:
    movies = "movieId,title,genres\ntt1,One (1999),Drama\ntt2,Two,War\n"
    rows = as_rows(write_csv("zoe,tt2,2.0,50", "ann,tt1,4.0,50", movies=movies))
    assert rows == [("ann", "tt1", 4.0, 50), ("zoe", "tt2", 2.0, 50)]


def test_whole_number_ids_are_ordered_as_numbers(write_csv: Write) -> None:
    directory = write_csv("10,1,2.0,50", "9,1,4.0,50")
    assert read_ratings(directory).users.to_pylist() == [9, 10]


def test_the_step_of_the_scale_is_read_from_the_ratings(write_csv: Write) -> None:
    assert read_ratings(write_csv("1,1,2,50")).intake.step == 1.0
    assert read_ratings(write_csv("1,1,2.5,50")).intake.step == 0.5


def test_another_scale_can_be_named(write_csv: Write) -> None:
    directory = write_csv("1,1,9,50")
    assert as_rows(directory, scale=RatingScale(1, 10, 1)) == [(1, 1, 9.0, 50)]


def test_double_colon_files_in_latin_1_are_read(tmp_path: Path) -> None:
    (tmp_path / "ratings.dat").write_text("1::2::4::30\n2::1::5::31\n")
    (tmp_path / "movies.dat").write_bytes(
        '1::Léon: The "Pro" (1994)::Drama|War\n2::B (1999)::War\n'.encode("latin-1")
    )
    ratings = read_ratings(tmp_path)
    assert as_rows(tmp_path) == [(1, 2, 4.0, 30), (2, 1, 5.0, 31)]
    assert ratings.items["title"].to_pylist() == ['Léon: The "Pro" (1994)', "B (1999)"]


def test_the_flag_columns_of_the_100k_layout_are_read(tmp_path: Path) -> None:
    (tmp_path / "u.data").write_text("7\t1\t3\t881250949\n")
    flags = ["0"] * 19
    flags[8] = flags[17] = "1"
    (tmp_path / "u.item").write_bytes(
        f"1|Amélie (2001)|01-Jan-2001||http://x|{'|'.join(flags)}\n".encode("latin-1")
    )
    ratings = read_ratings(tmp_path)
    assert ratings.genres == ("Drama", "War")
    assert ratings.items["title"].to_pylist() == ["Amélie (2001)"]


@pytest.mark.parametrize("as_directory", [False, True])
@pytest.mark.parametrize("genres_as_list", [False, True])
def test_parquet_gives_the_same_as_csv(
    write_csv: Write, tmp_path: Path, as_directory: bool, genres_as_list: bool
) -> None:
    directory = write_csv("1,1,2.0,50", "2,3,3.5,51")
    expected, expected_genres = as_rows(directory), read_ratings(directory).item_genres
    log = [{"userId": 1, "movieId": 1, "rating": 2.0, "timestamp": 50},
           {"userId": 2, "movieId": 3, "rating": 3.5, "timestamp": 51}]  # fmt: skip
    with (directory / "movies.csv").open(newline="") as file:
        movies = [row | {"movieId": int(row["movieId"])} for row in csv.DictReader(file)]
    if genres_as_list:
        movies = [row | {"genres": str(row["genres"]).split("|")} for row in movies]
    (directory / "ratings.csv").unlink()
    (directory / "movies.csv").unlink()
    pq.write_table(pa.Table.from_pylist(movies), directory / "movies.parquet")
    if as_directory:
        (directory / "ratings.parquet").mkdir()
        for part, row in enumerate(log):
            table = pa.Table.from_pylist([row])
            pq.write_table(table, directory / "ratings.parquet" / f"{part}.parquet")
    else:
        pq.write_table(pa.Table.from_pylist(log), directory / "ratings.parquet")
    assert as_rows(directory) == expected
    assert read_ratings(directory).item_genres.equals(expected_genres)


BAD_ROWS = {
    "text in rating": ("1,2,good,5", "line 3, column rating: expected a number"),
    "text in timestamp": ("1,2,3,noon", "line 3, column timestamp: expected a whole number"),
    "NaN in rating": ("1,2,NaN,5", "line 3, column rating: expected a rating of 0.5 to 5"),
    "infinity in rating": ("1,2,inf,5", "line 3, column rating: expected a rating of 0.5 to 5"),
    "empty rating": ("1,2,,5", "line 3, column rating: expected a number, got an empty cell"),
    "empty user": (",2,3,5", "line 3, column userId: expected text, got an empty cell"),
    "above the scale": ("1,2,5.5,5", "line 3, column rating: expected a rating of 0.5 to 5"),
    "below the scale": ("1,2,0,5", "line 3, column rating: expected a rating of 0.5 to 5"),
    "between the steps": ("1,2,3.7,5", "in steps of 0.5, got 3.7"),
    "a field too few": ("1,2,3", "line 3: expected 4 fields, got 3"),
    "a field too many": ("1,2,3,5,6", "line 3: expected 4 fields, got 5"),
}


@pytest.mark.parametrize(("row", "message"), BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_bad_row_is_named_by_file_line_and_column(
    write_csv: Write, row: str, message: str
) -> None:
    directory = write_csv("1,1,4.0,3", row, "2,1,4.0,3")
    with pytest.raises(InputError) as caught:
        read_ratings(directory)
    assert "ratings.csv, line 3" in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_line_is_right_far_into_a_large_file(write_csv: Write) -> None:
    rows = [f"{user},1,4.0,3" for user in range(300_000)]
    rows[250_000] = "7,1,NaN,3"
    with pytest.raises(InputError, match=r"line 250002, column rating"):
        read_ratings(write_csv(*rows))


def test_the_rating_told_is_that_of_the_line_told(write_csv: Write) -> None:
    rows = [f"{user},1,4.0,3" for user in range(300_000)]
    rows[1_000], rows[299_000] = "7,1,9,3", "7,1,8,3"
    with pytest.raises(InputError, match=r"line 1002, column rating: .*, got 9"):
        read_ratings(write_csv(*rows))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"userId,rating,timestamp\n1,1,3\n", "lacks movieId"),
        (b"", "got an empty file"),
        (b"\n\n", "got an empty file"),
        (b"userId,movieId,rating,timestamp\n", "expected at least one row of data, got none"),
        (b"\x7fELF\0\0\1", "got a binary file"),
        (b"userId,movieId,rating,timestamp\n1,\xff\xfe,3,4\n", "expected UTF-8 text"),
        (b"userId,movieId,rating,rating,timestamp\n1,1,3,3,4\n", "got rating twice"),
        (b"userId,movieId,rating,timestamp\n1,77,3,4\n", "all 1 rows name other items"),
    ],
)
def test_a_bad_ratings_file_gets_one_sentence(
    write_csv: Write, content: bytes, message: str
) -> None:
    directory = write_csv("1,1,4.0,3")
    (directory / "ratings.csv").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_ratings(directory)
    assert message in str(caught.value)
    assert "ratings.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_film_named_twice_is_refused(write_csv: Write) -> None:
    movies = "movieId,title,genres\n1,A,Drama\n1,B,Drama\n"
    with pytest.raises(InputError, match=r"movies.csv: expected each item once, got '1' twice"):
        read_ratings(write_csv("1,1,4.0,3", movies=movies))


def test_directories_without_ratings_or_films_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got no such directory"):
        read_ratings(tmp_path / "nowhere")
    with pytest.raises(InputError, match="got none of them"):
        read_ratings(tmp_path)
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,1,3,4\n")
    (tmp_path / "films.csv").touch()
    with pytest.raises(InputError, match=r"expected movies.csv next to ratings.csv, .* films.csv"):
        read_ratings(tmp_path)
    (tmp_path / "ratings.dat").write_text("1::1::3::4\n")
    with pytest.raises(InputError, match=r"got ratings.csv and ratings.dat"):
        read_ratings(tmp_path)


@pytest.mark.parametrize("text", ["5", "1:2:3:4", "a:b", "5:1", "1:5:0", "0.5:inf:0.5", "nan:5"])
def test_a_scale_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^scale: expected a rating scale"):
        RatingScale.parse(text)


def test_positions_find_users_and_their_rows(write_csv: Write) -> None:
    ratings = read_ratings(write_csv("5,1,4.0,3", "7,2,3.0,3", "5,3,2.0,3"))
    assert ratings.rows_of(ratings.user_position("5")) == slice(0, 2)
    assert ratings.rows_of(ratings.user_position("7")) == slice(2, 3)
    with pytest.raises(InputError, match=r"one of 2 users, such as 5, got '6'"):
        ratings.user_position("6")


@pytest.mark.parametrize(
    "users",
    [
        [7, 5],
        ("7", " 5 "),
        np.array([7, 5]),
        pa.array([7, 5]),
        pd.Series([7, 5]),
        pl.Series([7, 5]),
        iter([7, 5]),
    ],
)
def test_ids_come_in_any_sequence_as_in_the_data_or_as_text(
    write_csv: Write, users: Iterable[int | str]
) -> None:
    ratings = read_ratings(write_csv("5,1,4.0,3", "7,2,3.0,3"))
    assert ratings.user_positions(users).tolist() == [1, 0]


def test_one_id_is_no_sequence(write_csv: Write) -> None:
    ratings = read_ratings(write_csv("ab,1,4.0,3", "a,2,3.0,3"))
    assert ratings.user_positions("ab").tolist() == [1]
    with pytest.raises(InputError, match=r"^users: expected ids of users, got a mapping"):
        ratings.user_positions({"a": 5.0})


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 10), st.integers(0, 3)),
        min_size=1,
        max_size=30,
    ),
    seed=st.integers(0, 99),
)
def test_the_order_of_rows_never_matters_and_a_plain_loop_agrees(
    write_csv: Write, rows: list[tuple[int, int, int, int]], seed: int
) -> None:
    last: dict[tuple[int, int], tuple[int, float]] = {}
    for user, item, half_stars, time in rows:
        if item <= 4:
            entry = (time, half_stars / 2)
            last[user, item] = max(last.get((user, item), entry), entry)
    lines = [f"{user},{item},{half / 2},{time}" for user, item, half, time in rows]
    shuffled = random.Random(seed).sample(lines, len(lines))  # noqa: S311  # no secret
    if not last:
        with pytest.raises(InputError, match="name other items"):
            read_ratings(write_csv(*lines))
        return
    expected = [(u, i, stars, time) for (u, i), (time, stars) in sorted(last.items())]
    assert as_rows(write_csv(*lines)) == expected
    assert as_rows(write_csv(*shuffled)) == expected
    assert np.isclose(read_ratings(write_csv(*lines)).intake.rows, len(rows))


def test_genres_of_a_film_share_one(sample_ratings: Ratings) -> None:
    shares, genres = sample_ratings.genre_shares.toarray(), sample_ratings.genre_matrix.toarray()
    assert shares.sum(axis=1) == pytest.approx(np.ones(sample_ratings.n_items))
    assert ((shares > 0) == (genres > 0)).all()


def test_ratings_of_films_are_counted_those_without_any_too(write_csv: Write) -> None:
    ratings = read_ratings(write_csv("1,1,4,1", "2,1,3,1", "2,4,5,1"))
    assert ratings.ratings_per_item.tolist() == [2, 0, 0, 1]


@pytest.mark.parametrize(
    ("users", "films", "expected"),
    [
        (("7", "007"), ("1", "01"), [(7, 1)]),
        (("7", "x"), ("1", "01"), [("7", 1), ("x", 1)]),
        (("7", "1e1"), ("1", "1"), [("1e1", 1), ("7", 1)]),
        (("7", "8"), ("1", "tt"), [(7, "1")]),
        (("7", "1234567890123456789"), ("1", "1"), [("1234567890123456789", 1), ("7", 1)]),
    ],
)
def test_ids_are_numbers_where_all_of_a_column_are_and_text_otherwise(
    write_csv: Write,
    users: tuple[str, str],
    films: tuple[str, str],
    expected: list[tuple[object, object]],
) -> None:
    rows = [f"{user},{film},2.0,5" for user, film in zip(users, films, strict=True)]
    directory = write_csv(*rows)
    assert [row[:2] for row in as_rows(directory)] == expected


def test_ids_are_compared_as_text_where_the_catalogue_has_text(write_csv: Write) -> None:
    movies = "movieId,title,genres\n1,One,Drama\ntt2,Two,War\n"
    directory = write_csv("7,1,2.0,5", "7,01,3.0,5", movies=movies)
    assert as_rows(directory) == [(7, "1", 2.0, 5)]
    assert read_ratings(directory).intake.unknown_items == 1


def test_a_log_that_memory_does_not_hold_is_read_from_disk(write_csv: Write) -> None:
    rows = [f"{user},{film},4.0,{user}" for user in range(60_000) for film in (1, 2, 3)]
    directory = write_csv(*rows)
    expected, found = read_ratings(directory), read_ratings(directory, memory_limit="30MB")
    assert found.log.equals(expected.log)
    assert found.users.equals(expected.users)
    with pytest.raises(InputError, match="expected a memory limit"):
        read_ratings(directory, memory_limit="much")
    with pytest.raises(
        InputError, match="expected a memory limit that is enough for the work, got 1MB"
    ):
        read_ratings(directory, memory_limit="1MB")


def test_pieces_are_whole_users_and_together_the_log(sample_ratings: Ratings) -> None:
    lengths = np.diff(sample_ratings.user_starts)
    for at_once in (1, 100, 1000, 10**6):
        pieces = list(sample_ratings.pieces(at_once))
        assert pa.concat_tables(pieces).equals(sample_ratings.log)
        users = [set(piece["user"].to_pylist()) for piece in pieces]
        assert sum(map(len, users)) == sample_ratings.n_users
        assert max(piece.num_rows for piece in pieces) <= max(at_once, lengths.max())
    assert len(list(sample_ratings.pieces(1))) == sample_ratings.n_users


def test_the_log_of_some_users_keeps_their_rows_and_all_films(sample_ratings: Ratings) -> None:
    users = np.array([3, 4, 77])
    some = sample_ratings.of_users(users)
    assert some.users.to_pylist() == [sample_ratings.users[int(user)].as_py() for user in users]
    assert some.items is sample_ratings.items
    for place, user in enumerate(users.tolist()):
        found, expected = some.rows_of(place), sample_ratings.rows_of(user)
        for name in ("item", "rating", "timestamp"):
            assert some.log[name][found].equals(sample_ratings.log[name][expected])


def test_reading_tells_its_steps(write_csv: Write) -> None:
    steps: list[tuple[int, int]] = []
    read_ratings(write_csv("1,1,2,50"), progress=lambda *step: steps.append(step))
    assert steps == [(step, 4) for step in range(5)]


def test_films_per_genre_count_the_catalogue(sample_ratings: Ratings) -> None:
    total = sum(sample_ratings.films_per_genre.values())
    assert total == sample_ratings.item_genres.num_rows
    assert total == sum(len(names) for names in sample_ratings.genres_of_items)
