"""Tables as people have them: every way of writing a table gives the ratings of the plain one."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.taste.data.rating_scale import LIKES, RatingScale
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings

Row = tuple[object, ...]
RATINGS: list[Row] = [
    ("userId", "movieId", "rating", "timestamp"),
    ("zoé", 1, 4.5, 50),
    ("zoé", 2, 3.0, 51),
    ("bob", 2, 0.5, 52),
    ("bob", 2, 5.0, 49),
]
MOVIES: list[Row] = [
    ("movieId", "title", "genres"),
    (1, "Élan; The | Comma, (1994)", "War|Drama"),
    (2, 'The "Quoted"\t(2001)', ""),
]


def text_of(rows: list[Row], separator: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue()


def write(directory: Path, files: dict[str, str | bytes]) -> Path:
    directory.mkdir(exist_ok=True)
    for name, content in files.items():
        (directory / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return directory


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, "zstd", asbytes=True))


def assert_same(found: Ratings, expected: Ratings) -> None:
    assert found.log.equals(expected.log)
    assert found.users.equals(expected.users)
    assert found.items.equals(expected.items)
    assert found.genres == expected.genres
    assert found.item_genres.equals(expected.item_genres)
    assert (found.scale, found.intake) == (expected.scale, expected.intake)


@pytest.fixture
def plain(tmp_path: Path) -> Ratings:
    files: dict[str, str | bytes] = {"ratings.csv": text_of(RATINGS), "movies.csv": text_of(MOVIES)}
    return read_ratings(write(tmp_path / "plain", files))


def refused(directory: Path, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        read_ratings(directory, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_the_separator_is_that_of_the_header(
    tmp_path: Path, plain: Ratings, separator: str, suffix: str
) -> None:
    tables = {"ratings": RATINGS, "movies": MOVIES}
    files: dict[str, str | bytes]
    files = {f"{name}.{suffix}": text_of(rows, separator) for name, rows in tables.items()}
    assert_same(read_ratings(write(tmp_path / "own", files)), plain)


_CELLS = st.text(st.sampled_from("ab,;|\t\"' é"), max_size=8).filter(
    lambda text: text == text.strip(" \t") != ""
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(titles=st.lists(_CELLS, min_size=1, max_size=4), separator=st.sampled_from(",\t;|"))
def test_titles_may_hold_separators_and_quotes(
    tmp_path: Path, titles: list[str], separator: str
) -> None:
    movies: list[Row] = [("movieId", "title"), *enumerate(titles)]
    directory = write(
        tmp_path, {"ratings.csv": text_of([RATINGS[0], ("a", 0, 4, 5)]),
                   "movies.csv": text_of(movies, separator)}
    )  # fmt: skip
    assert read_ratings(directory).items["title"].to_pylist() == titles


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_compressed_text_is_found_and_read(
    tmp_path: Path, plain: Ratings, pack: Callable[[bytes], bytes]
) -> None:
    end = "gz" if pack is gzip.compress else "zst"
    ratings, movies = (pack(text_of(rows).encode()) for rows in (RATINGS, MOVIES))
    directory = write(
        tmp_path / "own", {f"ratings.csv.{end}": ratings, f"movies.csv.{end}": movies}
    )
    assert_same(read_ratings(directory), plain)
    bad = text_of([*RATINGS, ("eve", 1, "good", 3), ("eve", 1, 9, 3)])
    write(directory, {f"ratings.csv.{end}": pack(bad.encode())})
    assert f"ratings.csv.{end}, line 6, column rating: expected a number" in refused(directory)
    write(directory, {f"ratings.csv.{end}": pack(bad.replace("good", "8").encode())})
    assert f"ratings.csv.{end}, line 6, column rating: expected a rating of" in refused(directory)
    write(directory, {f"ratings.csv.{end}": pack(bad.encode())[:-9]})
    assert f"ratings.csv.{end}: expected a readable file, got: " in refused(directory)
    write(directory, {f"ratings.csv.{end}": b"userId,movieId,rating\n1,1,4\n"})
    assert f"ratings.csv.{end}: expected a readable file, got: " in refused(directory)


def test_two_files_of_ratings_are_refused(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"ratings.csv": text_of(RATINGS), "movies.csv": text_of(MOVIES)}
    directory = write(tmp_path / "own", files | {"ratings.csv.gz": b""})
    assert "expected one ratings file, got ratings.csv and ratings.csv.gz" in refused(directory)


def test_the_items_may_have_another_format_than_the_ratings(tmp_path: Path, plain: Ratings) -> None:
    directory = write(
        tmp_path / "own",
        {"ratings.csv": text_of(RATINGS), "movies.tsv": text_of(MOVIES, "\t")},
    )
    assert_same(read_ratings(directory), plain)
    write(directory, {"movies.csv.gz": b""})
    assert "expected one file of items, got movies.tsv and movies.csv.gz" in refused(directory)


def test_a_pattern_names_the_files_of_a_table(tmp_path: Path, plain: Ratings) -> None:
    head, *rows = RATINGS
    mixed = [(row[1], row[0], row[3], row[2]) for row in (head, *rows[2:])]
    directory = write(
        tmp_path / "own[1]",
        {
            "ratings.toml": '[ratings]\nfile = "part-*"\n[items]\nfile = "films[*.csv"\n',
            "part-1.csv": text_of([head, *rows[:2]]),
            "part-2.csv.gz": gzip.compress(text_of(mixed, ";").encode()),
            "films[a].csv": text_of(MOVIES[:2]),
            "films[b].csv": text_of([MOVIES[0], MOVIES[2]]),
        },
    )
    assert_same(read_ratings(directory), plain)
    second = directory / "part-2.csv.gz"
    second.write_bytes(gzip.compress(text_of([*mixed, (1, "eve", 3, 9)]).encode()))
    place = "part-2.csv.gz, line 4, column rating: expected a rating of 0.5 to 5 in steps of 0.5, g"
    assert place in refused(directory)
    second.write_bytes(gzip.compress(text_of([*mixed, (1, "", 3, 4)]).encode()))
    assert "part-2.csv.gz, line 4, column userId: expected text, got an empty" in refused(directory)
    second.write_bytes(gzip.compress(text_of([row[:3] for row in mixed]).encode()))
    message = "part-2.csv.gz, line 1: expected the columns movieId, rating, timestamp, userId as in"
    assert message in refused(directory)
    (directory / "ratings.toml").write_text('ratings = {file = "log-*.csv"}')
    assert "expected one of log-*.csv, got none of them" in refused(directory)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_signs_of_patterns_in_names_of_folders_and_files_are_literal(
    tmp_path: Path, plain: Ratings, suffix: str
) -> None:
    (tmp_path / "data1").mkdir()
    directory = tmp_path / "data[1]"
    names = f'[ratings]\nfile = "log[1].{suffix}"\n[items]\nfile = "films?.{suffix}"\n'
    write(directory, {"ratings.toml": names})
    for name, rows in ((f"log[1].{suffix}", RATINGS), (f"films?.{suffix}", MOVIES)):
        for place in (directory / name, tmp_path / "data1" / name.replace("[1]", "1")):
            cells = rows if place.parent == directory else rows[:2]
            if suffix == "csv":
                place.write_text(text_of(cells))
                continue
            head, *rest = cells
            columns = dict(zip(head, map(list, zip(*rest, strict=True)), strict=True))
            pq.write_table(pa.table(columns), place)
    assert_same(read_ratings(directory), plain)


def test_parts_in_parquet_may_be_named_by_a_pattern(tmp_path: Path, plain: Ratings) -> None:
    toml = 'ratings = {file = "part-*.parquet"}'
    directory = write(tmp_path / "own", {"ratings.toml": toml, "movies.csv": text_of(MOVIES)})
    head, *rows = RATINGS
    for number, row in enumerate(rows):
        columns = {str(name): [cell] for name, cell in zip(head, row, strict=True)}
        pq.write_table(pa.table(columns), directory / f"part-{number}.parquet")
    assert_same(read_ratings(directory), plain)


def test_a_decimal_comma_is_read_if_it_is_named(tmp_path: Path, plain: Ratings) -> None:
    comma = text_of(RATINGS, ";").replace(".", ",")
    directory = write(tmp_path / "own", {"ratings.csv": comma, "movies.csv": text_of(MOVIES)})
    message = "line 2, column rating: expected a number, got the row 'zoé;1;4,5;50' (decimal = "
    assert message in refused(directory)
    (directory / "ratings.toml").write_text('ratings = {decimal = ","}')
    assert_same(read_ratings(directory), plain)
    off = comma.replace("4,5", "4,7")
    write(directory, {"ratings.csv": off})
    assert "line 2, column rating: expected a rating of" in refused(directory)
    write(directory, {"ratings.csv": comma.replace("4,5", "4.5")})
    assert "line 2, column rating: expected a number with a decimal comma" in refused(directory)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-8-sig"])
def test_text_in_other_encodings_is_read(tmp_path: Path, plain: Ratings, encoding: str) -> None:
    toml = f'ratings = {{encoding = "{encoding}"}}\nitems = {{encoding = "{encoding}"}}'
    ratings, movies = (text_of(rows).encode(encoding) for rows in (RATINGS, MOVIES))
    files: dict[str, str | bytes] = {"ratings.csv": ratings, "movies.csv": movies}
    directory = write(tmp_path / "own", files | {"ratings.toml": toml})
    assert_same(read_ratings(directory), plain)
    write(directory, {"ratings.csv": ratings + "eve,1,9,3\n".encode(encoding.replace("-sig", ""))})
    assert "own/ratings.csv, line 6, column rating: expected" in refused(directory)


def test_utf_16_is_told_from_a_binary_file(tmp_path: Path) -> None:
    ratings = text_of(RATINGS).encode("utf-16")
    directory = write(tmp_path, {"ratings.csv": ratings, "movies.csv": text_of(MOVIES)})
    assert "expected UTF-8 text, got UTF-16 (a ratings.toml with" in refused(directory)


def test_what_is_not_in_the_named_encoding_is_named(tmp_path: Path) -> None:
    ratings = text_of(RATINGS).replace("bob", "böb").encode("latin-1")
    directory = write(tmp_path, {"ratings.csv": ratings, "movies.csv": text_of(MOVIES)})
    assert "ratings.csv, line 2: expected UTF-8 text" in refused(directory)
    (directory / "ratings.toml").write_text('ratings = {encoding = "ascii"}')
    message = "ratings.csv, line 2: expected text in the encoding ascii of ratings.toml, got the by"
    assert message in refused(directory)
    (directory / "ratings.toml").write_text('ratings = {encoding = "nix"}')
    assert "ratings.encoding: expected an encoding such as cp1252" in refused(directory)


def times_of(directory: Path, *times: str, toml: str = "") -> list[int]:
    rows: list[Row] = [RATINGS[0], *((user, 1, 4, time) for user, time in enumerate(times))]
    files: dict[str, str | bytes] = {"ratings.csv": text_of(rows), "movies.csv": text_of(MOVIES)}
    write(directory, files | {"ratings.toml": toml})
    text = read_ratings(directory).log["timestamp"].to_pylist()
    columns = {name: [row[i] for row in rows[1:]] for i, name in enumerate(map(str, rows[0]))}
    parquet = directory / "parquet"
    write(parquet, {"ratings.toml": toml, "movies.csv": text_of(MOVIES)})
    pq.write_table(pa.table(columns), parquet / "ratings.parquet")
    assert read_ratings(parquet).log["timestamp"].to_pylist() == text
    return text


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("1970-01-02", 86400),
        ("1970-01-02T02:00:05Z", 93605),
        ("1970-01-02 02:00+02:00", 86400),
        ("1970-01-02T02:00:00.75+02", 86400),
        ("1970-01-02 02:00:00 +02:00", 86400),
        ("1970-01-01 19:00:00-0500", 86400),
        ("1970-01-02 01:00:00 Europe/Berlin", 86400),
        ("1970-01-02 00:00:00 UTC", 86400),
        (" 1970-01-02 ", 86400),
        ("86400.75", 86400),
        ("86400", 86400),
    ],
)
def test_times_are_seconds_in_utc(tmp_path: Path, time: str, seconds: int) -> None:
    assert times_of(tmp_path, time) == [seconds]


@pytest.mark.parametrize(
    ("sooner", "later"),
    [
        ("2024-03-31T10:30:00+02:00", "2024-03-31T09:30:00+00:00"),
        ("2024-03-31 10:30:00 +02", "2024-03-31 09:30:00 Z"),
        ("2024-03-31 04:29:00-0500", "2024-03-31 09:30:00"),
        ("2024-03-31 10:30:00 Europe/Berlin", "2024-03-31 09:30:00 UTC"),
        ("2024-03-31 09:30:00.25", "2024-03-31 09:30:00.5"),
        ("1711877400.25", "1711877400.5"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_of_repeated_ratings_the_later_instant_counts(
    tmp_path: Path, suffix: str, sooner: str, later: str
) -> None:
    rows: dict[str, list[object]] = {"userId": [1, 1], "movieId": [1, 1], "rating": [4, 2]}
    rows["timestamp"] = [later, sooner]
    table_into(tmp_path / f"ratings.{suffix}", rows)
    assert read_ratings(tmp_path).rating.tolist() == [4.0]


def test_an_abbreviated_time_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"got '2024-03-31 10:30:00 CEST'$"):
        times_of(tmp_path, "2024-03-31 10:30:00 CEST")


@pytest.mark.parametrize(
    ("form", "time"),
    [
        ("%m/%d/%Y %I:%M %p", "1/2/1970 12:00 AM"),
        ("%d.%m.%Y", "02.01.1970"),
        ("%d.%m.%Y %H:%M %z", "02.01.1970 02:00 +0200"),
        ("%Y%m%d", "19700102"),
    ],
)
def test_times_may_have_a_named_format(tmp_path: Path, form: str, time: str) -> None:
    toml = f'ratings = {{timestamp_format = "{form}"}}'
    assert times_of(tmp_path, time, toml=toml) == [86400]
    with pytest.raises(InputError) as caught:
        times_of(tmp_path, time, "soon", toml=toml)
    message = f"line 3, column timestamp: expected a time in the format {form}, got 'soon'"
    assert message in str(caught.value)


@pytest.mark.parametrize("form", ["%Q", "never"])
def test_a_format_that_is_none_is_refused(tmp_path: Path, form: str) -> None:
    with pytest.raises(InputError, match=r"ratings.toml: ratings.timestamp_format: expected a for"):
        times_of(tmp_path, "1", toml=f'ratings = {{timestamp_format = "{form}"}}')


def test_dates_in_text_that_are_none_are_refused_in_parquet_too(tmp_path: Path) -> None:
    directory = write(tmp_path, {"movies.csv": text_of(MOVIES)})
    columns = {"userId": [1, 2], "movieId": [1, 1], "rating": [4, 4]}
    times = ["2024-03-31 10:00:00", "soon"]
    pq.write_table(pa.table(columns | {"timestamp": times}), directory / "ratings.parquet")
    assert "column timestamp: expected a whole number of seconds or a date" in refused(directory)
    assert "got 'soon'" in refused(directory)


@pytest.mark.parametrize(
    "times", [("5.25", "5.5"), ("1970-01-01 00:00:05.25", "1970-01-01 00:00:05.5")]
)
def test_of_one_second_the_later_part_counts(tmp_path: Path, times: tuple[str, str]) -> None:
    rows: list[Row] = [RATINGS[0], (1, 1, 5, times[0]), (1, 1, 2, times[1])]
    directory = write(tmp_path, {"ratings.csv": text_of(rows), "movies.csv": text_of(MOVIES)})
    assert read_ratings(directory).log.to_pylist() == [
        {"user": 0, "item": 0, "rating": 2.0, "timestamp": 5}
    ]


def test_without_a_table_of_items_they_are_those_of_the_ratings(tmp_path: Path) -> None:
    directory = write(tmp_path, {"ratings.csv": text_of(RATINGS), "README.txt.md": ""})
    found = read_ratings(directory)
    columns = {str(name): list(cells) for name, *cells in zip(*RATINGS, strict=True)}
    assert_same(found, read_ratings(pa.table(columns)))
    assert found.items.to_pylist() == [
        {"item_id": number, "title": str(number), "year": None} for number in (1, 2)
    ]
    assert not found.has_genres
    (directory / "items.tsv").touch()
    assert "expected movies.csv next to ratings.csv" in refused(directory)
    assert "got other tables: items.tsv" in refused(directory)


@pytest.mark.parametrize("key", ['title = "name"', 'file = "films.csv"', 'year = "vintage"'])
def test_a_table_of_items_that_is_described_must_exist(tmp_path: Path, key: str) -> None:
    toml = f"[items]\n{key}\n"
    directory = write(tmp_path, {"ratings.csv": text_of(RATINGS), "ratings.toml": toml})
    assert "next to ratings.csv" in refused(directory)
    (directory / "ratings.toml").write_text('[items]\nnoun = "wine"\n')
    assert read_ratings(directory).noun.plural == "wines"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_without_a_column_of_ratings_every_row_is_a_like(tmp_path: Path, suffix: str) -> None:
    columns = {"userId": [1, 2], "movieId": [1, 2], "timestamp": [7, 8]}
    directory = write(tmp_path / "own", {"movies.csv": text_of(MOVIES)})
    table_into(directory / f"ratings.{suffix}", columns)
    found = read_ratings(directory)
    assert found.implicit
    assert (found.scale, found.rating.tolist()) == (LIKES, [1.0, 1.0])
    message = f"scale: expected no scale, since {directory}/ratings.{suffix} has no column of ratin"
    assert message in refused(directory, scale=RatingScale())


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("table", "columns", "other", "column"),
    [
        ("ratings", {"userId": [1], "movieId": [1], "stars": [4]}, "stars", "rating"),
        ("ratings", {"userId": [1], "movieId": [1], "Rating": ["4"]}, "Rating", "rating"),
        ("ratings", {"userId": [1], "movieId": [1], "rating": [4], "timestmp": [4]}, "timestmp",
         "timestamp"),
        ("movies", {"movieId": [1], "title": ["A"], "genre": ["War"]}, "genre", "genres"),
        ("movies", {"movieId": [1], "name": ["A"], "genres": ["War"]}, "name", "title"),
    ],
)  # fmt: skip
def test_a_column_under_another_name_is_not_taken_for_a_missing_one(
    tmp_path: Path,
    suffix: str,
    table: str,
    columns: dict[str, list[object]],
    other: str,
    column: str,
) -> None:
    tables = {
        "ratings": {"userId": [1], "movieId": [1], "rating": [4]},
        "movies": {"movieId": [1], "title": ["A"], "genres": ["War"]},
    }
    for name, cells in (tables | {table: columns}).items():
        table_into(tmp_path / f"{name}.{suffix}", cells)
    error = refused(tmp_path)
    assert f"expected a column {column}, got '{other}': in a ratings.toml" in error
    section = "ratings" if table == "ratings" else "items"
    (tmp_path / "ratings.toml").write_text(f'{section} = {{{column} = "{other}"}}')
    read_ratings(tmp_path)
    (tmp_path / "ratings.toml").write_text(f'{section} = {{{column} = ""}}')
    found = read_ratings(tmp_path)
    assert found.implicit == (column == "rating")
    assert found.has_genres == (column != "genres")


def table_into(path: Path, columns: dict[str, list[object]]) -> None:
    if path.suffix == ".parquet":
        pq.write_table(pa.table(columns), path)
    else:
        path.write_text(text_of([tuple(columns), *zip(*columns.values(), strict=True)]))


def test_a_named_column_of_ratings_must_exist_and_an_empty_name_ignores_one(tmp_path: Path) -> None:
    directory = write(tmp_path, {"ratings.csv": text_of(RATINGS), "movies.csv": text_of(MOVIES)})
    (directory / "ratings.toml").write_text('ratings = {rating = "stars"}')
    assert "which lacks stars" in refused(directory)
    (directory / "ratings.toml").write_text('ratings = {rating = "", timestamp = ""}')
    found = read_ratings(directory)
    assert found.implicit
    assert not found.has_times


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_years_may_have_a_column(tmp_path: Path, suffix: str) -> None:
    movies: dict[str, list[object]] = {
        "movieId": [1, 2, 3],
        "title": ["A (1900)", "B", "C"],
        "vintage": ["1994", "2001-05-31", ""],
    }
    table_into(tmp_path / f"movies.{suffix}", movies)
    write(
        tmp_path,
        {
            "ratings.csv": text_of(RATINGS),
            "ratings.toml": 'items = {year = "vintage", genres = ""}',
        },
    )
    assert read_ratings(tmp_path).items["year"].to_pylist() == [1994, 2001, None]
    table_into(tmp_path / f"movies.{suffix}", movies | {"vintage": ["1994", "", "soon"]})
    place = ", line 4" if suffix == "csv" else ""
    message = f"movies.{suffix}{place}, column vintage: expected whole years from 1 to 9999, or"
    message += " nothing if unknown, got 'soon'"
    assert message in refused(tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_genres_may_be_lists_in_text(tmp_path: Path, suffix: str) -> None:
    movies: dict[str, list[object]] = {
        "movieId": [1, 2, 3, 4, 5],
        "title": ["A", "B", "C", "D", "E"],
        "genres": ["['War', \"Children's\"]", '["Sci-Fi", "Com\\u00e9die"]', "[]", "",
                   "['Film \\'Noir\\'' 'War']"],
    }  # fmt: skip
    table_into(tmp_path / f"movies.{suffix}", movies)
    write(tmp_path, {"ratings.csv": text_of(RATINGS)})
    found = read_ratings(tmp_path)
    names = [[found.genres[row["genre"]] for row in found.item_genres.to_pylist()
              if row["item"] == item] for item in range(5)]  # fmt: skip
    assert names == [["Children's", "War"], ["Comédie", "Sci-Fi"], ["(no genres listed)"],
                     ["(no genres listed)"], ["Film 'Noir'", "War"]]  # fmt: skip
    frame = read_ratings(pa.table({"userId": [1], "movieId": [1]}), pa.table(movies))
    assert frame.item_genres.equals(found.item_genres)
    assert frame.genres == found.genres


def test_one_cell_that_is_no_list_makes_all_plain_text(tmp_path: Path) -> None:
    movies = [*MOVIES[:1], (1, "A", "['War']"), (2, "B", "War|[Drama")]
    directory = write(tmp_path, {"ratings.csv": text_of(RATINGS), "movies.csv": text_of(movies)})
    assert read_ratings(directory).genres == ("War", "['War']", "[Drama")


def test_keys_of_text_are_refused_for_other_files(tmp_path: Path) -> None:
    directory = write(tmp_path, {"movies.csv": text_of(MOVIES)})
    table_into(directory / "ratings.parquet", {"userId": [1], "movieId": [1], "rating": [4]})
    (directory / "ratings.toml").write_text('ratings = {encoding = "cp1252"}')
    message = "ratings.encoding: expected no such key for ratings.parquet, since only text has it"
    assert message in refused(directory)
