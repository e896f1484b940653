from __future__ import annotations

from pathlib import Path

import pytest

from lacunar.errors import InputError
from lacunar.taste.data.layouts import find_source

LAYOUTS = [
    ("ratings.csv", "movies.csv"),
    ("ratings.parquet", "movies.parquet"),
    ("ratings.dat", "movies.dat"),
    ("u.data", "u.item"),
]


@pytest.mark.parametrize(("ratings", "items"), LAYOUTS)
def test_each_layout_is_found_by_its_file_names(tmp_path: Path, ratings: str, items: str) -> None:
    (tmp_path / ratings).touch()
    (tmp_path / items).touch()
    source = find_source(tmp_path)
    assert (source.ratings.name, source.items.name) == (ratings, items)


def test_a_file_in_place_of_its_directory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.touch()
    with pytest.raises(InputError, match="expected a directory with ratings, got a file; pass its"):
        find_source(path)
