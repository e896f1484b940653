from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lacunar.taste.evaluate import bootstrap
from lacunar.taste.evaluate.bootstrap import mean_intervals, range_over_splits, user_means


def test_intervals_are_close_to_those_of_scipy() -> None:
    values = np.random.default_rng(0).exponential(size=(300, 2))
    for found, column in zip(mean_intervals(values), values.T, strict=True):
        peer = stats.bootstrap(
            (column,), np.mean, n_resamples=5000, method="percentile", rng=1
        ).confidence_interval
        # Both are drawn: an end of 2,000 resamples is sure to about a twentieth of the width.
        tolerance = 0.06 * (peer.high - peer.low)
        assert found.mean == pytest.approx(column.mean())
        assert found.low == pytest.approx(peer.low, abs=tolerance)
        assert found.high == pytest.approx(peer.high, abs=tolerance)


def test_intervals_have_about_their_nominal_coverage() -> None:
    rng = np.random.default_rng(1)
    found = [interval for _ in range(3) for interval in mean_intervals(rng.normal(size=(80, 200)))]
    held = np.mean([one.low <= 0 <= one.high for one in found])
    assert 0.9 < held < 0.98


def test_columns_share_the_resamples() -> None:
    values = np.random.default_rng(2).normal(size=(50, 1))
    same, moved, doubled = mean_intervals(np.hstack([values, values + 3, 2 * values]))
    assert moved.low == pytest.approx(same.low + 3)
    assert doubled.high == pytest.approx(2 * same.high)


def test_a_paired_difference_has_a_narrower_interval() -> None:
    rng = np.random.default_rng(3)
    users, gain = rng.normal(size=200), 0.1 + 0.01 * rng.normal(size=200)
    a, b, paired = mean_intervals(np.column_stack([users + gain, users, gain]))
    assert a.low < b.mean < a.high
    assert 0.09 < paired.low < paired.high < 0.11


def test_draws_do_not_depend_on_the_batch_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.random.default_rng(4).normal(size=(31, 2))
    whole = mean_intervals(values)
    monkeypatch.setattr(bootstrap, "_DRAWS", 100)
    for one, other in zip(mean_intervals(values), whole, strict=True):
        assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_missing_values_are_ignored() -> None:
    values = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan]])
    some, none = mean_intervals(values)
    assert (some.mean, some.low, some.high) == (2.0, 1.0, 3.0)
    assert np.isnan(none.mean)
    assert (none.low, none.high) == (None, None)


def test_a_user_counts_once_with_the_mean_over_splits() -> None:
    users = [np.array([2, 5]), np.array([5, 9]), np.array([5])]
    values = [np.array([[1.0, 4.0], [2.0, 5.0]]), np.array([[4.0, np.nan], [0.0, np.nan]])]
    who, means = user_means(users, [*values, np.array([[6.0, 7.0]])])
    assert who.tolist() == [2, 5, 9]
    np.testing.assert_array_equal(means, [[1, 4], [4, 6], [0, np.nan]])


def test_one_split_has_no_range() -> None:
    assert range_over_splits([0.1]).low is None
    found = range_over_splits([0.3, 0.1, 0.2])
    assert (found.mean, found.low, found.high) == (pytest.approx(0.2), 0.1, 0.3)
