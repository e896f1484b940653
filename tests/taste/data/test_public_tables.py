"""Tables as public data sets are written: read as expected, or refused with a way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings

Read = Callable[..., Ratings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write the tables of a directory and read it."""

    def write_and_read(scale: RatingScale | None = None, **tables: str | bytes) -> Ratings:
        for name, content in tables.items():
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name.replace("_", ".")).write_bytes(data)
        return read_ratings(tmp_path, scale=scale)

    return write_and_read


def refused(read: Callable[[], Ratings]) -> str:
    with pytest.raises(InputError) as caught:
        read()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def rated(ratings: Ratings) -> set[tuple[object, object, float]]:
    """User, item and rating of each row of the log."""
    users, items = ratings.users.to_pylist(), ratings.items["item_id"].to_pylist()
    columns = zip(ratings.user, ratings.item, ratings.rating.tolist(), strict=True)
    return {(users[user], items[item], rating) for user, item, rating in columns}


def test_books_in_latin_1_with_semicolons_and_quotes_are_read(read: Read) -> None:
    names = (
        '[ratings]\nuser = "User-ID"\nitem = "ISBN"\nrating = "Book-Rating"\nencoding = "cp1252"\n'
        '[items]\nitem = "ISBN"\ntitle = "Book-Title"\nyear = "Year-Of-Publication"\n'
        'genres = ""\nencoding = "cp1252"\n'
    )
    log = '"User-ID";"ISBN";"Book-Rating"\n"17";"034000010X";"0"\n"18";"0340000101";"7"\n'
    books = (
        '"ISBN";"Book-Title";"Year-Of-Publication"\n'
        '"034000010X";"A ""quoted"" caf\u00e9; or two";"1998"\n"0340000101";"Other";""\n'
    )
    tables = {"ratings_csv": log, "movies_csv": books.encode("cp1252"), "ratings_toml": names}
    ratings = read(RatingScale(0, 10, 1), **tables)
    assert rated(ratings) == {(17, "034000010X", 0.0), (18, "0340000101", 7.0)}
    assert set(ratings.items["title"].to_pylist()) == {'A "quoted" caf\u00e9; or two', "Other"}
    tables["movies_csv"] = books.replace('""\n', '"0"\n').encode("cp1252")
    message = refused(lambda: read(RatingScale(0, 10, 1), **tables))
    assert "expected whole years from 1 to 9999, or nothing if unknown, got '0'" in message


def test_a_header_of_unknown_names_is_shown_whatever_its_separator(read: Read) -> None:
    for header in ('"User-ID";"ISBN";"Rating"', '"User-ID"|"ISBN"|"Rating"', "userID,placeID,r"):
        message = refused(lambda header=header: read(ratings_csv=f"{header}\n1;2;3\n"))  # type: ignore[misc]
        assert "line 1: expected the columns userId, movieId; got" in message
        assert "which lacks userId, movieId" in message


def test_a_header_with_spaces_before_its_quotes_is_read(read: Read) -> None:
    log = '"userId", "movieId", "rating"\n"1", "20", 4\n"1", "3,0", 2\n'
    assert rated(read(ratings_csv=log)) == {(1, "20", 4.0), (1, "3,0", 2.0)}


@pytest.mark.parametrize(("missing", "scale"), [(-1, "1:10:1"), (99, "-10:10:0.01"), (-1, "")])
def test_a_number_that_stands_for_no_rating_is_counted(
    read: Read, missing: int, scale: str
) -> None:
    chosen = RatingScale.parse(scale) if scale else None
    log = f"userId,movieId,rating\n1,20,{missing}\n1,24,4\n2,20,{missing}\n3,20,3\n"
    message = refused(lambda: read(chosen, ratings_csv=log))
    way_out = f"in 2 rows: leave them out if {missing} stands for no rating; `scale` gives another"
    assert "ratings.csv, line 2, column rating: expected a rating of " in message
    assert f", got {missing} ({way_out} scale)" in message
    frame = pa.table({"userId": [1, 1, 2], "movieId": [1, 2, 1], "rating": [4.0, missing, missing]})
    assert way_out in refused(lambda: read_ratings(frame, scale=chosen))
    # One such rating may be a slip; several other ones are on another scale.
    for rows in ("1,20,-1\n", "1,20,7\n1,21,8\n"):
        message = refused(
            lambda rows=rows: read(ratings_csv=f"userId,movieId,rating\n1,24,4\n{rows}")  # type: ignore[misc]
        )
        assert message.endswith("(`scale` gives another scale)")


def test_counts_of_plays_are_no_ratings_and_may_be_likes(read: Read) -> None:
    log = "userID\tartistID\tweight\n2\t51\t13883\n2\t52\t11690\n"
    names = '[ratings]\nuser = "userID"\nitem = "artistID"\nrating = "{}"\n'
    message = refused(lambda: read(ratings_csv=log, ratings_toml=names.format("weight")))
    assert "column weight: expected a rating of 0.5 to 5 in steps of 0.5, got 13883" in message
    assert read(ratings_csv=log, ratings_toml=names.format("")).implicit


@pytest.mark.parametrize("cell", ['"NA"', "None", "\\N", "85%", "like", "True", "1/2"])
def test_a_cell_that_is_no_number_is_not_taken_for_a_decimal_comma(read: Read, cell: str) -> None:
    message = refused(lambda: read(ratings_csv=f"userId,movieId,rating\n1,1,{cell}\n2,1,4\n"))
    assert "line 2, column rating: expected a number, got the row" in message
    assert "decimal" not in message


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_decimal_comma_is_explained(read: Read, separator: str) -> None:
    cells = ["1", "1", '"3,5"' if separator == "," else "3,5"]
    log = f"{separator.join(['userId', 'movieId', 'rating'])}\n{separator.join(cells)}\n"
    assert 'decimal = "," in a ratings.toml' in refused(lambda: read(ratings_csv=log))


def test_a_directory_without_known_files_names_those_it_has(read: Read) -> None:
    message = refused(lambda: read(reviews_jsonl='{"overall": 5.0}\n', meta_json="{}"))
    assert "got none of them, but meta.json, reviews.jsonl (a ratings.toml" in message


def test_ids_with_leading_zeros_between_double_colons_are_matched(read: Read) -> None:
    ratings = read(
        RatingScale(0, 10, 1),
        ratings_dat="1::0114508::8::1381006850\n2::0499549::0::1376753198\n",
        movies_dat="0114508::Species (1995)::Action|Horror\n0499549::Avatar (2009)::\n",
    )
    assert rated(ratings) == {(1, 114508, 8.0), (2, 499549, 0.0)}
    assert ratings.item_position("0114508") == 0


def test_late_quotes_and_hash_signs_are_text(read: Read) -> None:
    rows = "".join(f"u{user},1,4\n" for user in range(3000))
    ratings = read(ratings_csv=f'userId,movieId,rating\n#1,1,4\n{rows}"#3,x",1,5\n')
    assert ratings.n_users == 3002
    assert {"#1", "#3,x"} <= set(ratings.users.to_pylist())


def test_two_items_with_one_title_stay_two_items(read: Read) -> None:
    ratings = read(
        ratings_csv="userId,movieId,rating\n1,1,4\n1,2,2\n",
        movies_csv="movieId,title,genres\n1,Twins (1999),War\n2,Twins (1999),War\n",
    )
    assert rated(ratings) == {(1, 1, 4.0), (1, 2, 2.0)}


def test_zeros_and_ones_are_a_scale(read: Read) -> None:
    ratings = read(RatingScale(0, 1, 1), ratings_csv="userId,movieId,rating\n1,1,0\n1,2,1\n")
    assert not ratings.implicit
    assert rated(ratings) == {(1, 1, 0.0), (1, 2, 1.0)}
