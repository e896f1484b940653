from __future__ import annotations

import numpy as np

from lacunar.datasets.tastes.catalogue import Films


def test_preferences_sum_to_zero_over_groups() -> None:
    films = Films.invent(300, 4, seed=0)
    np.testing.assert_allclose(films.liked.sum(axis=0), 0, atol=1e-12)


def test_more_groups_than_themes_still_differ() -> None:
    films = Films.invent(300, 9, seed=0)
    distances = np.linalg.norm(films.liked[:, np.newaxis] - films.liked, axis=2)
    assert (distances[~np.eye(9, dtype=bool)] > 0).all()


def test_each_row_of_the_distribution_rises_by_one() -> None:
    films = Films.invent(300, 4, seed=0)
    rows = films.cdf.reshape(5, 300)
    assert (np.diff(rows, axis=1) >= 0).all()
    np.testing.assert_allclose(rows[:, -1], np.arange(1, 6))
