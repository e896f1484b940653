from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from lacunar.taste.segments.user_map import draw_map, rows_are_equal


def test_the_same_seed_draws_the_same_map() -> None:
    x = np.random.default_rng(0).normal(size=(40, 5))
    assert draw_map(x, seed=1).coordinates.tobytes() == draw_map(x, seed=1).coordinates.tobytes()


def test_distant_groups_stay_separate() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(30, 5)), rng.normal(size=(30, 5)) + 50])
    points = draw_map(x, seed=0).coordinates
    within = np.linalg.norm(points[:30] - points[:30].mean(axis=0), axis=1).max()
    between = np.linalg.norm(points[:30].mean(axis=0) - points[30:].mean(axis=0))
    assert between > within


def test_too_many_users_are_sampled() -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    found = draw_map(x, max_users=25, seed=0)
    assert found.coordinates.shape == (25, 2)
    assert len(set(found.users.tolist())) == 25
    assert (np.diff(found.users) > 0).all()


def test_a_handful_of_users_needs_no_embedding() -> None:
    assert draw_map(np.ones((3, 2))).coordinates.tolist() == [[0, 0]] * 3


def test_equal_users_are_at_one_point() -> None:
    assert draw_map(np.ones((9, 2))).coordinates.tolist() == [[0, 0]] * 9


def test_one_column_is_enough_for_a_map() -> None:
    x = np.repeat([[0.0], [50.0]], 20, axis=0) + np.random.default_rng(0).normal(size=(40, 1))
    points = draw_map(x).coordinates
    assert np.isfinite(points).all()
    assert np.linalg.norm(points[:20].mean(axis=0) - points[20:].mean(axis=0)) > 1


def test_the_map_does_not_depend_on_the_number_of_threads() -> None:
    x = np.random.default_rng(0).normal(size=(80, 6))
    maps = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            maps.append(draw_map(x, seed=0).coordinates.tobytes())
    assert maps[0] == maps[1]


@pytest.mark.parametrize("shift", [0.0, 0.3, 1e6])
def test_users_who_differ_by_rounding_are_at_one_point(shift: float) -> None:
    noise = np.random.default_rng(0).integers(-2, 3, (40, 4)) * 1e-16
    assert draw_map(shift + noise * max(shift, 1)).is_one_point
    assert rows_are_equal(shift + noise * max(shift, 1))
    assert not rows_are_equal(shift + np.eye(2) * max(shift, 1) * 1e-6)


@pytest.mark.parametrize("factor", [1e-7, 1e200])
def test_very_small_and_very_large_values_have_a_map(factor: float) -> None:
    x = np.concatenate([np.random.default_rng(0).normal(size=(30, 2)) + k for k in (0, 50)])
    drawn = draw_map(x * factor)
    assert np.isfinite(drawn.coordinates).all()
    assert not drawn.is_one_point


def test_a_map_of_two_kinds_of_users_is_finite() -> None:
    drawn = draw_map(np.repeat([[0.2, 0.8], [0.7, 0.3]], [39, 1], axis=0))
    assert np.isfinite(drawn.coordinates).all()
