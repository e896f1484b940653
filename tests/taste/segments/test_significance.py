from __future__ import annotations

import numpy as np
import pytest

from lacunar.taste.segments.significance import (
    difference_by_chance,
    excess_by_chance,
    excess_of_members,
)

RNG = np.random.default_rng(4)
VALUES = RNG.normal(size=(40, 3))
MEMBER = np.stack([np.arange(40) < 15, np.arange(40) >= 15, np.zeros(40)]).astype(np.float64)


def test_the_excess_is_the_members_mean_minus_the_mean_of_all() -> None:
    found = excess_of_members(VALUES, MEMBER)
    assert found[0] == pytest.approx(VALUES[:15].mean(axis=0) - VALUES.mean(axis=0), abs=1e-8)
    assert not found[2].any()  # nobody


def test_the_error_is_zero_for_all_users_and_grows_with_fewer_members() -> None:
    everybody, few = np.ones((1, 40)), (np.arange(40) < 4)[np.newaxis] * 1.0
    assert not excess_by_chance(VALUES, everybody).any()
    assert (excess_by_chance(VALUES, few) > excess_by_chance(VALUES, MEMBER[:1])).all()


def test_the_error_of_a_difference_is_three_standard_errors_of_welch() -> None:
    a, b = VALUES[:15], VALUES[15:]
    expected = 3 * np.sqrt(a.var(axis=0, ddof=1) / 15 + b.var(axis=0, ddof=1) / 25)
    assert difference_by_chance(VALUES, MEMBER[0], MEMBER[1]) == pytest.approx(expected, abs=1e-8)


def test_random_groups_rarely_differ_significantly() -> None:
    values = RNG.normal(size=(200, 400))
    half = (np.arange(200) < 100) * 1.0
    apart = np.abs(values[:100].mean(axis=0) - values[100:].mean(axis=0))
    assert (apart > difference_by_chance(values, half, 1 - half)).mean() < 0.02
