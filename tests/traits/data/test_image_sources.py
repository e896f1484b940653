from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lacunar.errors import InputError
from lacunar.traits.data.image_inputs import listed_images
from lacunar.traits.data.image_sources import (
    STANDARD_INPUT,
    find_images,
    list_images,
    other_files,
)
from lacunar.traits.data.schema import Schema


def test_files_come_as_named_and_folders_by_name(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "c.txt", "inner/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_images([tmp_path / "c.txt", str(tmp_path)])
    assert [path.name for path in found] == ["c.txt", "a.JPG", "b.png"]
    assert find_images(str(tmp_path)) == find_images(tmp_path) == found[1:]


def test_inputs_without_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected files ending in .bmp, .jpeg"):
        find_images([tmp_path])
    with pytest.raises(InputError, match="expected an image file or a folder of them"):
        find_images([tmp_path / "no.png"])


def test_inputs_keep_their_order(
    write_coats: Callable[..., Path], coats: Schema, tmp_path: Path
) -> None:
    table = write_coats("b.png,,", "a.png,,", "b.png,,")
    photos = tmp_path / "photos"
    found = list_images(
        [photos / "b.png", table, STANDARD_INPUT, photos],
        coats,
        standard_input=io.BytesIO(b"x.png\n"),
    )
    own = [str(photos / name) for name in ("a.png", "b.png")]
    assert [image.name for image in found] == [
        own[1], "b.png", "a.png", "b.png", "x.png", *own,
    ]  # fmt: skip


def test_rows_of_a_csv_file_lie_in_its_folder_of_images(
    write_coats: Callable[..., Path], coats: Schema, tmp_path: Path
) -> None:
    table = write_coats("a.png,,", "gone.png,,")
    first, gone = list_images([table], coats)
    assert first.path == (tmp_path / "photos" / "a.png").resolve()
    assert first.where == f"{table}, line 2, column file, a.png"
    assert gone.path == tmp_path.resolve() / "photos" / "gone.png"


def test_without_that_folder_they_lie_beside_the_csv_file(coats: Schema, tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "list.CSV").write_text("file\na.png\n")
    (found,) = list_images([tmp_path / "list.CSV"], coats)
    assert found.path == (tmp_path / "a.png").resolve()


def test_a_schema_beside_the_csv_file_says_where_images_are(coats: Schema, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").touch()
    (tmp_path / "list.csv").write_text("photo,other\na.png,b.png\n")
    (tmp_path / "schema.toml").write_text(
        'image_column = "photo"\nimages = "pictures"\n'
        '[[attributes]]\nname = "coat"\nclasses = ["open", "closed"]\n'
    )
    (found,) = list_images([tmp_path / "list.csv"], coats)
    assert found.path == (tmp_path / "pictures" / "a.png").resolve()
    (named,) = list_images([tmp_path / "list.csv"], coats, column="other")
    assert named.name == "b.png"


BAD_ROWS = {
    "outside": ("../a.png,,", "line 2, column file: expected a path inside"),
    "absolute": ("/a.png,,", "line 2, column file: expected a path inside"),
    "blank": (" ,open,", "line 2, column file: expected the name of an image file, got an empty"),
    "ragged": ("a.png", "line 2: expected 3 fields, got 1"),
}


@pytest.mark.parametrize(("row", "message"), BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_bad_row_is_named_with_its_line(
    write_coats: Callable[..., Path], coats: Schema, row: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        list_images([write_coats(row)], coats)


def test_a_link_out_of_the_folder_is_refused(
    write_coats: Callable[..., Path], coats: Schema, tmp_path: Path
) -> None:
    table = write_coats("link.png,,")
    (tmp_path / "photos" / "link.png").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match=r"line 2, column file: expected 'link.png' inside"):
        list_images([table], coats)


def test_a_missing_column_says_how_to_name_another(
    write_coats: Callable[..., Path], coats: Schema
) -> None:
    with pytest.raises(InputError, match=r"which lacks photo; name another with `column`"):
        list_images([write_coats("a.png,,")], coats, column="photo")


def test_standard_input_ends_paths_in_lines_or_nul_bytes(coats: Schema) -> None:
    lines = list_images([STANDARD_INPUT], coats, standard_input=io.BytesIO(b"a b.png\r\n\nc.png"))
    assert [(image.name, image.where.split(",")[1]) for image in lines] == [
        ("a b.png", " line 1"),
        ("c.png", " line 3"),
    ]
    ended = list_images(
        [STANDARD_INPUT], coats, standard_input=io.BytesIO(b"a\nb.png\0c.png\0"), null=True
    )
    assert [str(image.path) for image in ended] == ["a\nb.png", "c.png"]


def test_a_name_that_is_not_utf8_is_escaped_only_in_output(
    coats: Schema,
) -> None:
    (found,) = list_images([STANDARD_INPUT], coats, standard_input=io.BytesIO(b"a\xff.png\n"))
    assert os.fsencode(found.path) == b"a\xff.png"
    assert found.name == r"a\xff.png"


def test_odd_uses_of_standard_input_and_column_are_refused(coats: Schema, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected paths of images, one per line, got none"):
        list_images([STANDARD_INPUT], coats, standard_input=io.BytesIO(b"\n\n"))
    with pytest.raises(InputError, match="line 1: expected the path of an image, got NUL"):
        list_images([STANDARD_INPUT], coats, standard_input=io.BytesIO(b"a\0b\0"))
    with pytest.raises(InputError, match="null: expected - among the inputs"):
        list_images([tmp_path], coats, null=True)
    with pytest.raises(InputError, match="column: expected a CSV file among the inputs"):
        list_images([tmp_path], coats, column="file")


def test_a_folder_gives_its_images_and_describes_its_other_files(tmp_path: Path) -> None:
    for name in ("a.png", "._a.png", "b.tif", "c.TIF", "d.gif", "e.heic", "f.avif", "g", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "dir.png").mkdir()
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert [file.name for file in find_images([tmp_path])] == ["a.png", "gone.jpg"]
    others = "6 others (1 .avif, 1 .gif, 1 .heic, 2 .tif, 1 without a suffix)"
    assert other_files(tmp_path) == others
    with pytest.warns(UserWarning, match=re.escape(f"{tmp_path}: left out {others}")):
        listed_images(tmp_path)
    for name in ("a.png", "gone.jpg"):
        (tmp_path / name).unlink()
    with pytest.raises(InputError, match=re.escape(f", got {others}")):
        find_images(tmp_path)
    with pytest.raises(InputError, match=r"\.webp, got none$"):
        find_images(tmp_path / "dir.png")
