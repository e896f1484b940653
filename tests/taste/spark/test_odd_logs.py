"""Odd text files: DuckDB and Spark read the same log, or Spark refuses the file in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lacunar.errors import InputError
from lacunar.taste.data.fingerprint import fingerprint
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.spark.log import read_log

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HEAD = "userId,movieId,rating,timestamp\n"
LOGS: dict[str, str | bytes] = {
    "quotes": HEAD + '"7","1","4.0","5"\n8,2,3,5\n',
    "doubled quotes": HEAD + '"a""b",1,4,5\na,2,3,5\n',
    "quote inside a cell": HEAD + 'a"b,1,4,5\na,2,3,5\n',
    "text after a quote": HEAD + '"a"b,1,4,5\na,2,3,5\n',
    "spaces before a quote": HEAD + ' "a",1,4,5\na,2,3,5\n',
    "comma in quotes": HEAD + '"a,b",1,4,5\na,2,3,5\n',
    "line break in quotes": HEAD + '"a\nb",1,4,5\na,2,3,5\n',
    "open quote": HEAD + '"a,1,4,5\na,2,3,5\n',
    "CRLF": HEAD.replace("\n", "\r\n") + "7,1,4,5\r\n8,2,3,5\r\n",
    "CR only": (HEAD + "7,1,4,5\n8,2,3,5\n").replace("\n", "\r"),
    "CRLF, then LF": HEAD.replace("\n", "\r\n") + "7,1,4,5\n8,2,3,5\n",
    "LF, then CRLF": HEAD + "7,1,4,5\r\n8,2,3,5\n",
    "LF, then CR": HEAD + "7,1,4,5\r8,2,3,5\n",
    "byte order mark": b"\xef\xbb\xbf" + HEAD.encode() + b"7,1,4,5\n8,2,3,5\n",
    "blank lines": HEAD + "\n7,1,4,5\n\n\n8,2,3,5\n\n",
    "lines of spaces": HEAD + "7,1,4,5\n   \n8,2,3,5\n",
    "no last line end": HEAD + "7,1,4,5\n8,2,3,5",
    "spaces around ids": HEAD + " 7,1 ,4,5\n7 , 2,3,5\n",
    "spaces around ratings": HEAD + "7,1, 4,5\n8,2,3 ,5\n",
    "spaces around times": HEAD + "7,1,4, 5\n8,2,3,5 \n",
    "spaces in the header": "userId, movieId ,rating, timestamp\n7,1,4,5\n8,2,3,5\n",
    "no-break space before an id": HEAD + "\u00a07,1,4,5\n7,2,3,5\n",
    "no-break space alone": HEAD + "\u00a0,1,4,5\n7,2,3,5\n",
    "ideographic space": HEAD + "\u30007,1,4,5\n7\u3000,2,3,5\n",
    "zero-width space": HEAD + "\u200b7,1,4,5\n7,2,3,5\n",
    "tabs around ids": HEAD + "\t7,1,4,5\n7,2\t,3,5\n",
    "tab before a rating": HEAD + "7,1,\t4,5\n8,2,3,5\n",
    "leading zeros": HEAD + "007,01,4,5\n7,2,3,5\n",
    "plus signs": HEAD + "+7,1,+4,+5\n8,2,3,5\n",
    "exponents in ratings": HEAD + "7,1,4e0,5\n8,2,30E-1,5\n",
    "exponents in ids": HEAD + "1e3,1,4,5\n1000,2,3,5\n",
    "exponents in times": HEAD + "7,1,4,1e3\n8,2,3,5\n",
    "fractions of seconds": HEAD + "7,1,4,5\n7,1,3,5.5\n",
    "ids with a point": HEAD + "7.0,1.0,4,5\n7,2,3,5\n",
    "ids with an empty fraction": HEAD + "7.,1,4,5\n7,2,3,5\n",
    "ids with a fraction": HEAD + "7.5,1,4,5\n7,2,3,5\n",
    "ids of 18 digits": HEAD + "999999999999999999,1,4,5\n8,2,3,5\n",
    "ids of 19 digits": HEAD + "9223372036854775808,1,4,5\n8,2,3,5\n",
    "ids of 30 digits": HEAD + "123456789012345678901234567890,1,4,5\n8,2,3,5\n",
    "negative ids": HEAD + "-7,1,4,5\n-0,2,3,5\n0,2,4,6\n",
    "ids called NaN and NULL": HEAD + "NaN,1,4,5\nNULL,2,3,5\n",
    "a rating NaN": HEAD + "7,1,NaN,5\n8,2,3,5\n",
    "a rating inf": HEAD + "7,1,inf,5\n8,2,3,5\n",
    "a rating 4d": HEAD + "7,1,4d,5\n8,2,3,5\n",
    "a rating 0x4": HEAD + "7,1,0x4,5\n8,2,3,5\n",
    "a rating 1_0": HEAD + "7,1,4_0,5\n8,2,3,5\n",
    "a rating 4.": HEAD + "7,1,4.,5\n8,2,.5,5\n",
    "a rating with a comma": HEAD + '7,1,"3,5",5\n8,2,3,5\n',
    "an empty rating": HEAD + "7,1,,5\n8,2,3,5\n",
    "an empty time": HEAD + "7,1,4,\n8,2,3,5\n",
    "an empty user": HEAD + ",1,4,5\n8,2,3,5\n",
    "an empty quoted user": HEAD + '"",1,4,5\n8,2,3,5\n',
    "digits of Arabic": HEAD + "\u0667,1,4,5\n7,2,3,5\n",
    "full-width digits": HEAD + "7,1,\uff14,5\n8,2,3,5\n",
    "composed and decomposed letters": HEAD + "\u00e9,1,4,5\ne\u0301,2,3,5\n",
    "letters in both cases": HEAD + "b,1,4,5\nB,2,3,5\na,1,3,5\n",
    "letters beyond 16 bits": HEAD + "\U0001f600,1,4,5\n\uff5e,2,3,5\n",
    "repeated rows": HEAD + "7,1,4,5\n7,1,4,5\n7,1,2,9\n",
    "repeated rows at one time": HEAD + "7,1,4,5\n7,1,2,5\n7,1,3,5\n",
    "negative times": HEAD + "7,1,4,-5\n7,1,3,-6\n",
    "times of 19 digits": HEAD + "7,1,4,9223372036854775807\n8,2,3,5\n",
    "times of 20 digits": HEAD + "7,1,4,92233720368547758070\n8,2,3,5\n",
    "another header inside": HEAD + "7,1,4,5\n" + HEAD + "8,2,3,5\n",
    "an extra comma": HEAD + "7,1,4,5,\n8,2,3,5\n",
    "an extra comma everywhere": "userId,movieId,rating,timestamp,\n7,1,4,5,\n8,2,3,5,\n",
    "a missing cell": HEAD + "7,1,4\n8,2,3,5\n",
    "a comment": HEAD + "# note\n7,1,4,5\n",
    "a null byte": HEAD + "7\0,1,4,5\n8,2,3,5\n",
    "Latin-1": HEAD.encode() + b"\xe9,1,4,5\n8,2,3,5\n",
    "a line separator": HEAD + "a\u2028b,1,4,5\n8,2,3,5\n",
    "a form feed": HEAD + "7\f,1,4,5\n\v7,2,3,5\n",
    "a backslash": HEAD + 'a\\,1,4,5\n"b\\",2,3,5\n',
    "no rows": HEAD,
    "only unknown films": HEAD + "7,tt9,4,5\n8,9,4,5\n",
    "only unknown films of numbers": HEAD + "7,9,4,5\n8,8,4,5\n",
    "CRLF and no last line end": (HEAD + "7,1,4,5\n8,2,3,5").replace("\n", "\r\n"),
    "CRLF, and LF at the end": HEAD.replace("\n", "\r\n") + "7,1,4,5\r\n8,2,3,5\n",
    "unknown films": HEAD + "7,1,4,5\n7,tt9,3,5\n8,tt9,3,5\n",
}  # fmt: skip
#: Logs that only DuckDB reads, as the guide on scaling says.
ONLY_DUCKDB = {
    "quote inside a cell", "spaces before a quote", "line break in quotes", "CR only",
    "spaces around ratings", "spaces around times", "tab before a rating", "plus signs",
    "exponents in times", "fractions of seconds", "times of 19 digits", "an extra comma",
}  # fmt: skip


def outcome(read: Callable[[], Ratings]) -> Ratings | str:
    try:
        return read()
    except InputError as error:
        return str(error)


def both(
    spark: SparkSession, folder: Path, content: str | bytes
) -> tuple[Ratings | str, Ratings | str]:
    """What the local reader and Spark make of a file: ratings, or a sentence."""
    (folder / "movies.csv").write_text("movieId,title,genres\n1,A (1999),War\n2,B (1989),Spy\n")
    data = content if isinstance(content, bytes) else content.encode()
    (folder / "ratings.csv").write_bytes(data)
    return (
        outcome(lambda: read_ratings(folder)), outcome(lambda: read_log(spark, folder).collect())
    )  # fmt: skip


def test_a_file_that_has_changed_is_read_again(spark: SparkSession, tmp_path: Path) -> None:
    for rows in ("7,1,4,5\n8,2,3,5\n", "7,1,2,9\n7,2,5,9\n"):
        here, there = both(spark, tmp_path, HEAD + rows)
        assert isinstance(here, Ratings)
        assert isinstance(there, Ratings)
        assert there.log.to_pydict() == here.log.to_pydict()


@pytest.mark.slow
def test_odd_logs_are_read_alike_or_refused(spark: SparkSession, tmp_path: Path) -> None:
    differing: dict[str, tuple[str, str]] = {}
    only_duckdb = set()
    for name, content in LOGS.items():
        here, there = both(spark, tmp_path, content)
        if isinstance(here, Ratings) and isinstance(there, Ratings):
            same = fingerprint(here) == fingerprint(there) and here.intake == there.intake
        else:
            same = here == there
            if isinstance(here, Ratings) and "for the engine spark" in str(there):
                only_duckdb.add(name)
                continue
        if not same:
            differing[name] = (_shown(here), _shown(there))
    assert differing == {}
    assert only_duckdb == ONLY_DUCKDB


def _shown(found: Ratings | str) -> str:
    if isinstance(found, str):
        return found
    return f"users {found.users.to_pylist()}, log {found.log.to_pydict()}, {found.intake}"
