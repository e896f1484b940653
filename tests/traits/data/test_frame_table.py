from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.traits.data.frame_table import frame_table
from lacunar.traits.data.labels import read_labels
from lacunar.traits.data.schema import Attribute, Schema

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
        read_labels(frame_table(frame, SCHEMA), SCHEMA)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table])
def test_columns_of_every_library_become_text(make: Any) -> None:
    table = frame_table(make(columns(note=["x", "y"])), SCHEMA)
    assert table.columns == {
        "file": ["a.png", "b.png"], "coat": ["open", ""], "hat_on": ["1", "-1"],
        "person": ["7", "8"],
    }  # fmt: skip
    assert table.where(1, "coat") == "row 1, column coat"


def test_a_relation_of_duckdb_is_a_frame() -> None:
    relation = duckdb.sql("SELECT 'a.png' AS file, 'open' AS coat, true AS hat_on, 3 AS person")
    assert frame_table(relation, SCHEMA).columns["hat_on"] == ["yes"]


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
        pl.Series([1.0, float("nan"), 0.0]),
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
    assert read_labels(frame_table(make(rows), SCHEMA), SCHEMA)[:, 0].tolist() == [1, -1, 0]


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
    assert read_labels(frame_table(frame, schema), schema)[:, 0].tolist() == labels


def test_truth_values_that_could_be_either_class_are_refused() -> None:
    assert sentence_of(pl.DataFrame(columns(coat=[None, False]))) == (
        "row 1, column coat: expected the name or number of one of the classes open, closed, none,"
        " got False, which does not say which one"
    )
    schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
    with pytest.raises(InputError, match=r"^row 0, column coat: .* got True, which"):
        frame_table(pa.table({"file": ["a"], "coat": [True]}), schema)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_images_may_be_paths(make: Any) -> None:
    frame = make(columns(file=[Path("x", "a.png"), Path("b.png")]))
    assert frame_table(frame, SCHEMA).columns["file"] == [str(Path("x", "a.png")), "b.png"]


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
            "row 0, column file: expected the path of an image file, as text or Path, got int",
        ),
        (
            pd.DataFrame(columns(file=["a.png", np.zeros((2, 2))])),
            "row 1, column file: expected the path of an image file, as text or Path, got ndarray",
        ),
    ],
)
def test_a_bad_frame_gets_one_sentence(frame: object, sentence: str) -> None:
    assert sentence_of(frame) == sentence
