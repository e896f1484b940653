from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lacunar.taste.features.imputation import fill_gaps

profiles = arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(2, 6)),
    elements=st.one_of(st.floats(0.5, 5), st.just(np.nan)),
)


@given(profiles)
def test_known_cells_never_change(x: np.ndarray) -> None:
    x[:, 0] = 3.0
    known = ~np.isnan(x)
    for strategy in ("row-mean", "zero", "keep"):
        assert np.array_equal(fill_gaps(x, strategy)[known], x[known])


@given(profiles)
def test_row_mean_leaves_the_mean_of_a_row_as_it_was(x: np.ndarray) -> None:
    x[:, 0] = 3.0
    np.testing.assert_allclose(fill_gaps(x, "row-mean").mean(axis=1), np.nanmean(x, axis=1))


def test_zero_and_keep_do_what_they_say() -> None:
    x = np.array([[1.0, np.nan]])
    assert fill_gaps(x, "zero").tolist() == [[1.0, 0.0]]
    assert np.isnan(fill_gaps(x, "keep")[0, 1])


def test_a_row_without_a_known_cell_has_no_mean() -> None:
    with pytest.raises(ValueError, match="row 1 has no known cell"):
        fill_gaps(np.array([[1.0, 2.0], [np.nan, np.nan]]), "row-mean")
