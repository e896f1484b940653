from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.traits.labels import label_of, read_labels
from lacunar.traits.schema import Attribute, Schema
from lacunar.traits.table import Table

SIZE = Attribute("size", ("small", "large", "huge"))
WET = Attribute("wet", ("no", "yes"), "is_wet")
SCHEMA = Schema((SIZE, WET), image_column="file")


def table(size: list[str], wet: list[str]) -> Table:
    return Table(Path("t.csv"), {"size": size, "is_wet": wet}, list(range(2, 2 + len(size))))


def test_cells_hold_names_numbers_or_nothing() -> None:
    labels = read_labels(table(["huge", "0", "", "2.0"], ["-1", "yes", "nan", "1"]), SCHEMA)
    assert labels.dtype == np.int64
    assert labels.tolist() == [[2, -1], [0, 1], [-1, -1], [2, 1]]


@given(st.lists(st.integers(-1, 2), min_size=1))
def test_names_numbers_and_decimals_say_the_same(codes: list[int]) -> None:
    names = ["" if code < 0 else SIZE.classes[code] for code in codes]
    for cells in (names, [str(code) for code in codes], [f"{code:.1f}" for code in codes]):
        found = read_labels(table(cells, ["no"] * len(cells)), SCHEMA)
        assert found[:, 0].tolist() == codes


@pytest.mark.parametrize("cell", ["3", "-2", "0.5", "inf", "Small", "small,large", "1e9", "?"])
def test_a_cell_that_is_no_class_gets_one_sentence(cell: str) -> None:
    with pytest.raises(InputError) as caught:
        read_labels(table(["small", cell], ["no", "no"]), SCHEMA)
    assert str(caught.value) == (
        "t.csv, line 3, column size: expected one of small, large, huge, or 0 to 2,"
        f" or -1 or nothing for unknown, got {cell!r}"
    )


def test_a_long_list_of_classes_is_cut() -> None:
    many = Attribute("many", tuple(f"c{i}" for i in range(100)))
    schema = Schema((many,), image_column="file")
    with pytest.raises(InputError, match=r"c11, \.\.\., or 0 to 99"):
        read_labels(Table(Path("t.csv"), {"many": ["x"]}, [2]), schema)


@given(st.text(max_size=8))
def test_any_text_is_a_label_or_nothing(cell: str) -> None:
    assert label_of(cell, SIZE) in {None, -1, 0, 1, 2}
