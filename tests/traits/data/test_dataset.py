from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import csv as pa_csv

from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import Intake, LabelledImages, read_dataset, read_layout
from lacunar.traits.data.fingerprint import check_attributes, fingerprint
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.data.images import read_image
from lacunar.traits.data.schema import PEOPLE, Attribute, Schema
from lacunar.traits.plan import plan_splits

HEADER = "filename,gender,tortyp,torcol,legtyp,legcol,luggage"


def write_people(folder: Path, name: str, *rows: str) -> None:
    (folder / "Originals").mkdir(parents=True)
    for row in rows:
        Image.new("RGB", (20, 40)).save(folder / "Originals" / row.split(",")[0])
    (folder / name).write_text("\n".join([HEADER, *rows]) + "\n")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    write_people(tmp_path / "Train_Data", "Train.csv", "a.png,0,1,10,0,-1,1", "b.png,1,0,2,1,3,0")
    write_people(tmp_path / "Test_Data", "Test.csv", "c.png,-1,1,0,0,0,0")
    return tmp_path


def sentence_of(path: Path, schema: Schema | None) -> str:
    with pytest.raises(InputError) as caught:
        read_dataset(path, schema)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_source_layout_has_two_halves(people: Path) -> None:
    train, test = read_layout(people)
    assert test is not None
    assert (train.names, test.names) == (("a.png", "b.png"), ("c.png",))
    assert train.labels.dtype == np.int64
    assert train.labels.tolist() == [[0, 1, 10, 0, -1, 1], [1, 0, 2, 1, 3, 0]]
    assert train.paths[0] == (people / "Train_Data" / "Originals" / "a.png").resolve()
    assert (train.schema, train.groups) == (PEOPLE, None)
    assert train.where(1).endswith("Train.csv, line 3, column filename, b.png")


def test_body_part_maps_of_earlier_versions_are_ignored(people: Path, tmp_path: Path) -> None:
    before = read_dataset(people)
    maps = people / "Train_Data" / "Binary_Maps"
    maps.mkdir()
    (maps / "a_hair.png").symlink_to(tmp_path.parent)
    again = read_dataset(people)
    assert again.names == before.names
    assert np.array_equal(again.labels, before.labels)


def test_the_test_half_may_be_missing(people: Path) -> None:
    (people / "Test_Data").rename(people / "elsewhere")
    assert read_layout(people)[1] is None
    (people / "Test_Data").mkdir()
    with pytest.raises(InputError, match=r"Test\.csv: expected a readable file"):
        read_layout(people)


def test_the_source_layout_may_hold_other_attributes(people: Path) -> None:
    (people / "schema.toml").write_text(
        'image_column = "filename"\nimages = "Originals"\n'
        '[[attributes]]\nname = "bag"\ncolumn = "luggage"\nclasses = ["no", "yes"]\n'
    )
    train, test = read_layout(people)
    assert test is not None
    assert (train.labels.tolist(), test.labels.tolist()) == ([[1], [0]], [[0]])


def test_a_csv_file_is_described_by_the_schema_beside_it(
    tmp_path: Path, write_coats: Callable[..., Path]
) -> None:
    path = write_coats("b.png,closed,", "a.png,,1")
    (tmp_path / "schema.toml").write_text(
        'image_column = "file"\nimages = "photos"\n'
        '[[attributes]]\nname = "coat"\nclasses = ["open", "closed"]\n'
        '[[attributes]]\nname = "hat"\ncolumn = "hat_on"\nclasses = ["off", "on"]\n'
    )
    for where in (path, tmp_path):
        dataset, test = read_layout(where)
        assert test is None
        assert dataset.names == ("b.png", "a.png")
        assert dataset.labels.tolist() == [[1, -1], [-1, 1]]
        assert dataset.intake == Intake(rows=2, repeated=0, unknown={"coat": 1, "hat": 1})


def test_a_named_schema_goes_before_the_one_beside(
    tmp_path: Path, write_coats: Callable[..., Path], coats: Schema
) -> None:
    path = write_coats("a.png,open,on")
    (tmp_path / "schema.toml").write_text("not even TOML")
    assert read_dataset(path, coats).schema is coats


def test_rows_of_one_image_are_merged_and_counted(
    write_coats: Callable[..., Path], coats: Schema
) -> None:
    path = write_coats("b.png,0,1", "a.png,2,", "./a.png,,on", "a.png,none,1")
    dataset = read_dataset(path, coats)
    assert dataset.names == ("b.png", "a.png")
    assert dataset.labels.tolist() == [[0, 1], [2, 1]]
    assert dataset.lines.tolist() == [2, 3]
    assert dataset.intake == Intake(rows=4, repeated=2, unknown={"coat": 0, "hat": 0})


def test_rows_of_one_image_that_disagree_are_refused(
    write_coats: Callable[..., Path], coats: Schema
) -> None:
    path = write_coats("a.png,open,1", "b.png,open,1", "a.png,none,1")
    assert sentence_of(path, coats) == (
        f"{path}, line 4, column coat: expected 'open' as line 2 has for the same image, got 'none'"
    )


def test_groups_are_numbered(tmp_path: Path, write_coats: Callable[..., Path]) -> None:
    path = write_coats(
        "a.png,open,x", "b.png,closed,w", "c.png,,x", images=("a.png", "b.png", "c.png")
    )
    schema = Schema.from_dict({
        "attributes": [{"name": "coat", "classes": ["open", "closed"]}],
        "image_column": "file", "group_column": "hat_on", "images": "photos",
    })  # fmt: skip
    groups = read_dataset(path, schema).groups
    assert groups is not None
    assert groups.tolist() == [1, 0, 1]
    path = write_coats("a.png,open,x", "b.png,closed,")
    assert sentence_of(path, schema) == (
        f"{path}, line 3, column hat_on: expected the group of the image, got an empty cell"
    )


def test_names_may_have_spaces_accents_and_folders(
    write_coats: Callable[..., Path], coats: Schema
) -> None:
    names = ("été 1.png", "rue/du midi.png", "a,b.png", "c..d.png")
    path = write_coats(*(f'"{name}",0,1' for name in names), images=names)
    dataset = read_dataset(path, coats)
    assert dataset.names == names
    assert all(file.is_file() for file in dataset.paths)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("c.png,0,1", "column file: expected an image file, got none at {folder}/photos/c.png"),
        (",0,1", "column file: expected the name of an image file, got an empty cell"),
        ("../x.png,0,1", "column file: expected a path inside {root}/photos, got '../x.png'"),
        ("{root}/photos/a.png,0,1", "column file: expected a path inside {root}/photos, got '/"),
        ("x/../b.png,0,1", "column file: expected a path inside {root}/photos, got 'x/../b.png'"),
        (".,0,1", "column file: expected an image file, got none at {folder}/photos"),
        ("n" * 300 + ",0,1", "column file: expected an image file, got none at"),
        ("loop.png,0,1", "column file: expected an image file, got none at"),
        ("link.png,0,1", "column file: expected 'link.png' inside {root}, got a link to "),
        ("b.png,3,1", "column coat: expected one of open, closed, none, or 0 to 2, or -1 or"),
        ("b.png,0,yes", "column hat_on: expected one of off, on, or 0 to 1, or -1 or nothing"),
        ("b.png,0", "expected 3 fields, got 2"),
    ],
)
def test_a_bad_row_gets_one_sentence_with_its_line(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    write_coats: Callable[..., Path],
    coats: Schema,
    row: str,
    sentence: str,
) -> None:
    root = tmp_path.resolve()
    path = write_coats("a.png,0,1", row.format(root=root))
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.png"
    Image.new("RGB", (20, 40)).save(secret)
    (tmp_path / "photos" / "link.png").symlink_to(secret)
    (tmp_path / "photos" / "loop.png").symlink_to("loop.png")
    found = sentence_of(path, coats)
    between = ", " if sentence.startswith("column") else ": "
    expected = sentence.format(root=root, folder=tmp_path)
    assert found.startswith(f"{path}, line 3{between}{expected}")


def test_all_missing_images_are_named_in_one_error(
    write_coats: Callable[..., Path], coats: Schema
) -> None:
    path = write_coats(*(f"{n}.png,0,1" for n in range(14)), images=("3.png",))
    found = sentence_of(path, coats)
    assert found.startswith(
        f"expected an image file for every row, got 13 errors: {path}, line 2, column file: "
    )
    assert "/3.png" not in found
    assert found.endswith("/photos/10.png; and 3 more")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_in_another_unicode_form_is_told_apart(
    write_coats: Callable[..., Path], coats: Schema, form: Literal["NFC", "NFD"]
) -> None:
    other = "NFD" if form == "NFC" else "NFC"
    listed, there = (unicodedata.normalize(kind, "\u00e9t\u00e9.png") for kind in (form, other))
    path = write_coats(f"{listed},0,1", images=(there,))
    if (path.parent / "photos" / listed).exists():
        pytest.skip("the file system does not tell the forms apart")
    alike = " (a file there has a name that looks the same in another Unicode form)"
    assert sentence_of(path, coats).endswith(f"{listed}{alike}")
    assert alike not in sentence_of(write_coats("\u00e9.png,0,1", images=(there,)), coats)


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
def test_a_pipe_is_no_image_file(
    tmp_path: Path, write_coats: Callable[..., Path], coats: Schema
) -> None:
    path = write_coats("a.png,0,1", "pipe.png,0,1")
    os.mkfifo(tmp_path / "photos" / "pipe.png")
    assert "line 3, column file: expected an image file, got none" in sentence_of(path, coats)


def test_training_needs_a_known_label_in_every_column(
    write_coats: Callable[..., Path], coats: Schema
) -> None:
    path = write_coats("a.png,0,", "b.png,1,-1")
    assert sentence_of(path, coats) == (
        f"{path}, column hat_on: expected at least one known label to learn from,"
        " got none for 2 images"
    )
    assert read_dataset(path, coats, part="test").intake.unknown == {"coat": 0, "hat": 2}


def test_a_missing_column_without_a_schema_says_how_to_name_others(
    write_coats: Callable[..., Path], coats: Schema
) -> None:
    path = write_coats("a.png,0,1")
    found = sentence_of(path, None)
    assert found.startswith(f"{path}, line 1: expected the columns filename, gender,")
    assert found.endswith("; name other columns in a schema.toml next to it")


def test_a_directory_must_hold_one_csv_file(tmp_path: Path, coats: Schema) -> None:
    expected = f"{tmp_path}: expected {Path('Train_Data', 'Train.csv')} or one CSV file, got "
    assert sentence_of(tmp_path, coats) == f"{expected}none"
    (tmp_path / "x.csv").touch()
    (tmp_path / "y.csv").touch()
    assert sentence_of(tmp_path, coats) == f"{expected}x.csv, y.csv"
    assert sentence_of(tmp_path / "no", coats) == (
        f"{tmp_path / 'no'}: expected a directory with images or a CSV file, got neither"
    )


def test_data_without_a_schema_are_read_by_the_default_one(
    write_coats: Callable[..., Path], coats: Schema
) -> None:
    path = write_coats("a.png,0,1")
    assert read_dataset(path, default=coats).schema == coats


IMAGES = ("a.png", "b.png", "c.png")
READERS: dict[str, Callable[[Path], Any]] = {
    "pandas": pd.read_csv,
    "polars": pl.read_csv,
    "pyarrow": pa_csv.read_csv,
}


@pytest.mark.parametrize("library", READERS)
def test_a_frame_is_read_as_the_same_table_in_a_file(
    tmp_path: Path, write_coats: Callable[..., Path], coats: Schema, library: str
) -> None:
    path = write_coats(
        "b.png,closed,", "a.png,0,on", "./a.png,open,", "c.png,-1,off", images=IMAGES
    )
    expected = read_dataset(path, coats)
    found = LabelledImages.from_frame(READERS[library](path), coats, root=tmp_path)
    assert (found.names, found.paths) == (expected.names, expected.paths)
    assert found.labels.tolist() == expected.labels.tolist() == [[1, -1], [0, 1], [-1, 0]]
    assert (found.intake, found.groups) == (expected.intake, None)
    digests = [
        fingerprint(dataset, load_images(dataset, height=8, width=8, cache_dir=tmp_path / "cache"))
        for dataset in (found, expected)
    ]
    assert digests[0] == digests[1]


@pytest.mark.parametrize("library", READERS)
def test_groups_of_a_frame_are_those_of_the_file(
    tmp_path: Path, write_coats: Callable[..., Path], library: str
) -> None:
    path = write_coats("a.png,open,10", "b.png,closed,9", "c.png,,10", images=IMAGES)
    coat = Attribute("coat", ("open", "closed"))
    schema = Schema((coat,), image_column="file", group_column="hat_on", images="photos")
    expected = read_dataset(path, schema).groups
    found = LabelledImages.from_frame(READERS[library](path), schema, root=tmp_path).groups
    assert expected is not None
    assert found is not None
    assert found.tolist() == expected.tolist() == [0, 1, 0]
    frame = pd.DataFrame({"file": ["a.png", "b.png"], "coat": [0, 1], "hat_on": ["x", None]})
    with pytest.raises(InputError, match=r"^row 1, column hat_on: expected the group of the image"):
        LabelledImages.from_frame(frame, schema, root=tmp_path)


@pytest.mark.parametrize(
    "make", [pd.DataFrame, lambda rows: pl.DataFrame(rows, schema_overrides={"file": pl.Object})]
)
@pytest.mark.parametrize(
    "of_file",
    [
        Image.open,
        read_image,
        Path.read_bytes,
        lambda path: np.asarray(Image.open(path).convert("RGB")),
    ],
)
def test_images_in_memory_are_read_as_their_files(
    tmp_path: Path,
    write_coats: Callable[..., Path],
    coats: Schema,
    make: Any,
    of_file: Callable[[Path], Any],
) -> None:
    path = write_coats("b.png,closed,", "a.png,open,on", "c.png,-1,off", images=IMAGES)
    expected = read_dataset(path, coats)
    rows = {
        "file": [of_file(file) for file in expected.paths],
        "coat": ["closed", "open", None],
        "hat_on": [None, 1, 0],
    }
    found = LabelledImages.from_frame(make(rows), coats)
    assert found.labels.tolist() == expected.labels.tolist()
    assert (found.names, found.intake) == (("row 0", "row 1", "row 2"), expected.intake)
    arrays = [
        load_images(dataset, height=16, width=12, cache_dir=tmp_path / "cache")
        for dataset in (found, expected)
    ]
    assert np.array_equal(arrays[0].pixels, arrays[1].pixels)


def test_one_object_in_two_rows_is_one_image(coats: Schema) -> None:
    photo, other = Image.new("RGB", (20, 20)), Image.new("RGB", (20, 20))
    rows = {"file": [photo, other, photo], "coat": ["open", None, None], "hat_on": [None, 1, 0]}
    images = LabelledImages.from_frame(pd.DataFrame(rows), coats)
    assert images.labels.tolist() == [[0, 0], [-1, 1]]
    assert images.intake.repeated == 1
    with pytest.raises(InputError, match=r"^row 2, column coat: expected '0' as row 0 has"):
        LabelledImages.from_frame(pd.DataFrame(rows | {"coat": [0, 1, 1]}), coats)


def test_a_bad_image_in_memory_is_named_by_its_row(tmp_path: Path, coats: Schema) -> None:
    photos = [np.zeros((20, 20, 3), np.uint8), np.zeros((5, 20), np.uint8)]
    images = LabelledImages.from_frame(
        pd.DataFrame({"file": photos, "coat": [0, 1], "hat_on": [0, 1]}), coats
    )
    with pytest.raises(InputError, match=r"^row 1, column file: expected an image of at least 8"):
        load_images(images, height=8, width=8, cache_dir=tmp_path / "cache")
    with pytest.raises(InputError, match=r"^row 0, column file: expected an image file, got one"):
        _ = images.paths


def test_pixels_of_another_order_are_other_images(tmp_path: Path, coats: Schema) -> None:
    """The cache must tell a changed array, and arrays of other shapes with the same bytes."""
    photo = np.arange(10 * 20, dtype=np.uint8)
    keys = []
    for shape in ((10, 20), (20, 10), (10, 20)):
        frame = pd.DataFrame({"file": [photo.reshape(shape)], "coat": [0], "hat_on": [0]})
        images = LabelledImages.from_frame(frame, coats)
        keys.append(load_images(images, height=8, width=8, cache_dir=tmp_path / "cache").key)
        if len(keys) == 2:
            photo[0] = 9
    assert len(set(keys)) == 3


def test_paths_of_a_frame_are_absolute_or_relative_to_a_folder(
    tmp_path: Path, write_coats: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_coats()
    files = [(tmp_path / "photos" / name).resolve() for name in ("a.png", "b.png")]
    schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
    monkeypatch.chdir(tmp_path / "photos")
    for root, first in [
        (None, "a.png"), (None, "../photos/a.png"), (tmp_path, "photos/a.png"), ("..", files[0]),
    ]:  # fmt: skip
        frame = pd.DataFrame({"file": [first, files[1]], "coat": [1, 0]})
        images = LabelledImages.from_frame(frame, schema, root=root)
        assert images.paths == tuple(files)
        assert images.names == (str(first), str(files[1]))


def test_a_bad_frame_gets_one_sentence_with_its_row(
    tmp_path: Path, write_coats: Callable[..., Path], coats: Schema
) -> None:
    write_coats()

    def sentence(files: list[str | None], coat: list[str], hat: list[str]) -> str:
        frame = pd.DataFrame({"file": files, "coat": coat, "hat_on": hat})
        with pytest.raises(InputError) as caught:
            LabelledImages.from_frame(frame, coats, root=tmp_path)
        return str(caught.value)

    for missing in ("c.png", "photos", "a\0.png"):
        at = (tmp_path / "photos" / missing).as_posix().replace("\0", "\\x00")
        assert sentence(["a.png", missing], ["open", "open"], ["on", "on"]) == (
            f"row 1, column file: expected an image file, got none at {at}"
        )
    assert sentence(["a.png", None], ["open", "open"], ["on", "on"]) == (
        "row 1, column file: expected the name of an image file, got an empty cell"
    )
    assert sentence(["a.png", "b.png"], ["open", "torn"], ["on", "on"]).startswith(
        "row 1, column coat: expected one of open, closed, none, or 0 to 2, or -1 or nothing"
    )
    assert sentence(["a.png", "b.png", "./a.png"], ["open", "open", "none"], ["", "", ""]) == (
        "row 2, column coat: expected 'open' as row 0 has for the same image, got 'none'"
    )


def test_images_of_a_frame_are_named_in_later_errors(
    tmp_path: Path, write_coats: Callable[..., Path], coats: Schema
) -> None:
    write_coats()
    frame = pa.table({"file": ["b.png", "a.png"], "coat": ["open", None], "hat_on": [-1, -1]})
    images = LabelledImages.from_frame(frame, coats, root=tmp_path)
    assert (images.source, images.origin) == (None, "frame")
    assert images.take(np.array([1])).where(0) == "row 1, column file, a.png"
    (tmp_path / "photos" / "a.png").write_text("hello")
    with pytest.raises(InputError, match=r"^row 1, column file, a\.png: expected a JPEG"):
        load_images(images, height=8, width=8, cache_dir=tmp_path / "cache")
    with pytest.raises(InputError, match=r"^frame: expected the attributes and classes"):
        check_attributes(PEOPLE, images)


def test_a_frame_without_a_known_label_is_read_and_not_fitted(
    tmp_path: Path, write_coats: Callable[..., Path], coats: Schema
) -> None:
    write_coats()
    frame = pa.table({"file": ["b.png", "a.png"], "coat": ["open", None], "hat_on": [-1, -1]})
    images = LabelledImages.from_frame(frame, coats, root=tmp_path)
    assert images.intake.unknown == {"coat": 1, "hat": 2}
    config = TraitsConfig(folds=0, validation=1)
    with pytest.raises(InputError, match=r"^frame: expected labels of (coat|hat) among the 1"):
        plan_splits(images, config)


# Labels -1, 0, 1, ... of each column, counted from the files by another reader.
TRAIN_COUNTS = {
    "gender": [0, 290, 230],
    "torso_type": [4, 197, 319],
    "torso_colour": [68, 145, 33, 19, 13, 51, 10, 10, 14, 14, 130, 13],
    "leg_type": [28, 331, 161],
    "leg_colour": [14, 197, 69, 16, 6, 154, 0, 3, 0, 2, 58, 1],
    "luggage": [66, 133, 321],
}
TEST_COUNTS = {
    "gender": [0, 94, 102],
    "torso_type": [1, 73, 122],
    "torso_colour": [33, 48, 15, 3, 4, 18, 1, 3, 2, 9, 53, 7],
    "leg_type": [9, 126, 61],
    "leg_colour": [10, 76, 27, 7, 0, 52, 0, 3, 0, 2, 18, 1],
    "luggage": [28, 47, 121],
}


@pytest.mark.realdata
def test_the_real_data_has_520_and_196_images_of_known_labels(real_people: Path) -> None:
    train, test = read_layout(real_people)
    assert test is not None
    for dataset, n, counts in ((train, 520, TRAIN_COUNTS), (test, 196, TEST_COUNTS)):
        assert (len(dataset), dataset.intake.rows, dataset.intake.repeated) == (n, n, 0)
        found = {
            attribute.name: np.bincount(column + 1, minlength=len(attribute.classes) + 1).tolist()
            for attribute, column in zip(PEOPLE.attributes, dataset.labels.T, strict=True)
        }
        assert found == counts
        assert dataset.intake.unknown == {name: count[0] for name, count in counts.items()}
