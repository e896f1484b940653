from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.traits.labels import read_labels
from lacunar.traits.repeats import merge_repeats
from lacunar.traits.schema import Attribute, Schema
from lacunar.traits.table import Table

SCHEMA = Schema(
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
        table, SCHEMA, [Path(name) for name in file], read_labels(table, SCHEMA), groups
    )
    return labels.tolist(), kept.tolist()


def test_equal_rows_are_one_image_where_it_first_came() -> None:
    rows = merged(("a", "open", "on", "p"), ("b", "", "", "q"), ("a", "0", "1", "p"))
    assert rows == ([[0, 1], [-1, -1]], [0, 1])


def test_what_only_one_row_knows_is_known() -> None:
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
