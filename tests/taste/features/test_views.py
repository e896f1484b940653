from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.features.genre_profiles import GenreProfiles, genre_profiles
from lacunar.taste.features.release_periods import PeriodCounts, period_counts
from lacunar.taste.features.views import (
    VIEW_NAMES,
    build_view,
    effective_view,
    fitted_periods,
    parse_view,
)

COUNTS = np.array([[4, 0, 12], [1, 1, 2]])
MEANS = np.array([[4.0, np.nan, 3.0], [5.0, 1.0, 2.0]])
PROFILES = GenreProfiles(("A", "B", "C"), MEANS, COUNTS, rating_variance=0.8)
PERIODS = PeriodCounts(("1990-1994", "1995-1999"), np.array([[3, 1], [0, 0]]))


def test_means_keep_gaps_and_their_noise_falls_with_the_number_of_ratings() -> None:
    view = build_view("means", PROFILES, PERIODS)
    np.testing.assert_array_equal(view.values, MEANS)
    known = ~np.isnan(MEANS)
    np.testing.assert_allclose(view.noise[known], (0.8 / np.maximum(COUNTS, 1))[known])


def test_relative_means_forget_generosity() -> None:
    view = build_view("relative", PROFILES, PERIODS)
    generous = GenreProfiles(PROFILES.genres, MEANS + 0.5, COUNTS, 0.8)
    np.testing.assert_allclose(build_view("relative", generous, PERIODS).values, view.values)
    weighted = np.nansum(view.values * COUNTS, axis=1)
    np.testing.assert_allclose(weighted, 0, atol=1e-12)
    assert np.isnan(view.values[0, 1])


def test_shares_have_no_gaps_and_squares_that_sum_to_one() -> None:
    view = build_view("shares", PROFILES, PERIODS)
    np.testing.assert_allclose((view.values**2).sum(axis=1), 1)
    assert view.values[0, 1] == 0


def test_the_noise_of_shares_is_that_of_a_multinomial_draw() -> None:
    rng = np.random.default_rng(0)
    shares, n = np.array([0.5, 0.3, 0.2]), 400
    draws = rng.multinomial(n, shares, size=20_000)
    profiles = GenreProfiles(("A", "B", "C"), draws.astype(float), draws, 0.8)
    for name in ("shares", "log-shares"):
        view = build_view(name, profiles, PERIODS)
        np.testing.assert_allclose(view.noise.mean(axis=0), view.values.var(axis=0), rtol=0.05)


def test_a_user_without_a_rating_of_the_genres_has_gaps_in_every_view_of_them() -> None:
    counts = np.array([[4, 0, 12], [0, 0, 0]])
    profiles = GenreProfiles(PROFILES.genres, np.where(counts > 0, 3.0, np.nan), counts, 0.8)
    for name in ("means", "relative", "shares", "log-shares"):
        view = build_view(name, profiles, PERIODS)
        assert np.isnan(view.values[1]).all(), name
    assert not np.isnan(build_view("log-shares", profiles, PERIODS).values[0]).any()


def test_a_user_whose_films_have_no_year_has_gaps_in_periods() -> None:
    view = build_view("periods", PROFILES, PERIODS)
    assert np.isnan(view.values[1]).all()
    np.testing.assert_allclose(view.values[0] ** 2, [0.75, 0.25])


def test_parts_stand_side_by_side_in_a_fixed_order() -> None:
    view = build_view("periods+shares", PROFILES, PERIODS)
    assert view.columns == ("A", "B", "C", "1990-1994", "1995-1999")
    assert view.values.shape == view.noise.shape == (2, 5)


def test_every_part_can_be_built() -> None:
    for part in VIEW_NAMES:
        view = build_view(part, PROFILES, PERIODS)
        known = ~np.isnan(view.values)
        assert np.isfinite(view.noise[known]).all()
        assert (view.noise[known] >= 0).all()


@pytest.mark.parametrize("name", ["", "genre", "means+", "means+means", "means,shares"])
def test_a_view_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="expected a view of means"):
        parse_view(name)


def test_periods_need_years() -> None:
    with pytest.raises(InputError, match="pass another `view`, such as shares"):
        build_view("periods", PROFILES, PeriodCounts((), np.zeros((2, 0), dtype=np.int64)))


@pytest.mark.parametrize(("n_ratings", "kept"), [(8, True), (9, False)])
def test_the_default_view_needs_years_of_half_of_the_ratings(n_ratings: int, kept: bool) -> None:
    found = fitted_periods("shares+periods", PERIODS, n_ratings)
    assert (found is PERIODS) == kept
    if not kept:
        assert (found.periods, found.counts.shape) == ((), (2, 0))
    view = "shares+periods" if kept else "shares"
    assert effective_view("shares+periods", found.periods) == view


@pytest.mark.parametrize("view", ["periods", "means+periods", "shares"])
def test_other_views_are_as_they_are_named(view: str) -> None:
    assert fitted_periods(view, PERIODS, 1_000) is PERIODS
    assert effective_view(view, ()) == view


def test_a_single_rating_is_not_taken_as_certain(write_csv: Callable[..., Path]) -> None:
    ratings = read_ratings(write_csv("1,1,4.0,1", "2,1,4.0,1", "2,2,3.0,1", "2,3,3.0,1"))
    view = build_view("shares+periods", genre_profiles(ratings), period_counts(ratings))
    assert (view.noise[~np.isnan(view.values)] > 0).all()
    assert view.noise[0].max() > 0.05
