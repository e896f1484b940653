from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.rows.patterns import Group, group_rows

ENOUGH = 1 << 20
BoolArray = NDArray[np.bool_]
masks = arrays(np.bool_, st.tuples(st.integers(1, 15), st.integers(1, 4)))


def values_of(known: BoolArray) -> FloatArray:
    rng = np.random.default_rng(known.size)
    return np.where(known, rng.normal(size=known.shape), 0.0)


def drawn_mask() -> BoolArray:
    known = np.random.default_rng(0).random(size=(50, 4)) < 0.6
    known[:2], known[2:4] = False, True
    return known


def expectations(group: Group, completed: FloatArray, spreads: FloatArray) -> FloatArray:
    """What the scatter matrix takes, when the gaps of the rows are expected to be ``completed``."""
    n, q = len(group.rows), len(group.missing)
    expected = completed[group.rows, group.missing]
    a, b = np.triu_indices(q)
    spread = np.zeros((len(a), group.patterns.shape[1]))
    pattern = np.arange(n)[group.pattern] if isinstance(group.pattern, slice) else group.pattern
    for row in range(n):
        columns = group.missing[:, row]
        spread[:, pattern[row]] += spreads[group.rows[row]][columns[a], columns[b]]
    return np.concatenate([expected.ravel(), (expected[a] * expected[b]).ravel(), spread.ravel()])


def plain_sums(
    values: FloatArray, known: BoolArray, completed: FloatArray, spreads: FloatArray
) -> FloatArray:
    """What the gaps add to the first and the packed second moments, row by row."""
    d = values.shape[1]
    first, second = np.zeros(d), np.zeros((d, d))
    for row in range(len(values)):
        gap = ~known[row]
        filled = np.where(gap, completed[row], values[row])
        first += filled - values[row]
        second += np.outer(filled, filled) - np.outer(values[row], values[row])
        second += spreads[row] * np.outer(gap, gap)
    return np.concatenate([first, second[np.triu_indices(d)]])


@settings(deadline=None)
@given(masks, st.integers(1, 60))
def test_every_row_is_in_one_group(known: BoolArray, numbers: int) -> None:
    groups = group_rows(values_of(known), known, numbers)
    rows = np.concatenate([group.rows for group in groups])
    assert sorted(rows.tolist()) == list(range(len(known)))


@settings(deadline=None)
@given(masks, st.integers(1, 60))
def test_rows_of_a_group_have_equally_many_gaps(known: BoolArray, numbers: int) -> None:
    for group in group_rows(values_of(known), known, numbers):
        gaps = ~known[group.rows]
        assert set(gaps.sum(axis=1)) == {len(group.missing)}
        for row, columns in enumerate(group.missing.T):
            assert columns.tolist() == np.flatnonzero(gaps[row]).tolist()


@settings(deadline=None)
@given(masks, st.integers(1, 60))
def test_patterns_are_distinct_and_those_of_the_rows(known: BoolArray, numbers: int) -> None:
    for group in group_rows(values_of(known), known, numbers):
        patterns = {tuple(columns) for columns in group.patterns.T}
        assert len(patterns) == group.patterns.shape[1]
        assert np.array_equal(group.patterns[:, group.pattern], group.missing)
        members = group.rows_of_pattern.toarray()
        assert np.array_equal(members.sum(axis=0), np.ones(len(group.rows)))
        for pattern, row in zip(*np.nonzero(members), strict=True):
            assert np.array_equal(group.patterns[:, pattern], group.missing[:, row])


def test_features_are_values_masks_and_products_of_values() -> None:
    known = drawn_mask()
    values = values_of(known)
    for group in group_rows(values, known, ENOUGH):
        for n, row in enumerate(group.rows):
            a, m = values[row], known[row].astype(np.float64)
            triangle = np.triu_indices(len(a))
            assert np.array_equal(group.products[n], np.outer(a, a)[triangle])
            assert np.array_equal(group.linear[n], np.concatenate([a, m]))


@settings(deadline=None)
@given(masks, st.integers(1, 60))
def test_the_scatter_matrix_adds_expectations_as_a_plain_loop_does(
    known: BoolArray, numbers: int
) -> None:
    rng = np.random.default_rng(len(known))
    n, d = known.shape
    values, completed = values_of(known), rng.normal(size=(n, d))
    spreads = rng.normal(size=(n, d, d))
    spreads += np.swapaxes(spreads, 1, 2)
    ours = sum(
        group.scatter @ expectations(group, completed, spreads)
        for group in group_rows(values, known, numbers)
    )
    np.testing.assert_allclose(ours, plain_sums(values, known, completed, spreads), atol=1e-12)


def test_splitting_groups_changes_neither_order_nor_content() -> None:
    known = drawn_mask()
    values = values_of(known)
    whole, split = group_rows(values, known, ENOUGH), group_rows(values, known, 40)
    assert len(whole) == 5 < len(split)
    assert max(len(group.rows) for group in split) <= 5
    for q in range(5):
        (one,) = [group for group in whole if len(group.missing) == q]
        parts = [group for group in split if len(group.missing) == q]
        assert np.array_equal(np.concatenate([part.rows for part in parts]), one.rows)
        missing = np.concatenate([part.missing for part in parts], axis=1)
        assert np.array_equal(missing, one.missing)
        products = np.concatenate([part.products for part in parts])
        assert np.array_equal(products, one.products)
