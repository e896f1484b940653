from __future__ import annotations

import csv
import random
import re
from typing import TYPE_CHECKING

import pyarrow as pa

from lacunar.taste.spark.csv_lines import parsed_lines
from lacunar.taste.spark.engine import as_frame, collected

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

COLUMNS = ["userId", "movieId", "note", "rating", "timestamp"]
NOT_PLAIN = [
    "1,2,,good,5", "1,2,,3,noon", "1,2,,NaN,5", "1,2,,inf,5", "1,2,,,5", ",2,,3,5", "1,,,3,5",
    "1,2,,3", "1,2,,3,5,6", "1,2,,3,5.5", "1,2,,3d,5", "1,2,,3f,5", "1,2,,0x3,5", "1,2,,1_0,5",
    '"1"x,2,,3,5', '"1,2,,3,5', '1"x,2,,3,5', '"",2,,3,5', "1,2,,3,5\r6", "1\0,2,,3,5",
    "1,2,,3,1234567890123456789", "userId,movieId,note,rating,timestamp", " ", "1,2,,3,5\n",
]  # fmt: skip
PLAIN = {
    "1,2,,3,5": ("1", "2", 3.0, 5),
    "zoë,tt2,n,.5,-5": ("zoë", "tt2", 0.5, -5),
    '"a,b","2","x ""y"", z","4.50","7"': ("a,b", "2", 4.5, 7),
    'a,"b""c",,4e0,7': ("a", 'b"c', 4.0, 7),
    " 1 ,2 ,,4.,7": ("1", "2", 4.0, 7),
}


def parsed(spark: SparkSession, lines: list[str]) -> dict[str, dict[str, object]]:
    frame = as_frame(spark, pa.table({"value": lines}))
    return {row["value"]: row for row in collected(parsed_lines(frame, COLUMNS)).to_pylist()}


def oracle(line: str) -> tuple[str, str, float, int] | None:
    """Cells of a line by Python's reader; None if a cell is not of its column's type."""
    try:
        cells = next(csv.reader([line], strict=True))
    except csv.Error:
        return None
    if len(cells) != len(COLUMNS):
        return None
    user, item, _, rating, time = cells
    if not (user and item and re.fullmatch(r"-?\d{1,18}", time, re.ASCII)):
        return None
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", rating, re.ASCII):
        return None
    return user.strip(" "), item.strip(" "), float(rating), int(time)


def test_lines_are_split_as_python_does_and_the_rest_is_marked(spark: SparkSession) -> None:
    rng = random.Random(0)  # noqa: S311  # no secret
    cells = ["1", "22", "4.5", ".5", "x", "", '"', '""', '"1"', '"a,b"', '"a""b"', "é", "1e1", "-3"]
    drawn = {",".join(rng.choices(cells, k=rng.choice([4, 5, 5, 5, 6]))) for _ in range(1500)}
    found = parsed(spark, [*drawn, *NOT_PLAIN, *PLAIN])
    taken = 0
    for line in drawn:
        row, expected = found[line], oracle(line)
        if row["plain"]:
            got = (row["user_id"], row["item_id"], row["rating"], row["timestamp"])
            assert got == expected, line
            taken += 1
        elif expected is not None:
            # A quote inside an unquoted cell has no defined meaning.
            assert re.search(r'[^,]"', re.sub(r'"(?:[^"]|"")*"', "", line) + '"'), line
    assert taken > 50
    assert [line for line in NOT_PLAIN if found[line]["plain"]] == []
    for line, cells_of_line in PLAIN.items():
        row = found[line]
        assert row["plain"], line
        assert (row["user_id"], row["item_id"], row["rating"], row["timestamp"]) == cells_of_line


def test_long_cells_with_many_quotes_do_not_exhaust_the_matcher(spark: SparkSession) -> None:
    note = '"' + 'a""' * 20_000 + '"'
    assert parsed(spark, [f"1,2,{note},3,5"])[f"1,2,{note},3,5"]["plain"]
