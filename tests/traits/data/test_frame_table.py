from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

from lacunar.errors import InputError
from lacunar.traits.data.frame_table import frame_table
from lacunar.traits.data.labels import read_labels
from lacunar.traits.data.schema import Attribute, Schema

PIXELS = np.arange(12 * 9 * 3, dtype=np.uint8).reshape(12, 9, 3)
SCHEMA = Schema(
    (Attribute("coat", ("open", "closed", "none")), Attribute("hat", ("no", "yes"), "hat_on")),
    image_column="file",
    group_column="person",
)


def columns(**changed: list[Any]) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {
        "file": ["a.png", "b.png"], "coat": ["open", None], "hat_on": [1, -1], "person": [7, 8],
    }  # fmt: skip
    return rows | changed


def sentence_of(frame: object) -> str:
    with pytest.raises(InputError) as caught:
        read_labels(frame_table(frame, SCHEMA)[0], SCHEMA)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table])
def test_columns_of_every_library_become_text(make: Any) -> None:
    table, pictures = frame_table(make(columns(note=["x", "y"])), SCHEMA)
    assert pictures is None
    assert table.columns == {
        "file": ["a.png", "b.png"], "coat": ["open", ""], "hat_on": ["1", "-1"],
        "person": ["7", "8"],
    }  # fmt: skip
    assert table.where(1, "coat") == "row 1, column coat"


def test_a_relation_of_duckdb_is_a_frame() -> None:
    relation = duckdb.sql("SELECT 'a.png' AS file, 'open' AS coat, true AS hat_on, 3 AS person")
    assert frame_table(relation, SCHEMA)[0].columns["hat_on"] == ["yes"]


@pytest.mark.parametrize(
    "coat",
    [
        pd.Series(["closed", None, "open"]),
        pd.Series(["closed", pd.NA, "open"], dtype="string"),
        pd.Categorical(["closed", None, "open"]),
        pd.Series([1, None, 0], dtype="Int64"),
        pd.Series([1.0, np.nan, 0.0]),
        pd.Series(["closed", np.nan, 0], dtype=object),
        pd.Series(["closed", -1, np.int8(0)], dtype=object),
        pd.Series([" closed ", " ", "0"]),
        pd.Series([np.float32(1), "nan", np.float16(0)], dtype=object),
        pd.Categorical([1, None, 0]),
        pd.Series([1, None, 0], dtype="int64[pyarrow]"),
        pl.Series([1.0, float("nan"), 0.0]),
        pl.Series(["closed", None, "open"], dtype=pl.Enum(["open", "closed"])),
        pl.Series(["closed", None, "open"], dtype=pl.Categorical),
        pa.array(["closed", None, "open"]).dictionary_encode(),
    ],
)
def test_names_numbers_and_missing_labels_of_every_type(coat: Any) -> None:
    rows = {"file": ["a", "b", "c"], "coat": coat, "hat_on": [0, 0, 0], "person": [1, 2, 3]}
    make: Any = (
        pl.DataFrame
        if isinstance(coat, pl.Series)
        else pa.table
        if isinstance(coat, pa.Array)
        else pd.DataFrame
    )
    assert read_labels(frame_table(make(rows), SCHEMA)[0], SCHEMA)[:, 0].tolist() == [1, -1, 0]


@pytest.mark.parametrize(
    ("classes", "labels"),
    [
        (("no", "yes"), [1, 0, -1]),
        (("Yes", "No"), [0, 1, -1]),
        (("off", "on"), [1, 0, -1]),
        (("0", "1"), [1, 0, -1]),
        (("False", "True"), [1, 0, -1]),
    ],
)
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_truth_values_name_one_of_two_classes(
    make: Any, classes: tuple[str, str], labels: list[int]
) -> None:
    schema = Schema((Attribute("hat", classes),), image_column="file")
    frame = make({"file": ["a", "b", "c"], "hat": [True, False, None]})
    assert read_labels(frame_table(frame, schema)[0], schema)[:, 0].tolist() == labels


def test_truth_values_that_could_be_either_class_are_refused() -> None:
    assert sentence_of(pl.DataFrame(columns(coat=[None, False]))) == (
        "row 1, column coat: expected the name or number of one of the classes open, closed, none,"
        " got False, which does not say which one"
    )
    schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
    with pytest.raises(InputError, match=r"^row 0, column coat: .* got True, which"):
        frame_table(pa.table({"file": ["a"], "coat": [True]}), schema)


@pytest.mark.parametrize(
    "hat",
    [
        pd.Series([True, None], dtype="boolean"),
        pd.Series([True, None], dtype="bool[pyarrow]"),
        pd.Series([np.True_, np.nan], dtype=object),
        pd.Categorical([True, None]),
    ],
)
def test_truth_values_of_pandas_may_be_missing(hat: Any) -> None:
    table, _ = frame_table(pd.DataFrame(columns(hat_on=hat)), SCHEMA)
    assert table.columns["hat_on"] == ["yes", ""]


@pytest.mark.parametrize(
    "make",
    [
        lambda images: pd.DataFrame(columns(file=images)),
        lambda images: pl.DataFrame(columns(file=pl.Series(images, dtype=pl.Object))),
        lambda images: pl.DataFrame(columns(file=[image.tolist() for image in images])),
        lambda images: pa.table(columns(file=[image.tolist() for image in images])),
    ],
)
@pytest.mark.parametrize("second", [PIXELS[:8], PIXELS[:, :8]])
def test_images_may_be_arrays(make: Any, second: np.ndarray) -> None:
    table, pictures = frame_table(make([PIXELS, second]), SCHEMA)
    assert table.columns["file"] == ["row 0", "row 1"]
    for found, expected in zip(pictures or [], [PIXELS, second], strict=True):
        assert isinstance(found, np.ndarray)
        assert found.dtype == np.uint8
        assert np.array_equal(found, expected)


def test_polars_arrays_of_one_shape_are_images() -> None:
    frame = pl.DataFrame(columns(file=pl.Series(np.stack([PIXELS, PIXELS + 1]))))
    _, pictures = frame_table(frame, SCHEMA)
    assert np.array_equal(np.stack(pictures or []), np.stack([PIXELS, PIXELS + 1]))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_images_may_be_paths(make: Any) -> None:
    frame = make(columns(file=[Path("x", "a.png"), Path("b.png")]))
    assert frame_table(frame, SCHEMA)[0].columns["file"] == [str(Path("x", "a.png")), "b.png"]


def test_rows_are_counted_from_0_whatever_the_index() -> None:
    frame = pd.DataFrame(columns(coat=["open", "torn"]), index=["left", "right"])
    assert sentence_of(frame).startswith("row 1, column coat: expected one of open, closed, none")


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        ("coats.csv", "frame: expected a frame of pandas, Polars or PyArrow, got str"),
        (pd.Series([1]), "frame: expected a frame of pandas, Polars or PyArrow, got Series"),
        (pa.table(columns()).slice(0, 0), "frame: expected at least one row, got none"),
        (
            pa.table(columns()).drop_columns(["coat", "person"]),
            "frame: expected the columns file, coat, hat_on, person; got file, hat_on, which lacks"
            " coat, person",
        ),
        (
            pd.DataFrame([["a", 0, 1, 0, 2]], columns=["file", "coat", "hat_on", "coat", "person"]),
            "frame: expected columns of different names, got several of one name",
        ),
        (
            pl.DataFrame(columns(file=[1, 2])),
            "row 0, column file: expected the path of an image file, as text or Path, or a Pillow"
            " image or array, got int",
        ),
        (
            pd.DataFrame(columns(file=["a.png", np.zeros((2, 2))])),
            "row 1, column file: expected a path as in the rows before, got an array",
        ),
        (
            pl.DataFrame(columns(file=[Image.new("RGB", (9, 9)), "a.png"])),
            "row 1, column file: expected a Pillow image as in the rows before, got a path",
        ),
        (
            pd.DataFrame(columns(file=[Image.new("RGB", (9, 9)), None])),
            "row 1, column file: expected an image, got an empty cell",
        ),
        (
            pl.DataFrame(columns(file=[Image.new("RGB", (9, 9)), Image.new("F", (9, 9))])),
            "row 1, column file: expected an image of 8 or 16 bits, got one of floating point",
        ),
        (
            pd.DataFrame(columns(file=[PIXELS, PIXELS / 255])),
            "row 1, column file: expected a uint8 array of shape (height, width, 3) or"
            " (height, width), got float64 of shape (12, 9, 3)",
        ),
        (
            pd.DataFrame(columns(file=[PIXELS[..., :2], PIXELS])),
            "row 0, column file: expected a uint8 array of shape (height, width, 3) or"
            " (height, width), got uint8 of shape (12, 9, 2)",
        ),
        (
            pa.table(columns(file=[[[0, 1], [2, 3]], [[0, 1], [256, 3]]])),
            "row 1, column file: expected a uint8 array of shape (height, width, 3) or"
            " (height, width), got int64 of shape (2, 2)",
        ),
        (
            pa.table(columns(file=[[[0, 1], [2, 3]], [[0, 1], [2]]])),
            "row 1, column file: expected rows of equal length, got several lengths",
        ),
    ],
)
def test_a_bad_frame_gets_one_sentence(frame: object, sentence: str) -> None:
    assert sentence_of(frame) == sentence
