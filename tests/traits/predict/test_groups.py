from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.traits.predict.groups import read_groups


@given(st.lists(st.integers(0, 4), max_size=20), st.integers(0, 9))
def test_means_are_those_of_a_loop(names: list[int], seed: int) -> None:
    probabilities = np.random.default_rng(seed).dirichlet([1, 1, 1], len(names))
    groups = read_groups(names, len(names))
    found = groups.means([probabilities])[0]
    ids = list(dict.fromkeys(names))
    assert groups.ids.to_pylist() == ids
    assert groups.sizes.tolist() == [names.count(name) for name in ids]
    for name, mean in zip(ids, found, strict=True):
        own = [row for row, other in zip(probabilities, names, strict=True) if other == name]
        np.testing.assert_allclose(mean, sum(own) / len(own))


@pytest.mark.parametrize(
    "column",
    [
        ["b", "a", "b"],
        iter("bab"),
        np.array(["b", "a", "b"]),
        pd.Series(["b", "a", "b"]),
        pd.Series(["b", "a", "b"], dtype="category"),
        pl.Series(["b", "a", "b"]),
        pa.array(["b", "a", "b"]),
        pa.chunked_array([["b"], ["a", "b"]]),
    ],
)
def test_columns_of_every_library_are_groups(column: Any) -> None:
    groups = read_groups(column, 3)
    assert (groups.ids.to_pylist(), groups.codes.tolist()) == (["b", "a"], [0, 1, 0])


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        (["a"], "groups: expected one group for each of 3 images, got 1"),
        ("abc", "groups: expected one group for each of 3 images, got text"),
        (["a", None, "b"], "groups: expected a group, got none for image 1"),
        (pd.Series([1.0, 2.0, np.nan]), "groups: expected a group, got none for image 2"),
        (pd.Series(["a", pd.NA, "b"]), "groups: expected a group, got none for image 1"),
    ],
)
def test_other_groups_get_one_sentence(groups: Any, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_groups(groups, 3)
    assert str(caught.value) == sentence


def test_ids_of_several_types_are_refused() -> None:
    with pytest.raises(InputError, match=r"^groups: expected ids of one type, got: "):
        read_groups(["a", 1, "b"], 3)
