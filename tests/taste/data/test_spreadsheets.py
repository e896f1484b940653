from __future__ import annotations

import sys
import zipfile
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.reading import read_ratings

RATINGS = [
    ["userId", "movieId", "rating", "timestamp"],
    ["zoé", 1, 4.5, datetime(2026, 5, 31, 18, 30)],
    ["bob", 2, 3, datetime(2026, 5, 31, 18, 31)],
]
MOVIES = [
    ["movieId", "title", "genres"],
    [1, 'The "Quoted", One\n(1994)', "War|Drama"],
    [2, "Élan (1967)", ""],
]
_TYPES = "http://schemas.openxmlformats.org/"
_MAIN = f'xmlns="{_TYPES}spreadsheetml/2006/main"'
_DOCUMENT = f"{_TYPES}officeDocument/2006/relationships"


def write_sheet(path: Path, rows: list[list[object]]) -> None:
    """Write the parts of an Excel file that readers need; dates have the style of dates."""

    def cell(value: object) -> str:
        if isinstance(value, datetime):
            days = (value - datetime(1899, 12, 30)).total_seconds() / 86400
            return f'<c s="1"><v>{days!r}</v></c>'
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
        return f"<c><v>{value}</v></c>"

    data = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    relation = '<Relationship Id="{0}" Type="{1}/{2}" Target="{3}"/>'
    head = f'<Relationships xmlns="{_TYPES}package/2006/relationships">'
    parts = {
        "_rels/.rels": head
        + relation.format("r1", _DOCUMENT, "officeDocument", "xl/workbook.xml")
        + "</Relationships>",
        "xl/_rels/workbook.xml.rels": head
        + relation.format("r1", _DOCUMENT, "worksheet", "worksheets/sheet1.xml")
        + relation.format("r2", _DOCUMENT, "styles", "styles.xml")
        + "</Relationships>",
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_DOCUMENT}"><sheets>'
        '<sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/styles.xml": f'<styleSheet {_MAIN}><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f"<worksheet {_MAIN}><sheetData>{data}</sheetData></worksheet>",
    }
    with zipfile.ZipFile(path, "w") as file:
        for name, text in parts.items():
            file.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)


def test_sheets_give_the_same_as_frames(tmp_path: Path) -> None:
    write_sheet(tmp_path / "ratings.xlsx", [*RATINGS, ["", "", "", ""]])
    write_sheet(tmp_path / "movies.xlsx", MOVIES)
    found = read_ratings(tmp_path)
    frames = [
        pa.table({str(name): list(cells) for name, *cells in zip(*rows, strict=True)})
        for rows in (RATINGS, MOVIES)
    ]
    expected = read_ratings(*frames)
    assert found.log.equals(expected.log)
    assert found.users.equals(expected.users)
    assert found.items.equals(expected.items)
    assert found.item_genres.equals(expected.item_genres)
    assert found.items["title"].to_pylist() == ['The "Quoted", One\n(1994)', "Élan (1967)"]


def test_a_bad_row_of_a_sheet_is_named(tmp_path: Path) -> None:
    write_sheet(tmp_path / "scores.xlsx", [*RATINGS, ["eve", 1, 9, datetime(2026, 6, 1)]])
    write_sheet(tmp_path / "movies.xlsx", MOVIES)
    (tmp_path / "ratings.toml").write_text('ratings = {file = "scores.xlsx"}')
    with pytest.raises(InputError, match=r"scores.xlsx, line 4, column rating: .*, got 9"):
        read_ratings(tmp_path)
    write_sheet(tmp_path / "scores.xlsx", [*RATINGS, ["", 1, 3, datetime(2026, 6, 1)]])
    with pytest.raises(InputError, match=r"scores.xlsx, line 4, column userId: .* an empty cell"):
        read_ratings(tmp_path)
    (tmp_path / "ratings.toml").write_text('ratings = {file = "scores.xlsx", decimal = ","}')
    with pytest.raises(InputError, match=r"ratings.decimal: expected no such key for scores.xlsx"):
        read_ratings(tmp_path)


def test_what_is_no_sheet_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "ratings.xlsx").write_text("userId,movieId\n")
    with pytest.raises(
        InputError, match=r"ratings.xlsx: expected a file of Excel, got: "
    ) as caught:
        read_ratings(tmp_path)
    assert "\n" not in str(caught.value)
    write_sheet(tmp_path / "ratings.xlsx", [])
    with pytest.raises(InputError, match=r"ratings.xlsx: expected rows of text, got an empty"):
        read_ratings(tmp_path)


def test_without_the_reader_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sheet(tmp_path / "ratings.xlsx", RATINGS)
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(InputError, match=r"pip install 'lacunar\[excel\]'"):
        read_ratings(tmp_path)
