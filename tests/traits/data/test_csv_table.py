from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.traits.data.csv_table import read_table


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_other_columns_are_left_out_and_order_is_free(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "b,x,a\n1,no,2\n3,no,4\n"), ["a", "b"])
    assert table.columns == {"a": ["2", "4"], "b": ["1", "3"]}


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfa,b\n1,2\n",
        b"a,b\r\n1,2\r\n",
        b"a,b\r1,2\r",
        b"a,b\n1,2",
        b"\n\na,b\n\n1,2\n\n\n",
        b' a , b \n 1 ,"2"\n',
    ],
    ids=["byte order mark", "CRLF", "CR", "no last line end", "blank lines", "spaces"],
)
def test_line_ends_quotes_and_byte_order_marks_do_not_matter(
    tmp_path: Path, content: bytes
) -> None:
    assert read_table(write(tmp_path, content), ["a", "b"]).columns == {"a": ["1"], "b": ["2"]}


def test_lines_are_numbered_as_an_editor_does(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, 'a\nx\n\n"two\nlines"\ny\n'), ["a"])
    assert table.lines == [2, 4, 6]
    assert table.where(2, "a") == f"{tmp_path / 't.csv'}, line 6, column a"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", ": expected rows of text, got an empty file"),
        (" \n\n", ": expected rows of text, got an empty file"),
        ("a,b\n", ": expected at least one row of data, got none"),
        ("a,c\n1,2\n", ", line 1: expected the columns a, b; got a, c, which lacks b; so do that"),
        ("a,b,a\n1,2,3\n", ", line 1: expected each column once, got a twice"),
        ("a,b\n1,2\n3\n", ", line 3: expected 2 fields, got 1"),
        ("a,b\n1,2,3\n", ", line 2: expected 2 fields, got 3"),
        ('a,b\n1,2\n"3,4\n5,6\n', ", line 3: expected a well-formed row, got: "),
        ('a,b\n"1"1,2\n', ", line 2: expected a well-formed row, got: "),
        (b"a,b\n1,\xe9\n", ", line 2: expected UTF-8 text, got the byte 0xe9"),
        ("a,b\n1,2\n".encode("utf-16"), ", line 1: expected UTF-8 text, got the byte 0xff"),
        (b"a,b\n1,\x00\n", ": expected rows of text, got a binary file"),
    ],
)
def test_an_invalid_table_gets_one_sentence(
    tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_table(path, ["a", "b"], hint="; so do that")
    assert str(caught.value).startswith(f"{path}{sentence}")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a readable file, got: No such file"):
        read_table(tmp_path / "t.csv", ["a"])


@given(content=st.binary(max_size=60))
def test_any_bytes_are_a_table_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write(tmp_path_factory.getbasetemp(), b"a,b\n" + content)
    try:
        table = read_table(path, ["a", "b"])
    except InputError as error:
        sentence = str(error)
    else:
        sentence = str(path)
        assert len(table.columns["a"]) == len(table.columns["b"]) == len(table.lines) > 0
    assert sentence.startswith(str(path))
