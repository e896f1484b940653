from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.traits.data.csv_table import Table
from lacunar.traits.data.labels import label_of, merge_repeats, read_labels
from lacunar.traits.data.schema import Attribute, Schema

SIZE = Attribute("size", ("small", "large", "huge"))
WET = Attribute("wet", ("no", "yes"), "is_wet")
SCHEMA = Schema((SIZE, WET), image_column="file")


def table(size: list[str], wet: list[str]) -> Table:
    return Table(Path("t.csv"), {"size": size, "is_wet": wet}, list(range(2, 2 + len(size))))


def test_cells_contain_names_or_numbers_or_are_empty() -> None:
    labels = read_labels(table(["huge", "0", "", "2.0"], ["-1", "yes", "nan", "1"]), SCHEMA)
    assert labels.dtype == np.int64
    assert labels.tolist() == [[2, -1], [0, 1], [-1, -1], [2, 1]]


@given(st.lists(st.integers(-1, 2), min_size=1))
def test_names_numbers_and_decimals_are_equivalent(codes: list[int]) -> None:
    names = ["" if code < 0 else SIZE.classes[code] for code in codes]
    for cells in (names, [str(code) for code in codes], [f"{code:.1f}" for code in codes]):
        found = read_labels(table(cells, ["no"] * len(cells)), SCHEMA)
        assert found[:, 0].tolist() == codes


@pytest.mark.parametrize("cell", ["3", "-2", "0.5", "inf", "1e0", "?", "0_1", "\u0661", "9" * 5000])
def test_an_invalid_cell_gets_one_sentence(cell: str) -> None:
    with pytest.raises(InputError) as caught:
        read_labels(table(["small", cell], ["no", "no"]), SCHEMA)
    assert str(caught.value) == (
        "t.csv, line 3, column size: expected one of small, large, huge, or 0 to 2,"
        f" or -1 or nothing for unknown, got {cell!r}"
    )


@pytest.mark.parametrize(
    ("cell", "name"), [("Small", "small"), ("LARGE", "large"), ("hug", "huge")]
)
def test_a_name_in_another_case_gets_a_suggestion(cell: str, name: str) -> None:
    with pytest.raises(InputError, match=rf"got '{cell}'; did you mean '{name}'\?$"):
        read_labels(table([cell], ["no"]), SCHEMA)


def test_a_long_list_of_classes_is_cut() -> None:
    many = Attribute("many", tuple(f"c{i}" for i in range(100)))
    schema = Schema((many,), image_column="file")
    with pytest.raises(InputError, match=r"c11, \.\.\., or 0 to 99"):
        read_labels(Table(Path("t.csv"), {"many": ["x"]}, [2]), schema)


@given(st.text(max_size=8))
def test_any_text_is_a_label_or_invalid(cell: str) -> None:
    assert label_of(cell, SIZE) in {None, -1, 0, 1, 2}


COATS = Schema(
    (Attribute("coat", ("open", "closed")), Attribute("hat", ("off", "on"))),
    image_column="file",
    group_column="person",
)


def merged(*rows: tuple[str, str, str, str]) -> tuple[list[list[int]], list[int]]:
    file, coat, hat, person = (list(column) for column in zip(*rows, strict=True))
    columns = {"file": file, "coat": coat, "hat": hat, "person": person}
    table = Table(Path("t.csv"), columns, list(range(2, 2 + len(rows))))
    groups = np.unique(person, return_inverse=True)[1]
    labels, kept = merge_repeats(
        table, COATS, [Path(name) for name in file], read_labels(table, COATS), groups
    )
    return labels.tolist(), kept.tolist()


def test_equal_rows_are_merged_into_the_first() -> None:
    rows = merged(("a", "open", "on", "p"), ("b", "", "", "q"), ("a", "0", "1", "p"))
    assert rows == ([[0, 1], [-1, -1]], [0, 1])


def test_a_label_of_one_row_is_kept() -> None:
    assert merged(("a", "", "on", "p"), ("a", "open", "", "p")) == ([[0, 1]], [0])


def test_different_labels_are_refused_with_both_lines() -> None:
    with pytest.raises(InputError) as caught:
        merged(("a", "", "on", "p"), ("a", "open", "on", "p"), ("a", "closed", "", "p"))
    assert str(caught.value) == (
        "t.csv, line 4, column coat: expected 'open' as line 3 has for the same image, got 'closed'"
    )


def test_different_groups_are_refused() -> None:
    with pytest.raises(InputError, match="column person: expected 'p' as line 2 has"):
        merged(("a", "", "", "p"), ("a", "", "", "q"))
