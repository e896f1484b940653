from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.traits.targets import attribute_of, read_targets

COATS = ["open", None, "closed"]
NAN = float("nan")


@pytest.mark.parametrize(
    ("y", "column"),
    [
        ([2, -1, 0], [2, None, 0]),
        (np.array([2, -1, 0], np.int8), [2, None, 0]),
        (np.array([2, np.nan, 0]), [2, None, 0]),
        (["open", "", "closed"], COATS),
        (np.array(["open", "", "closed"]), COATS),
        (COATS, COATS),
        ([True, None, False], [True, None, False]),
        (pd.Series(COATS), COATS),
        (pd.Series(["open", pd.NA, "closed"], dtype="category"), COATS),
        (pd.Series([2, None, 0], dtype="Int64"), [2, None, 0]),
        (pl.Series(COATS), COATS),
        (pl.Series([2.0, NAN, 0.0]), [2, None, 0]),
    ],
)
def test_labels_of_one_attribute_of_every_type(y: Any, column: list[Any]) -> None:
    targets = read_targets(y)
    assert targets.is_flat
    assert targets.columns == (column,)
    assert [type(value) for value in targets.columns[0]] == [type(value) for value in column]
    classes = targets.classes()
    assert classes[0].tolist() == sorted({value for value in column if value is not None})
    assert targets.codes(classes)[:, 0].tolist() == [1, -1, 0]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table])
def test_the_columns_of_a_frame_are_attributes(make: Any) -> None:
    targets = read_targets(make({"coat": COATS, "hat": [1, 0, None]}))
    assert (targets.names, targets.is_flat) == (("coat", "hat"), False)
    assert targets.codes(targets.classes()).tolist() == [[1, 1], [-1, 0], [0, -1]]


def test_other_classes_are_neither_known_nor_unknown() -> None:
    classes = read_targets(["open", "closed"]).classes()
    assert read_targets(["torn", None, "open"]).codes(classes)[:, 0].tolist() == [-2, -1, 1]


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (None, "the classifier requires y to be passed, but the target y is None"),
        ([], "y: expected at least one label, got none"),
        (np.zeros((3, 0)), "y: expected at least one label, got none"),
        (
            np.zeros((2, 2, 2)),
            "y: expected labels of shape (n,) or (n, attributes), got (2, 2, 2)",
        ),
        (
            [0.5, 1.0],
            "y: expected labels of attribute 0 that are all text, whole numbers or truth values,"
            " got float, int",
        ),
        (
            [["open", 1], [1, 0]],
            "y: expected labels of attribute 0 that are all text, whole numbers or truth values,"
            " got int, str",
        ),
        (
            pd.DataFrame({"coat": ["open", None]}),
            "y: expected labels of at least 2 classes of coat, got 1",
        ),
        (np.array([np.nan, -1]), "y: expected labels of at least 2 classes of attribute 0, got 0"),
    ],
)
def test_other_labels_get_one_sentence(y: Any, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_targets(y).classes()
    assert str(caught.value) == sentence


def test_another_number_of_attributes_is_refused() -> None:
    classes = read_targets([["a", 1], ["b", 0]]).classes()
    with pytest.raises(InputError, match=r"^y: expected labels of 2 attributes, got 1"):
        read_targets(["a", "b"]).codes(classes)


def test_classes_have_names_that_are_no_other_numbers() -> None:
    assert attribute_of("x", np.array([False, True])).classes == ("False", "True")
    assert attribute_of("x", np.array([0, 2, 5])).classes == ("0", "class 2", "class 5")
    assert attribute_of("x", np.array(["1", "nan", "open"])).classes == (
        "class 1", "class nan", "open",
    )  # fmt: skip
